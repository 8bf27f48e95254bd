"""The URLs that Django serves. The Go service has taken over /cart/, /account/ and /go/."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.templatetags.static import static
from django.urls import path
from django.views.generic import RedirectView

from . import views

urlpatterns = [
    path("", views.shop, name="shop"),
    path("add/<slug:sku>/", views.add, name="add"),
    path("login/", auth.LoginView.as_view(template_name="shop/login.html"), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("password/", views.PasswordChange.as_view(), name="password"),
    path("admin/", admin.site.urls),
    path("favicon.ico", RedirectView.as_view(url=static("shop/kettle.svg"))),
]
