"""Pages that log users in, and change and show their sessions."""
import os

from django.contrib.auth import authenticate, login
from django.http import HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt


def show(request):
    """What the session contains, and which process has answered."""
    return JsonResponse({
        "user": request.user.get_username(), "tea": request.session.get("cart", {}).get("tea", 0), "process": os.getpid(),
    })


@csrf_exempt
def add(request):
    cart = request.session.get("cart", {})
    cart["tea"] = cart.get("tea", 0) + 1
    request.session["cart"] = cart
    return show(request)


@csrf_exempt
def log_in(request):
    """A new login, in a new session."""
    user = authenticate(request, username=request.POST["username"], password="biscuits")
    if user is None:
        return HttpResponse(status=403)
    request.session.flush()
    login(request, user)
    if "seconds" in request.POST:
        request.session.set_expiry(int(request.POST["seconds"]))
    return show(request)


urlpatterns = [path("show/", show), path("add/", add), path("login/", log_in)]
