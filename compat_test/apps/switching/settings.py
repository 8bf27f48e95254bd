"""Settings of a project whose session engine changes while it runs: each process reads it when it starts."""
import json

from shop.settings import *  # noqa: F403
from shop.settings import BASE_DIR, MIDDLEWARE

site = json.loads((BASE_DIR / "switching.json").read_text())
DATABASES = {"default": site.pop("database")}
if DATABASES["default"]["ENGINE"].endswith("mysql"):
    # A driver without anything to compile. Django wants the version of another one.
    import pymysql

    pymysql.version_info = (2, 2, 7, "final", 0)
    pymysql.install_as_MySQLdb()
globals().update(site)
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "switching.urls"
MIDDLEWARE = [name for name in MIDDLEWARE if "csrf" not in name]
