"""Creates the tables and users that a new site needs."""

import os

from django.contrib.auth import get_user_model
from django.core.management import BaseCommand, call_command

PEOPLE = [
    {"username": "ada", "first_name": "Ada", "email": "ada@example.com"},
    {"username": "admin", "first_name": "Grace", "email": "grace@example.com", "is_staff": True, "is_superuser": True},
]


class Command(BaseCommand):
    help = "Makes the tables, and the users that are missing, with the password in SHOP_PASSWORD."

    def handle(self, *args, **options):
        call_command("migrate", verbosity=0)
        users = get_user_model().objects
        for person in PEOPLE:
            if not users.filter(username=person["username"]).exists():
                users.create_user(password=os.environ["SHOP_PASSWORD"], **person)
