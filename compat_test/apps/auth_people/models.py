"""User models of three kinds, of which AUTH_USER_MODEL names one."""

import uuid

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AbstractUser, BaseUserManager, PermissionsMixin
from django.db import models


class Base(AbstractBaseUser):
    objects = BaseUserManager()

    class Meta:
        abstract = True


if settings.AUTH_USER_MODEL == "auth_people.Account":

    class Account(Base, PermissionsMixin):
        """A UUID for a key, and columns with names of their own."""

        id = models.UUIDField(primary_key=True, default=uuid.uuid4)
        email = models.EmailField(unique=True, db_column="E mail")
        is_active = models.BooleanField(default=True, db_column="order")
        is_staff = models.BooleanField(default=False)
        USERNAME_FIELD = "email"


if settings.AUTH_USER_MODEL == "auth_people.Person":

    class Person(Base, PermissionsMixin):
        """A large number for a key, in a table with a name of its own; no staff."""

        number = models.BigAutoField(primary_key=True)
        username = models.CharField(max_length=50, unique=True)
        is_active = models.BooleanField(default=True)
        USERNAME_FIELD = "username"

        class Meta:
            db_table = "Persons"


if settings.AUTH_USER_MODEL == "auth_people.Member":

    class Member(Base):
        """Text for a key, and nothing that is not needed."""

        code = models.CharField(primary_key=True, max_length=40)
        last_login = None
        USERNAME_FIELD = "code"


if settings.AUTH_USER_MODEL == "auth_people.Employee":

    class Employee(AbstractUser):
        """A field of every type, and another field for the email address."""

        email = None
        mail = models.EmailField(blank=True, null=True, db_column="E mail")
        EMAIL_FIELD = "mail"
        score = models.BigIntegerField(null=True)
        small = models.SmallIntegerField(null=True)
        positive = models.PositiveIntegerField(null=True)
        member = models.BooleanField(null=True)
        phone = models.CharField(max_length=20, null=True)
        page = models.URLField(null=True)
        notes = models.TextField(null=True)
        slug = models.SlugField(null=True)
        photo = models.FileField(null=True)
        born = models.DateField(null=True)
        wakes = models.TimeField(null=True)
        seen = models.DateTimeField(null=True)
        salary = models.DecimalField(max_digits=12, decimal_places=2, null=True)
        token = models.UUIDField(null=True)
        rate = models.FloatField(null=True)
        key = models.BinaryField(null=True)
        vacation = models.DurationField(null=True)
        ip = models.GenericIPAddressField(null=True)
        chief = models.ForeignKey("self", models.PROTECT, null=True)
        if hasattr(models, "JSONField"):
            prefs = models.JSONField(null=True)
