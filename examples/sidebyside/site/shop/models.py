"""The products of the shop."""

from django.db import models


class Product(models.Model):
    """A tea. The Go service reads this table too."""

    sku = models.SlugField(primary_key=True)
    name = models.CharField(max_length=40)
    note = models.CharField(max_length=120)
    price = models.PositiveIntegerField(help_text="in cents")
    hue = models.PositiveSmallIntegerField(help_text="of its tin: 0 to 359")

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    @property
    def money(self):
        return f"€{self.price // 100}.{self.price % 100:02}"
