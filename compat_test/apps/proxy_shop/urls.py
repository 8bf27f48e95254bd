import hashlib

from django.contrib import admin, messages
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.http import HttpResponse
from django.middleware.csrf import get_token, rotate_token
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.csrf import csrf_exempt


def page(request):
    """A page with a token and the messages."""
    texts = [str(message) for message in messages.get_messages(request)]
    return HttpResponse("token=%s %s" % (get_token(request), texts))


def bare(request):
    return HttpResponse("nothing of the session")


def log_in(request):
    user = authenticate(request, username=request.POST.get("username"), password=request.POST.get("password"))
    if user is None:
        messages.error(request, "no")
        return redirect("/page/")
    login(request, user)
    return redirect("/cart/")


def log_out(request):
    logout(request)
    return HttpResponse("token=%s" % get_token(request)) if "page" in request.POST else redirect("/page/")


def cart(request):
    if request.method == "POST":
        items = request.session.get("cart", [])
        items.append(request.POST.get("item", ""))
        request.session["cart"] = items
        messages.info(request, "added")
    return HttpResponse("cart %s of %s" % (request.session.get("cart"), request.user))


def upload(request):
    """What came: fields, files, and what other methods send."""
    files = [(name, f.size, hashlib.sha256(f.read()).hexdigest()) for name, f in request.FILES.items()]
    fields = sorted(name for name in request.POST if name != "csrfmiddlewaretoken")
    body = "" if request.method == "POST" else hashlib.sha256(request.body).hexdigest()
    return HttpResponse("%s %s %s" % (fields, files, body))


@csrf_exempt
def hook(request):
    return HttpResponse(hashlib.sha256(request.body).hexdigest())


def password(request):
    if request.user.is_authenticated:
        request.user.set_password(request.POST.get("new", "pw"))
        request.user.save()
        if "keep" in request.POST:
            update_session_auth_hash(request, request.user)
    return redirect("/cart/")


def session(request, what):
    if what == "flush":
        request.session.flush()
    elif what == "cycle":
        request.session.cycle_key()
    elif what == "rotate":
        rotate_token(request)
    elif what == "close":
        request.session.set_expiry(0)
    elif what == "hour":
        request.session.set_expiry(3600)
    elif what == "clear":
        request.session.clear()
    elif what == "boom":
        request.session["boom"] = True
        raise ValueError
    elif what == "missing":
        request.session["missing"] = True
        return HttpResponse(status=404)
    elif what == "teapot":
        return HttpResponse(status=503)
    return HttpResponse("done")


urlpatterns = [
    path("page/", page),
    path("bare/", bare),
    path("login/", log_in),
    path("logout/", log_out),
    path("cart/", cart),
    path("upload/", upload),
    path("hook/", hook),
    path("password/", password),
    path("session/<str:what>/", session),
    path("admin/", admin.site.urls),
]
