"""Writes tokens.json: tokens as each Django release makes them, and what it says to them and to damaged ones.

    python3 tokens.py PYTHON... > tokens.json

Each PYTHON has another release of Django, as compat_test/env/django prints it.
"""
import datetime
import hashlib
import hmac
import itertools
import json
import os
import subprocess
import sys
import time
import zoneinfo

SITES = [
    {"time_zone": "UTC", "use_tz": True},
    {"time_zone": "America/Chicago", "use_tz": True},
    {"time_zone": "America/Chicago", "use_tz": False},
    {"time_zone": "Asia/Kathmandu", "use_tz": False, "timeout": 100000},
    {"time_zone": "Europe/Berlin", "use_tz": True, "database_zone": "Asia/Tokyo", "fallbacks": ["older", "oldest"]},
    {"time_zone": "Europe/Berlin", "use_tz": True, "hashing": "sha1"},
]
HASH = "pbkdf2_sha256$1000$salt$hash="
USERS = [
    {"id": "1", "password": HASH, "last_login": 1672628645.000678, "email": "bob@example.com"},
    {"id": "1", "password": HASH, "last_login": None, "email": "bob@example.com"},
    {"id": "12345678-1234-5678-1234-567812345678", "password": "!", "last_login": 1698539999.9, "email": ""},
    {"id": "anne é☃", "password": "", "last_login": 1711846799, "email": "ann\U0001f600@exämple.com"},
]
# Around the changes to and from summer time in Berlin and Chicago, at midnight, and in 2001.
TIMES = [1700000000, 1698541199, 1698541201, 1711846799, 1711846801, 1710054000, 1699167600, 1704067199, 1704067200.999999, 978400000]
GENERATORS = [{}, {"key_salt": "shop.activation"}, {"secret": "own"}, {"secret": "own", "secret_fallbacks": ["before"]},
              {"secret_fallbacks": []}, {"algorithm": "sha512"}]


def record(site):
    os.environ["TZ"] = site["time_zone"]  # as Django does for a settings module
    time.tzset()
    from django.conf import settings
    import django
    old = django.VERSION < (3, 1)
    options = {"SECRET_KEY": "secret", "TIME_ZONE": site["time_zone"], "USE_TZ": site["use_tz"]}
    if "fallbacks" in site and django.VERSION >= (4, 1):
        options["SECRET_KEY_FALLBACKS"] = site["fallbacks"]
    if "hashing" in site and (3, 1) <= django.VERSION < (4, 0):
        options["DEFAULT_HASHING_ALGORITHM"] = site["hashing"]
    if "timeout" in site:
        options.update({"PASSWORD_RESET_TIMEOUT_DAYS": 1} if old else {"PASSWORD_RESET_TIMEOUT": site["timeout"]})
    settings.configure(**options)
    from django.contrib.auth import tokens
    from django.utils.http import int_to_base36
    timeout = 86400 * settings.PASSWORD_RESET_TIMEOUT_DAYS if old else settings.PASSWORD_RESET_TIMEOUT

    def user(row):
        def last_login():
            if row["last_login"] is None:
                return None
            if settings.USE_TZ:
                return datetime.datetime.fromtimestamp(row["last_login"], zoneinfo.ZoneInfo(site.get("database_zone", "UTC")))
            return datetime.datetime.fromtimestamp(row["last_login"])
        u = type("User", (), {})()
        u.pk, u.password, u.last_login, u.email = row["id"], row["password"], last_login(), row["email"]
        u.get_email_field_name = lambda: "email"
        return u

    def at(generator, now):
        local = datetime.datetime.fromtimestamp(now)
        generator._now = lambda: local
        generator._today = local.date
        return generator

    def generator(options):
        options = dict(options)
        if "secret_fallbacks" in options:
            options["_secret_fallbacks"] = options.pop("secret_fallbacks")
        if "secret" in options and django.VERSION >= (4, 0):
            options["_secret"] = options.pop("secret")
        return type("Generator", (tokens.PasswordResetTokenGenerator,), options)()

    def damaged(token):
        yield from (token.upper(), token[:-1], token + "0", "0" + token, " " + token, "+" + token, "-" + token, token + "-",
                    token.replace("-", "_"), token.replace("-", "--"), token[:-1] + chr(ord(token[-1]) ^ 1), "", "-", "x", "1-",
                    "-1", "zzzzzzzzzzzzz-" + token.split("-")[1], "zzzzzzzzzzzzzz-1", "\u0661-1", "1_0-1", token + "\0", "é-é")

    cases = {}

    def case(options, row, token, now, made=False):
        try:
            valid = bool(at(generator(options), now).check_token(user(row), token))
        except ValueError:
            valid = False  # a negative number: status 500
        new = {"generator": options, "user": USERS.index(row), "token": token, "made": now if made else 0, "valid": [], "invalid": []}
        c = cases.setdefault((json.dumps(options), USERS.index(row), token), new)
        c["valid" if valid else "invalid"].append(now)

    combinations = [({}, USERS[0], t) for t in TIMES]
    combinations += [({}, u, t) for u, t in itertools.product(USERS[1:], TIMES[:3])]
    combinations += [(g, USERS[0], TIMES[0]) for g in GENERATORS[1:]]
    for options, row, made in combinations:
        if "algorithm" in options and old:
            continue
        token = at(generator(options), made).make_token(user(row))
        case(options, row, token, made, made=True)
        for later in (timeout - 1, timeout, timeout + 1, timeout + 86400, -5, timeout + 3600):
            case(options, row, token, made + later)
    row, now = USERS[0], TIMES[0]
    token = at(generator({}), now).make_token(user(row))
    for text in damaged(token):
        case({}, row, text, now)
    for other in USERS[1:]:
        case({}, other, token, now)
    # Tokens of other releases and keys: days or seconds, SHA-1 or SHA-256, with and without the address.
    local = datetime.datetime.fromtimestamp(now)
    days = (local.date() - datetime.date(2001, 1, 1)).days
    seconds = int((local - datetime.datetime(2001, 1, 1)).total_seconds())
    for stamp, algorithm, secret, email in itertools.product((days, days - 4, seconds, 5), ("sha1", "sha256", "sha512"), ("secret", "older", "oldest", "own", "before"), (True, False)):
        u = user(row)
        login = u.last_login.replace(microsecond=0, tzinfo=None)
        value = str(u.pk) + u.password + str(login) + str(stamp) + (u.email if email else "")
        key = getattr(hashlib, algorithm)((tokens.PasswordResetTokenGenerator.key_salt + secret).encode()).digest()
        digest = hmac.new(key, value.encode(), getattr(hashlib, algorithm)).hexdigest()[::2]
        for options in GENERATORS:
            if not ("algorithm" in options and old) and "key_salt" not in options:
                case(options, row, int_to_base36(stamp) + "-" + digest, now)
    cases = list(cases.values())
    invalid = [c for c in cases if not c["valid"]]
    cases = [c for c in cases if c["valid"]] + invalid[:: max(1, len(invalid) // 60)]
    json.dump({"django": django.get_version(), "site": site, "timeout": timeout, "cases": cases}, sys.stdout)


UIDS = ["MQ", "MQ==", "MQ=", "M", "", "=", "MQ\n", " M Q", "MQ!", "MTI", "MTIz", "MTIzNA", "MTIzN", "_-8", "/+8", "4piD", "4pi", "gA", "MQMQ",
        "MTIzNDU2NzgtMTIzNC01Njc4LTEyMzQtNTY3ODEyMzQ1Njc4", "\u0661", "\0", "M=Q", "MQ==MQ==", "MT=I", "QUJD=", "----", "7aCA", "é", "\U0001f600MQ"]


def uids():
    from django.utils.http import urlsafe_base64_decode

    def decode(text):
        try:
            return urlsafe_base64_decode(text).decode()
        except ValueError:
            return None
    json.dump({text: decode(text) for text in UIDS}, sys.stdout)


def main():
    decoded = subprocess.run([sys.argv[-1], __file__, "--uids"], stdout=subprocess.PIPE, check=True).stdout
    sites = []
    for python in sys.argv[1:]:
        for site in SITES:
            out = subprocess.run([python, __file__, "--record", json.dumps(site)], stdout=subprocess.PIPE, check=True).stdout
            sites.append(json.loads(out))
    lines = [json.dumps({**{k: v for k, v in s.items() if k != "cases"}, "cases": s["cases"]}, separators=(",", ":")) for s in sites]
    print('{"users":%s,"uids":%s,"sites":[\n%s]}' % (json.dumps(USERS), json.dumps(json.loads(decoded)), ",\n".join(lines)))


if sys.argv[1] == "--record":
    record(json.loads(sys.argv[2]))
elif sys.argv[1] == "--uids":
    uids()
else:
    main()
