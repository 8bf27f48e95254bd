"""The table of products, and the first ones."""

from django.db import migrations, models

TEAS = [
    ("assam", "Assam", "Strong and malty, for the first cup of the day.", 780, 18),
    ("darjeeling", "Darjeeling", "Light, with a scent of muscat grapes.", 1240, 44),
    ("earl-grey", "Earl Grey", "Black tea with oil of bergamot.", 850, 228),
    ("jasmine", "Jasmine", "Green tea, scented with blossoms overnight.", 1120, 316),
    ("mint", "Mint", "Fresh from the garden. No caffeine.", 560, 162),
    ("oolong", "Oolong", "Half way between green and black.", 1490, 96),
    ("rooibos", "Rooibos", "Red, sweet and mild. No caffeine either.", 640, 4),
    ("sencha", "Sencha", "Steamed green tea, grassy and bright.", 1090, 132),
]


def add_teas(apps, schema_editor):
    product = apps.get_model("shop", "Product")
    for sku, name, note, price, hue in TEAS:
        product.objects.create(sku=sku, name=name, note=note, price=price, hue=hue)


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Product",
            fields=[
                ("sku", models.SlugField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=40)),
                ("note", models.CharField(max_length=120)),
                ("price", models.PositiveIntegerField(help_text="in cents")),
                ("hue", models.PositiveSmallIntegerField(help_text="of its tin: 0 to 359")),
            ],
            options={"ordering": ["name"]},
        ),
        migrations.RunPython(add_teas, migrations.RunPython.noop),
    ]
