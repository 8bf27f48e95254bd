"""The pages that Django still serves, except those of django.contrib.auth."""

from django.contrib.auth.views import PasswordChangeView
from django.contrib.messages.views import SuccessMessageMixin
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from . import cart
from .models import Product


@require_safe
def shop(request):
    return render(request, "shop/shop.html", {"products": Product.objects.all()})


@require_POST
def add(request, sku):
    cart.add(request.session, get_object_or_404(Product, pk=sku).sku)
    return redirect("shop")


class PasswordChange(SuccessMessageMixin, PasswordChangeView):
    """The page that follows, and shows the message, is one of Go."""

    template_name = "shop/password.html"
    success_url = "/account/"
    success_message = "Your password was changed."
