"""Pages that change numbers in the session, and show it."""
import os
import time

from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import JsonResponse
from django.urls import path


def show(request):
    """What the session contains, and which process and engine have answered."""
    return JsonResponse({
        "user": str(request.user.pk or ""),
        "numbers": {k: v for k, v in request.session.items() if not k.startswith("_")},
        "engine": type(request.session).__module__,
        "process": os.getpid(),
    })


def add(request):
    """Add one to a number. "wait" is how many seconds that takes."""
    name = request.POST["name"]
    number = request.session.get(name, 0)
    time.sleep(float(request.POST.get("wait", 0)))
    request.session[name] = number + 1
    return show(request)


def drop(request):
    request.session.pop(request.POST["name"], None)
    return show(request)


def cycle(request):
    request.session.cycle_key()
    return show(request)


def log_in(request):
    user, _ = User.objects.get_or_create(username=request.POST["user"])
    login(request, user)
    return show(request)


def log_out(request):
    request.session.flush()
    return JsonResponse({"engine": type(request.session).__module__})


urlpatterns = [
    path("show/", show), path("add/", add), path("drop/", drop), path("cycle/", cycle), path("login/", log_in), path("logout/", log_out),
]
