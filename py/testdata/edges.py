"""Writes edges.json: what CPython 3.11 makes of texts and numbers at the edges of what it takes. null is an error."""

import datetime
import decimal
import json
import pathlib
import random
import sys

R = random.Random(19)


def result(f, *errors):
    try:
        return f()
    except errors:
        return None


def iso_texts():
    dates = ["2020-01-01", "20200101", "2020-W01-1", "2020-W01", "2020W011", "2020W01", "2020-W53-7", "2021-W53-1", "0001-01-01", "0001-W01-1",
             "9999-12-31", "9999-W52-7", "9999-W53-1", "2020-02-30", "2020-1-01", "2020W0110", "2020-W01-10", "2020-W011", "2020W01-1", "0000-01-01"]
    separators = ["", "T", " ", "1", "-", "é", "11", "W", "\ud800"]
    clocks = ["", "00", "1234", "12:34", "123456", "12:34:56", "12:34:56.7", "12:34:56,123456789", "123456.5", "24", "23:60", "1:2", "12:34:", "12:345"]
    zones = ["", "Z", "+01", "-0130", "+23:59:59", "+24:00", "+00:00:00.5", "-00:00", "z"]
    for date in dates:
        for separator in separators:
            for clock in clocks:
                yield date + separator + clock + (R.choice(zones) if clock else "")
    for text in ["2020-W01-1T12:34:56.789+01:30", "2020W0111234", "20200101123456", "2020-01-01T00:00:00Z"]:
        for i in range(len(text) + 1):
            yield text[:i]
            for c in "0-:W.T":
                yield text[:i] + c + text[i:]
                yield text[:i] + c + text[i + 1:]


def iso():
    for text in dict.fromkeys(iso_texts()):
        try:
            value = datetime.datetime.fromisoformat(text)
            if value.utcoffset() is not None and value.utcoffset().microseconds:
                continue  # Go's zones have whole seconds
            yield text.encode("utf-8", "surrogatepass").hex(), value.isoformat()
        except ValueError:
            yield text.encode("utf-8", "surrogatepass").hex(), None


def deltas():
    edges = [0, 1, -1, 59, 86399, 86400, 86401, -86400, 999999, 1000000, -1000001, 999999999, 1000000000, -999999999, -1000000000,
             2**62, 2**62 - 1, -2**62, -2**62 - 1, 2**63 - 1, -2**63, 86399999999 * 1000, 86400 * 999999999, 86400 * 10**9]
    for days in edges:
        for seconds in edges:
            for micros in edges:
                if R.random() < 0.1 or 0 in (days, seconds, micros):
                    d = result(lambda: datetime.timedelta(days, seconds, micros), OverflowError)
                    yield [str(days), str(seconds), str(micros)], None if d is None else [d.days, d.seconds, d.microseconds]


def decimals():
    for text in ["0", "-0", "1", "-1", "-12.50", "1E+5", "-1E+5", "0.00", "-0.00", "Infinity", "-Infinity", "NaN", "-NaN12", "sNaN", "1E+9999", "1E-9999",
                 "1E+10000", "1E+10001", "1E-10001", "7" * 10000, "7" * 10001, "5.00", "-5.5", "100", "1e1000000"]:
        d = decimal.Decimal(text)
        sign, digits, exponent = d.as_tuple()
        number = int("".join(map(str, digits)) or "0") * (-1 if sign else 1) if d.is_finite() else 0
        yield {
            "text": text,
            "sign": 0 if d.is_nan() else (d > 0) - (d < 0),
            "unscaled": hex(number),
            "integer": d.is_finite() and d == d.to_integral_value(decimal.ROUND_DOWN, decimal.Context(prec=30000, Emax=10**17)),
        }


def years():
    for year, month, day in [(0, 12, 31), (1, 1, 1), (9999, 12, 31), (10000, 1, 1), (2023, 2, 29), (2024, 2, 29), (2024, 0, 1), (2024, 13, 1), (2024, 4, 31), (2024, 4, 0)]:
        yield [year, month, day], result(lambda: datetime.date(year, month, day).isoformat(), ValueError)


if __name__ == "__main__":
    sys.set_int_max_str_digits(0)
    here = pathlib.Path(__file__).parent
    with (here / "edges.json").open("w") as f:
        json.dump({"iso": list(iso()), "timedelta": list(deltas()), "decimal": list(decimals()), "date": list(years())}, f, separators=(",", ":"))
        f.write("\n")
