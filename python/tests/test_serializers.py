import collections
import datetime
import decimal
import json
import os
import pickle
import uuid
from unittest import skipIf

import django
from django.contrib.sessions.backends.db import SessionStore
from django.core import signing
from django.test import SimpleTestCase, override_settings
from django.utils.safestring import SafeString, mark_safe

from djangobridge import unpickler
from djangobridge.serializers import PickleSerializer, TransitionalSerializer

try:
    import zoneinfo
except ImportError:  # before Python 3.9
    zoneinfo = None

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
LOGGER = "djangobridge.serializers"


class Item:
    label = "of the class"

    def __init__(self, name):
        self.name = name

    def __eq__(self, other):
        return type(self) is type(other) and self.name == other.name


class Calls:
    """Pickles as a call of any function."""

    def __init__(self, function, *args):
        self.reduced = function, args

    def __reduce__(self):
        return self.reduced


def values():
    zone = datetime.timezone(datetime.timedelta(hours=2), "here")
    found = {
        "text": "\N{SNOWMAN}",
        "bytes": b"\xff",
        "no bytes": b"",
        "array": bytearray(b"ab"),
        "number": 2**70,
        "real": 1.5,
        "complex": 1j,
        "none": None,
        "tuple": (1, (2,)),
        "set": {1, 2},
        "frozen": frozenset([3]),
        "safe": mark_safe("<b>"),
        "moment": datetime.datetime(2026, 1, 2, 3, 4, 5, 6, zone),
        "date": datetime.date(2026, 1, 2),
        "time": datetime.time(1, 2),
        "utc": datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc),
        "span": datetime.timedelta(1, 2, 3),
        "price": decimal.Decimal("19.90"),
        "id": uuid.UUID(int=7),
        "ordered": collections.OrderedDict(b=1, a=2),
        "counter": collections.Counter("abba"),
        "queue": collections.deque([1, 2], 5),
    }
    if zoneinfo:
        found["zone"] = datetime.datetime(2026, 7, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))
    return found


class TransitionalTests(SimpleTestCase):
    def load(self, value, protocol=pickle.HIGHEST_PROTOCOL):
        return TransitionalSerializer().loads(pickle.dumps({"v": value}, protocol))["v"]

    def refused(self, data):
        with self.assertLogs(LOGGER, "ERROR") as logs, self.assertRaises(pickle.UnpicklingError):
            TransitionalSerializer().loads(data)
        return logs.output[0]

    def test_data_types_are_read_from_each_protocol(self):
        for protocol in PROTOCOLS[2:]:
            for name, value in values().items():
                with self.subTest(name, protocol=protocol):
                    found = self.load(value, protocol)
                    self.assertEqual(found, value)
                    self.assertIs(type(found), type(value))
                    if hasattr(value, "tzinfo"):
                        self.assertEqual(repr(found.tzinfo), repr(value.tzinfo))

    def test_names_of_python_2_and_old_releases_are_read(self):
        serializer = TransitionalSerializer()
        data = b"\x80\x02}U\x01sc__builtin__\nset\n](K\x01K\x02e\x85Rs."
        self.assertEqual(serializer.loads(data), {"s": {1, 2}})
        data = b"\x80\x02}U\x01scdjango.utils.safestring\nSafeText\nU\x03<b>\x85\x81s."
        self.assertIs(type(serializer.loads(data)["s"]), SafeString)

    def test_functions_are_not_called(self):
        folder = os.path.join(os.path.dirname(__file__), "must not exist")
        for protocol in PROTOCOLS:
            for call in (
                Calls(os.mkdir, folder),
                Calls(eval, "1"),
                Calls(getattr, "", "join"),
                Calls(setattr, SafeString, "x", 1),
                Calls(__import__, "this"),
            ):
                self.refused(pickle.dumps({"v": call}, protocol))
        self.assertFalse(os.path.exists(folder))

    def test_the_log_names_the_class_and_nothing_else(self):
        log = self.refused(pickle.dumps({"secret": Item("hush")}))
        self.assertIn("tests.test_serializers.Item", log)
        self.assertNotIn("hush", log)
        log = self.refused(b"\x80\x04\x8c\x02os\x8c\x04a\nb!\x93.")
        self.assertNotIn("a\nb", log)

    def test_listed_classes_are_read(self):
        with override_settings(DJANGOBRIDGE_PICKLE_CLASSES=["tests.test_serializers.Item"]):
            for protocol in PROTOCOLS[2:]:
                self.assertEqual(self.load(Item("tea"), protocol), Item("tea"))
            self.refused(pickle.dumps({"v": Calls(os.getcwd)}))
        with override_settings(DJANGOBRIDGE_PICKLE_CLASSES=["*"]):
            self.assertEqual(self.load(Calls(os.getcwd)), os.getcwd())

    def test_a_pickle_cannot_change_a_class(self):
        change = b"\x80\x04\x8c%b\x8c%b\x93N}\x8c\x05label\x8c\x07changeds\x86b."
        item = (b"\x16tests.test_serializers", b"\x04Item", Item)
        with override_settings(DJANGOBRIDGE_PICKLE_CLASSES=["tests.test_serializers.Item"]):
            for module, name, cls in (
                item,
                (b"\x17django.utils.safestring", b"\x0aSafeString", SafeString),
                (b"\x04uuid", b"\x04UUID", uuid.UUID),
                (b"\x0bcollections", b"\x07Counter", collections.Counter),
                (b"\x07decimal", b"\x07Decimal", decimal.Decimal),
            ):
                before = getattr(cls, "label", None)
                try:
                    TransitionalSerializer().loads(change % (module, name))
                except (TypeError, pickle.UnpicklingError):
                    pass
                self.assertEqual(getattr(cls, "label", None), before, cls)

    def test_a_pickle_cannot_change_a_function(self):
        change = b"\x80\x04\x8c%b\x8c%b\x93N}\x8c\x05label\x8c\x07changeds\x86b."
        for module, name, function in (
            (b"\x07_codecs", b"\x06encode", unpickler.latin1),
            (b"\x08builtins", b"\x07getattr", unpickler.time_zone_method),
        ):
            TransitionalSerializer().loads(change % (module, name))
            self.assertFalse(hasattr(function, "label"))

    def test_the_log_names_what_cannot_be_imported(self):
        for path in ("tests.test_serializers.Gone", "no_such_module.Item"):
            module, name = path.rsplit(".", 1)
            data = b"\x80\x04}\x8c\x01vc%b\n%b\n)\x81s." % (module.encode(), name.encode())
            with override_settings(DJANGOBRIDGE_PICKLE_CLASSES=[path]):
                self.assertIn("%s, which cannot be imported" % path, self.refused(data))

    def test_a_short_pickle_cannot_create_long_values(self):
        nested = []
        for _ in range(40):
            nested = [nested, nested]
        for call in (
            Calls(bytearray, 10**15),
            Calls(bytes, 10**15),
            Calls(SafeString, nested),
        ):
            self.refused(pickle.dumps({"v": call}))

    def test_json_is_written_as_django_writes_it(self):
        session = {"a": [1, 2.5, None], "\N{SNOWMAN}": {"b": "\N{SNOWMAN}"}}
        data = TransitionalSerializer().dumps(session)
        self.assertEqual(data, signing.JSONSerializer().dumps(session))
        self.assertEqual(TransitionalSerializer().loads(b" \n" + data), session)
        data = TransitionalSerializer().dumps({"t": (1, mark_safe("<b>"))})
        self.assertEqual(data, b'{"t":[1,"<b>"]}')

    def test_values_without_a_form_are_refused_or_converted(self):
        class Prices(TransitionalSerializer):
            def default(self, value):
                return str(value) if isinstance(value, decimal.Decimal) else super().default(value)

        price = {"p": [decimal.Decimal("19.90")]}
        self.assertEqual(Prices().dumps(price), b'{"p":["19.90"]}')
        with self.assertRaisesMessage(TypeError, "JSON has no form for Decimal"):
            TransitionalSerializer().dumps(price)
        with self.assertRaisesMessage(TypeError, "JSON has no form for set"):
            Prices().dumps({"s": {1}})

    @skipIf(django.VERSION < (4, 1), "before 4.1, Django reads no text")
    def test_an_expiry_that_is_a_datetime_survives(self):
        expiry = datetime.datetime(2099, 1, 2, 3, 4, 5, 6, datetime.timezone.utc)
        old = {"_session_expiry": expiry, "a": 1}
        serializer = TransitionalSerializer()
        stored = serializer.loads(serializer.dumps(old))
        self.assertEqual(old["_session_expiry"], expiry)
        session = SessionStore()
        session.update(stored)
        self.assertEqual(session.get_expiry_date(), expiry)

    def test_stores_use_it(self):
        serializers = "djangobridge.serializers."
        with override_settings(SESSION_SERIALIZER=serializers + "PickleSerializer"):
            text = SessionStore().encode({"id": uuid.UUID(int=1), "a": 1})
        with override_settings(SESSION_SERIALIZER=serializers + "TransitionalSerializer"):
            store = SessionStore()
            self.assertEqual(store.decode(text), {"id": uuid.UUID(int=1), "a": 1})
            text = store.encode({"a": 1})
        with override_settings(SESSION_SERIALIZER=serializers + "PickleSerializer"):
            self.assertEqual(SessionStore().decode(text), {"a": 1})
        self.assertEqual(SessionStore().decode(text), {"a": 1})


class PickleTests(SimpleTestCase):
    def test_values_keep_their_types(self):
        serializer = PickleSerializer()
        found = serializer.loads(serializer.dumps(values()))
        self.assertEqual(found, values())
        self.assertEqual(serializer.dumps({})[1], pickle.HIGHEST_PROTOCOL)

    def test_json_is_read(self):
        self.assertEqual(PickleSerializer().loads(json.dumps({"a": [1]}).encode()), {"a": [1]})
