from django.conf import settings
from django.urls import include, path

from shop import views

urlpatterns = [
    path("who/", views.who),
    path("set/", views.set_values),
    path("login/", views.log_in),
    path("logout/", views.log_out),
    path("cycle/", views.cycle),
    path("token/", views.token),
    path("otp/", views.otp),
    path("api/", views.api),
    path("api/open/", views.open_api),
    *(path(route, include(module)) for route, module in settings.PACKAGE_URLS),
]
