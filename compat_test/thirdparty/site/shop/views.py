"""Pages that say what Django sees, and that do what tests ask for."""

from django.conf import settings
from django.contrib import auth
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token


def seen(request):
    """Who the visitor is, and the values that tests set."""
    session = request.session
    return {
        "user": request.user.get_username(),
        "real": getattr(request, "real_user", request.user).get_username(),
        "verified": request.user.is_verified() if hasattr(request.user, "is_verified") else False,
        "go": session.get("go", ""),
        "dj": session.get("dj", ""),
    }


def who(request):
    return JsonResponse(seen(request))


def set_values(request):
    for name, value in request.GET.items():
        request.session[name] = value
    return JsonResponse(seen(request))


def log_in(request):
    user = auth.authenticate(request, username=request.POST["username"], password=request.POST["password"])
    if user is None:
        return HttpResponse(status=403)
    auth.login(request, user)
    return JsonResponse(seen(request))


def log_out(request):
    auth.logout(request)
    return JsonResponse(seen(request))


def cycle(request):
    request.session.cycle_key()
    return JsonResponse(seen(request))


def token(request):
    return HttpResponse(get_token(request))


def otp(request):
    """The second step of a login."""
    import django_otp

    device = django_otp.match_token(request.user, request.POST["token"])
    if device is None:
        return HttpResponse(status=403)
    django_otp.login(request, device)
    return JsonResponse(seen(request))


def api(request):
    """A view of Django REST framework that needs a login by session."""
    from rest_framework.authentication import SessionAuthentication
    from rest_framework.decorators import api_view, authentication_classes, permission_classes
    from rest_framework.permissions import IsAuthenticated
    from rest_framework.response import Response

    @api_view(["GET", "POST"])
    @authentication_classes([SessionAuthentication])
    @permission_classes([IsAuthenticated])
    def view(request):
        return Response(seen(request))

    return view(request)


def open_api(request):
    """A view of Django REST framework that needs no login."""
    from rest_framework.authentication import SessionAuthentication
    from rest_framework.decorators import api_view, authentication_classes, permission_classes
    from rest_framework.permissions import AllowAny
    from rest_framework.response import Response

    @api_view(["GET", "POST", "PUT", "DELETE"])
    @authentication_classes([SessionAuthentication])
    @permission_classes([AllowAny])
    def view(request):
        return Response({"user": request.user.get_username()})

    return view(request)


if "rest_framework" in settings.INSTALLED_APPS:  # else its exemption from CSRF would be for all
    api.csrf_exempt = open_api.csrf_exempt = True
