"""Writes values.json and zones.json: what Python says of decimals, timedeltas, dates, times, equal keys and time zones.

Run with CPython 3.11 for which pytz, python-dateutil and Django 2.2 (for its FixedOffset) are installed.
"""

import base64
import datetime
import decimal
import itertools
import json
import os
import pickle
import uuid
import zoneinfo

import dateutil.tz
import pytz
from decimal import Decimal
from django.utils import timezone

HERE = os.path.dirname(os.path.abspath(__file__))


def attempt(f, *args):
    try:
        return f(*args)
    except (decimal.InvalidOperation, ValueError, OverflowError):
        return None


DECIMALS = """0 -0 +1 19.99 19.90 007 0007.50 .5 5. . 1e 1e+ 1e+5 1E-7 0.000001 0.0000001 123E+3 0E+5 0E-5 0E-6 0E-7 -0E3 1_0 _1_ _ 1__0 1e_5
i_nf 0x10 --1 +-1 1e5.0 1e00000000000000000000005 1.5E+10 1234567E-10 1e999999999999999999 1e1000000000000000000 10e999999999999999999
1e-1999999999999999997 1e-1999999999999999998 0e999999999999999999 0e1000000000000000000 0e-1999999999999999998 0e99999999999999999999999999
1e-99999999999999999999999 0.1e-1999999999999999997 nan NaN0 nan0012 -snan7 sNaN inf -INFINITY infini nan1x Inf1 e5 1.2.3 1,5 12345678901234567890.123456789
-12345678901234567890E+3 1e+-5 1e- 1E+0005""".split() + [" 1 ", "\x1c1\x1f", "\u20091", "nan 1", "1 2", "1\x00", "", "1e5 ", "\n-2.50\t", "9" * 40, "0." + "0" * 30 + "1"]
TIMEDELTAS = [
    (0, 0, 0), (1, 2, 3), (0, -1, 0), (0, 0, -1), (-1, 86400, 0), (1, -86401, 10**6), (999999999, 86399, 999999), (999999999, 86400, 0),
    (-999999999, 0, 0), (-999999999, 0, -1), (10**9, -86400, 0), (0, 10**9, 10**15), (2, 0, 5), (-2, 3600, 0), (0, 59, 500000), (0, 0, 10**18),
    (0, 0, -(10**18)), (0, 10**17, 0), (106751, 0, 0), (0, 86399, 10**6),
]  # fmt: skip
DATES = ["2023-11-14", "20231114", "2023-W46-2", "2023W462", "2023-W46", "2023W46", "2023-11-14T", "2023-1-1", "0001-01-01", "9999-12-31", "2023-02-29", "", "2023-11-144", "2023-1114", "0000-01-01"]
TIMES = ["22:13:20", "T22:13", "22", "221320", "22:13:20.5", "22:13:20,123456789", "24:00", "22:60", "22:13:20+01:00", "22:13:20Z", "22:13:20-00:00:01", "22:13:20.000001+05:30:15", "", "T", "2:13", "22:13:20+24:00", "22:13:20 ", "221320.25-0730", "22:13:20+01:00:00.5"]
KEYS = {
    "1": 1, "true": True, "1.0": 1.0, '{"$decimal":"1"}': Decimal("1"), '{"$decimal":"1.00"}': Decimal("1.00"), '{"$complex":[1.0,0.0]}': 1 + 0j,
    '{"$complex":[1.0,-0.0]}': complex(1, -0.0), '{"$complex":[0.0,1.0]}': 1j, '{"$complex":[-0.0,1.0]}': complex(-0.0, 1), "0": 0, "-0.0": -0.0, '{"$decimal":"-0E+7"}': Decimal("-0E+7"),
    "0.5": 0.5, '{"$decimal":"0.50"}': Decimal("0.50"), "0.1": 0.1, '{"$decimal":"0.1"}': Decimal("0.1"), '{"$decimal":"%s"}' % Decimal(0.1): Decimal(0.1),
    "1e+22": 1e22, '{"$decimal":"1E+22"}': Decimal("1E+22"), "10000000000000000000000": 10**22, '{"$decimal":"Infinity"}': Decimal("Infinity"), '{"$float":"inf"}': float("inf"),
    '{"$decimal":"1E+999999999"}': Decimal("1E+999999999"), '{"$decimal":"10E+999999998"}': Decimal("10E+999999998"), '"1"': "1", '{"$bytes":"MQ=="}': b"1",
    '{"$date":"2023-11-14"}': datetime.date(2023, 11, 14), '{"$datetime":"2023-11-14T00:00:00"}': datetime.datetime(2023, 11, 14),
    '{"$datetime":"2023-11-14T00:00:00+00:00"}': datetime.datetime(2023, 11, 14, tzinfo=datetime.timezone.utc),
    '{"$datetime":"2023-11-14T05:30:00+05:30"}': datetime.datetime(2023, 11, 14, 5, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=5.5))),
    '{"$time":"12:00:00"}': datetime.time(12), '{"$time":"12:00:00+00:00"}': datetime.time(12, tzinfo=datetime.timezone.utc),
    '{"$time":"17:30:00+05:30"}': datetime.time(17, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=5.5))), '{"$time":["12:00:00",1]}': datetime.time(12, fold=1),
    '{"$timedelta":[1,0,0]}': datetime.timedelta(1), '{"$timedelta":[0,86399,1000000]}': datetime.timedelta(0, 86399, 10**6), '{"$uuid":"00000000-0000-0000-0000-000000000001"}': uuid.UUID(int=1),
    '{"$tuple":[1]}': (1,), '{"$tuple":[1.0]}': (1.0,), '{"$tuple":[{"$decimal":"1.0"}]}': (Decimal("1.0"),), '{"$frozenset":[1,2]}': frozenset([1, 2]),
    '{"$frozenset":[{"$decimal":"2"},true]}': frozenset([Decimal(2), True]), "null": None,
}  # fmt: skip


def zones():
    summer, winter = datetime.datetime(2024, 7, 1, 12), datetime.datetime(2024, 1, 1, 12, 30, 15, 5)
    berlin = pytz.timezone("Europe/Berlin")
    yield "timezone.utc", datetime.timezone.utc
    yield "timezone", datetime.timezone(datetime.timedelta(hours=-5, minutes=-30))
    yield "timezone with seconds", datetime.timezone(datetime.timedelta(seconds=-1))
    yield "timezone with a name", datetime.timezone(datetime.timedelta(hours=1), "CET")
    yield "zoneinfo", zoneinfo.ZoneInfo("Europe/Berlin")
    yield "zoneinfo not cached", zoneinfo.ZoneInfo.no_cache("America/New_York")
    yield "zoneinfo UTC", zoneinfo.ZoneInfo("UTC")
    yield "zoneinfo of one offset", zoneinfo.ZoneInfo("Etc/GMT+5")
    yield "pytz.utc", pytz.utc
    yield "pytz in summer", berlin.localize(summer).tzinfo
    yield "pytz in winter", berlin.localize(winter).tzinfo
    yield "pytz as it is", berlin
    yield "pytz of one offset", pytz.timezone("Etc/GMT+5")
    yield "pytz.FixedOffset", pytz.FixedOffset(-90)
    yield "dateutil tzutc", dateutil.tz.tzutc()
    yield "dateutil tzoffset", dateutil.tz.tzoffset("x", 5400)
    yield "dateutil tzoffset without a name", dateutil.tz.tzoffset(None, -5400)
    yield "Django's FixedOffset", timezone.FixedOffset(90, "x")
    yield "Django's FixedOffset without a name", timezone.FixedOffset(-90)


READINGS = [
    datetime.datetime(2024, 7, 1, 12), datetime.datetime(2024, 1, 1, 12, 30, 15, 5), datetime.datetime(2024, 3, 31, 2, 30), datetime.datetime(2024, 3, 31, 2, 30, fold=1),
    datetime.datetime(2024, 10, 27, 2, 30), datetime.datetime(2024, 10, 27, 2, 30, fold=1), datetime.datetime(1900, 1, 1), datetime.datetime(2400, 8, 8),
]  # fmt: skip


def zone_cases():
    for name, zone in zones():
        for reading in READINGS:
            aware = reading.replace(tzinfo=zone)
            yield {
                "name": "%s, %s, fold %d" % (name, reading, reading.fold),
                "pickles": [base64.b64encode(pickle.dumps(aware, protocol)).decode() for protocol in range(6)],
                "iso": aware.isoformat(),
                "utc": aware.astimezone(datetime.timezone.utc).isoformat(),
                "fold": reading.fold == 1,
                "plain": type(zone) is datetime.timezone and zone.tzname(None).startswith("UTC"),
                "time": base64.b64encode(pickle.dumps(aware.timetz(), 4)).decode(),
                "time_iso": aware.timetz().isoformat(),
            }


def main():
    values = {
        "decimals": [[text, attempt(lambda: str(Decimal(text)))] for text in DECIMALS],
        "timedeltas": [],
        "dates": [[text, attempt(lambda: datetime.date.fromisoformat(text).isoformat())] for text in DATES],
        "times": [[text, attempt(lambda: datetime.time.fromisoformat(text).isoformat())] for text in TIMES],
        "keys": [[a, b, x == y] for (a, x), (b, y) in itertools.product(KEYS.items(), KEYS.items())],
    }
    for args in TIMEDELTAS:
        delta = attempt(datetime.timedelta, *args)
        parts = delta is not None and [delta.days, delta.seconds, delta.microseconds]
        values["timedeltas"].append({"args": args, "parts": parts or None, "text": delta is not None and str(delta) or None})
    for name, content in [("values.json", values), ("zones.json", list(zone_cases()))]:
        with open(os.path.join(HERE, name), "w", encoding="ascii") as file:
            file.write(json.dumps(content, indent=0 if name == "zones.json" else None) + "\n")


main()
