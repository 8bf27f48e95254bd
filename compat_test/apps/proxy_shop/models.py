from django.contrib import admin
from django.db import models


class Note(models.Model):
    id = models.AutoField(primary_key=True)
    title = models.CharField(max_length=40)
    file = models.FileField(blank=True)


admin.site.register(Note)
