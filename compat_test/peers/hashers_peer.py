"""What auth_hashers_test.go has a Django do with passwords; auth_peer.py has the users."""

import contextlib
import io

from auth_peer import *  # noqa: F403
from auth_peer import finish, model, request
from django.conf import settings
from django.contrib import auth
from django.contrib.auth import hashers
from django.contrib.auth.tokens import default_token_generator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.module_loading import import_string


# Hashers that cost little, as a site may have them.
class QuickPBKDF2(hashers.PBKDF2PasswordHasher):
    iterations = 50


class QuickPBKDF2SHA1(hashers.PBKDF2SHA1PasswordHasher):
    iterations = 50


class QuickArgon2(hashers.Argon2PasswordHasher):
    time_cost = 1
    memory_cost = 64
    parallelism = 2


class QuickBCryptSHA256(hashers.BCryptSHA256PasswordHasher):
    rounds = 4


class QuickBCrypt(hashers.BCryptPasswordHasher):
    rounds = 4


QUICK = [QuickPBKDF2, QuickPBKDF2SHA1, QuickArgon2, QuickBCryptSHA256, QuickBCrypt]
if hasattr(hashers, "ScryptPasswordHasher"):

    class QuickScrypt(hashers.ScryptPasswordHasher):
        work_factor = 16
        block_size = 4
        parallelism = 2

    QUICK.append(QuickScrypt)

# Hashers that Django removed or has no cheaper form of.
OLD = ["MD5", "SHA1", "UnsaltedSHA1", "UnsaltedMD5"]


def do_hashers(self):
    """Return the hashers that sites may have, with whether they make new passwords."""
    quick = [["hashers_peer." + cls.__name__, True] for cls in QUICK]
    old = ["%s.%sPasswordHasher" % (hashers.__name__, name) for name in OLD if hasattr(hashers, name + "PasswordHasher")]
    return quick + [[path, False] for path in old]


def do_prefer(self, path, script):
    """Make a hasher the first of PASSWORD_HASHERS, and return the settings as djangosession.SettingsScript prints them."""
    settings.PASSWORD_HASHERS = [path] + [other for other, _ in do_hashers(self) if other != path]
    hashers.reset_hashers(setting="PASSWORD_HASHERS")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(script, {})
    return out.getvalue()


def do_encode(self, password, path=None, salt=None):
    hasher = import_string(path)() if path else "default"
    return hashers.make_password(password, salt, hasher)


def do_encode_with_more(self, password, path):
    """Encode as this hasher would with a higher cost."""
    hasher = import_string(path)()
    for name, more in (("iterations", 60), ("rounds", 5), ("memory_cost", 128), ("work_factor", 32)):
        if hasattr(hasher, name):
            setattr(hasher, name, more)
    return hashers.make_password(password, None, hasher)


def do_check(self, password, encoded):
    """Return whether the password is right, and whether Django would store it anew."""
    anew = []
    return [hashers.check_password(password, encoded, anew.append), bool(anew)]


def do_make_row(self, username, encoded):
    user = model()(username=username, password=encoded, email=username + "@example.com")
    user.save()
    return str(user.pk)


def do_row(self, pk):
    [row] = model().objects.filter(pk=pk).values()
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}


def do_log_in(self, username, password):
    """Log in as Django's login page does, and return the session."""
    r = request(self, None)
    auth.login(r, auth.authenticate(r, username=username, password=password))
    return finish(r)


def do_make_link(self, pk):
    """Return the two parts of a link that resets the user's password."""
    user = model().objects.get(pk=pk)
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return [uid if isinstance(uid, str) else uid.decode(), default_token_generator.make_token(user)]


def do_use_link(self, uid, token, password):
    """Reset a password, and return whether the link was valid."""
    user = model().objects.get(pk=urlsafe_base64_decode(uid).decode())
    if not default_token_generator.check_token(user, token):
        return False
    user.set_password(password)
    user.save()
    return True
