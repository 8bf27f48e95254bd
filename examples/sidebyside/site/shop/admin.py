"""The products in Django's admin site."""

from django.contrib import admin

from .models import Product

admin.site.site_header = "Two Kettles"


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    list_display = ["name", "note", "price"]
