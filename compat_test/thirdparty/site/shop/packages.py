"""What each package wants in the settings, as its documentation says. A function changes the module of settings."""

import os

SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


def plain(s):
    pass


def allauth(s):
    s["INSTALLED_APPS"] += ["allauth", "allauth.account"]
    s["MIDDLEWARE"] += ["allauth.account.middleware.AccountMiddleware"]
    s["AUTHENTICATION_BACKENDS"] = [MODEL_BACKEND, "allauth.account.auth_backends.AuthenticationBackend"]
    s["ACCOUNT_EMAIL_VERIFICATION"] = "none"
    s["PACKAGE_URLS"] = [("accounts/", "allauth.account.urls")]


def hijack(s):
    s["INSTALLED_APPS"] += ["hijack"]
    s["MIDDLEWARE"] += ["hijack.middleware.HijackUserMiddleware"]
    s["PACKAGE_URLS"] = [("hijack/", "hijack.urls")]


def impersonate(s):
    s["INSTALLED_APPS"] += ["impersonate"]
    s["MIDDLEWARE"] += ["impersonate.middleware.ImpersonateMiddleware"]
    s["PACKAGE_URLS"] = [("impersonate/", "impersonate.urls")]


def user_sessions(s):
    s["INSTALLED_APPS"].remove("django.contrib.sessions")
    s["INSTALLED_APPS"] += ["user_sessions"]
    s["MIDDLEWARE"][s["MIDDLEWARE"].index(SESSIONS)] = "user_sessions.middleware.SessionMiddleware"
    s["SESSION_ENGINE"] = "user_sessions.backends.db"


def qsessions_db(s):
    s["INSTALLED_APPS"].remove("django.contrib.sessions")
    s["INSTALLED_APPS"] += ["qsessions"]
    s["MIDDLEWARE"][s["MIDDLEWARE"].index(SESSIONS)] = "qsessions.middleware.SessionMiddleware"
    s["SESSION_ENGINE"] = "qsessions.backends.db"


def qsessions_cached_db(s):
    qsessions_db(s)
    s["SESSION_ENGINE"] = "qsessions.backends.cached_db"
    if os.environ.get("SHOP_REDIS"):
        s["CACHES"] = {
            "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": os.environ["SHOP_REDIS"]}
        }


def redis_sessions(s):
    s["SESSION_ENGINE"] = "redis_sessions.session"
    s["SESSION_REDIS"] = {"url": os.environ.get("SHOP_REDIS"), "prefix": "shop"}


def cached_subclass(s):
    s["SESSION_ENGINE"] = "shop.cached_sessions"


def db_subclass(s):
    s["SESSION_ENGINE"] = "shop.own_sessions"


def axes(s):
    s["INSTALLED_APPS"] += ["axes"]
    s["MIDDLEWARE"] += ["axes.middleware.AxesMiddleware"]
    s["AUTHENTICATION_BACKENDS"] = ["axes.backends.AxesStandaloneBackend", MODEL_BACKEND]


def otp(s):
    s["INSTALLED_APPS"] += ["django_otp", "django_otp.plugins.otp_static"]
    s["MIDDLEWARE"] += ["django_otp.middleware.OTPMiddleware"]


def social(s):
    s["INSTALLED_APPS"] += ["social_django"]
    s["MIDDLEWARE"] += ["social_django.middleware.SocialAuthExceptionMiddleware"]
    s["AUTHENTICATION_BACKENDS"] = ["social_core.backends.username.UsernameAuth", MODEL_BACKEND]
    s["PACKAGE_URLS"] = [("social/", "social_django.urls")]


def drf(s):
    s["INSTALLED_APPS"] += ["rest_framework"]


def guardian(s):
    s["INSTALLED_APPS"] += ["guardian"]
    s["AUTHENTICATION_BACKENDS"] = [MODEL_BACKEND, "guardian.backends.ObjectPermissionBackend"]


def wagtail(s):
    s["INSTALLED_APPS"] += [
        "wagtail.contrib.redirects",
        "wagtail.sites",
        "wagtail.users",
        "wagtail.documents",
        "wagtail.images",
        "wagtail.search",
        "wagtail.admin",
        "wagtail",
        "modelcluster",
        "taggit",
    ]
    s["MIDDLEWARE"] += ["wagtail.contrib.redirects.middleware.RedirectMiddleware"]
    s["WAGTAIL_SITE_NAME"] = "shop"
    s["WAGTAILADMIN_BASE_URL"] = "http://127.0.0.1"
    s["PACKAGE_URLS"] = [("cms/", "wagtail.admin.urls")]
