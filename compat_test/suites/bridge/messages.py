"""The storages of django.contrib.messages, with Go underneath."""

import json
from http.cookies import SimpleCookie

from django.conf import settings
from django.contrib import messages
from django.contrib.messages import api
from django.contrib.messages.storage import base, cookie, fallback, session
from django.utils.safestring import SafeData, mark_safe

from .pipe import go, wall_clock
from .site import current_settings

MARK = cookie.MessageEncoder.message_key
NOT_FINISHED = "__messagesnotfinished__"
STORAGES = "django.contrib.messages.storage."
DjangosMessage = base.Message


class Message(DjangosMessage):
    """A message that came from Go, with the tags that Go gives it."""

    def __init__(self, level, message, extra_tags, tags, level_tag):
        super().__init__(level, message, extra_tags)
        self.given = tags, level_tag

    tags = property(lambda self: self.given[0])
    level_tag = property(lambda self: self.given[1])


def call(op, storage, **args):
    changes = {"MESSAGE_STORAGE": storage, "MESSAGE_TAGS": {str(k): v for k, v in getattr(settings, "MESSAGE_TAGS", {}).items()}}
    return go.call("message." + op, clock=wall_clock(), site={"settings": current_settings(**changes)}, **args)


def outgoing(item):
    """Return an item of a list of messages for Go."""
    if not isinstance(item, DjangosMessage):
        return {"item": json.dumps(item)}
    text, safe = str(item.message), isinstance(item.message, SafeData)
    if item.extra_tags is None:  # which in Go only a stored message can have
        return {"item": json.dumps([MARK, int(safe), item.level, text])}
    return {"level": item.level, "text": text, "safe": safe, "extra_tags": str(item.extra_tags)}


def incoming(item):
    """Return an item of Go's, which has the form in which it is stored in a session."""
    stored = json.loads(item["stored"])
    if not (isinstance(stored, list) and stored and stored[0] == MARK):
        return stored
    _, safe, level, text, *more = stored
    return Message(level, mark_safe(text) if safe else text, more[0] if more else None, item["tags"], item["level_tag"])


class Codec:
    """The part of a storage that encodes and decodes lists of messages."""

    cookie_name = cookie.CookieStorage.cookie_name
    max_cookie_size = cookie.CookieStorage.max_cookie_size
    session_key = session.SessionStorage.session_key
    not_finished = NOT_FINISHED
    single = False

    def __init__(self, request):
        self.request = request

    def _encode(self, items, encode_empty=False):
        self.single = not isinstance(items, list)  # as some tests of 4.2 do
        items = [items] if self.single else list(items)
        more = items[-1:] == [NOT_FINISHED]
        if items or encode_empty:
            items = [outgoing(item) for item in (items[:-1] if more else items)]
            return call("encode_cookie", self.path, messages=items, more=more)

    def _decode(self, data):
        found = data and call("decode_cookie", self.path, text=data)
        if not found:
            return None
        items = [incoming(item) for item in found["messages"]]
        return items[0] if self.single else items + [NOT_FINISHED] * found["more"]

    def serialize_messages(self, items):
        return call("encode_session", self.path, messages=[outgoing(item) for item in items])

    def deserialize_messages(self, data):
        return [incoming(item) for item in call("decode_session", self.path, value=data)]

    # A test sets these to None, to prove that the session is not used.
    def _get(self):
        raise AssertionError("Go reads")

    def _store(self):
        raise AssertionError("Go writes")


class Storage(Codec):
    """Has the interface of Django's BaseStorage and none of its code."""

    number = given = loaded = None
    touched = False  # Go has read the request

    def __init__(self, request):
        super().__init__(request)
        self.storages = [self, self]
        self.open()

    def __repr__(self):
        return "<%s: request=%r>" % (self.__class__.__qualname__, self.request)

    def open(self):
        """Tell Go what the request has, if that is news."""
        given = {"cookie": self.request.COOKIES.get(self.cookie_name), "content": None}
        if hasattr(self.request, "session"):
            readable = self.storages[1]._get is not None
            given["content"] = {self.session_key: self.request.session.get(self.session_key)} if readable else "unreadable"
        if self.loaded is not None:  # what a test pretends to have been stored
            given.update(cookie=self._encode(self.loaded))
            if self.path.endswith("SessionStorage"):
                given.update(cookie=None, content={self.session_key: self.serialize_messages(self.loaded)})
        if given != self.given and not self.touched:
            self.given = given
            self.number = call("open", self.path, number=self.number, **given)

    def _call(self, op, **args):
        self.open()
        self.touched = self.touched or op in ("add", "show", "peek", "update")
        return call(op, self.path, number=self.number, **args)

    @property
    def _loaded_data(self):
        if self.loaded is None:
            raise AttributeError("_loaded_data")
        return self.loaded

    @_loaded_data.setter
    def _loaded_data(self, items):
        self.loaded = items

    @_loaded_data.deleter
    def _loaded_data(self):
        self.loaded, self.touched = None, False

    def add(self, level, message, extra_tags=""):
        self._call("add", message=outgoing(DjangosMessage(level, message, extra_tags=extra_tags)))

    def __iter__(self):
        return iter([incoming(item) for item in self._call("show")])

    def __len__(self):
        return len(self._call("peek"))

    def __contains__(self, item):
        return item in [incoming(found) for found in self._call("peek")]

    used = property(lambda self: self._call("shown"), lambda self, value: value or self._call("keep"))
    added_new = property(lambda self: self._call("added"))
    level = property(lambda self: self._call("level"), lambda self, value: self._call("set_level", level=int(value)))

    def update(self, response):
        result = self._call("update")
        for line in result["cookies"]:
            parsed = SimpleCookie(line)
            for name, morsel in parsed.items():
                if morsel["max-age"]:
                    morsel["max-age"] = int(morsel["max-age"])  # as set_cookie leaves it
                response.cookies[name] = morsel
        if result["session"] is not None:
            if self.storages[1]._store is None:
                raise AssertionError("Go writes to the session")
            if self.session_key in result["session"]:
                self.request.session[self.session_key] = result["session"][self.session_key]
            else:
                self.request.session.pop(self.session_key, None)
        return [incoming(item) for item in result["unstored"]]


class Parts(Storage):
    """FallbackStorage: its two storages only encode and decode, and the storage itself does the rest."""

    def __init__(self, request):
        self.path = STORAGES + "fallback.FallbackStorage"
        parts = [Codec(request), Codec(request)]
        for part in parts:
            part.path = self.path
        self.request, self.storages = request, parts
        self.open()


def add_message(request, level, message, extra_tags="", fail_silently=False):
    """Replace the function of this name, so that Go also decides about a request without storage."""
    if request is not None and not hasattr(request, "_messages"):
        try:
            return call("add_without_middleware", STORAGES + "fallback.FallbackStorage", level=int(level), text=str(message))
        except messages.MessageFailure:
            if not fail_silently:
                raise
            return None
    return DjangosAddMessage(request, level, message, extra_tags, fail_silently)


def default(self, item):
    if isinstance(item, DjangosMessage):
        return json.loads(call("encode_session", STORAGES + "session.SessionStorage", messages=[outgoing(item)]))[0]
    return json.JSONEncoder.default(self, item)


def process_messages(self, value):
    if isinstance(value, list) and value:
        if value[0] == MARK:
            [found] = call("decode_session", STORAGES + "session.SessionStorage", value=json.dumps([value]))
            return incoming(found)
        return [self.process_messages(item) for item in value]
    if isinstance(value, dict):
        return {key: self.process_messages(item) for key, item in value.items()}
    return value


DjangosAddMessage = api.add_message


def install():
    for module, name, parent in (
        (cookie, "CookieStorage", Storage),
        (session, "SessionStorage", Storage),
        (fallback, "FallbackStorage", Parts),
    ):
        path = "%s.%s" % (module.__name__, name)
        setattr(module, name, type(name, (parent,), {"__module__": module.__name__, "path": path}))
    fallback.CookieStorage, fallback.SessionStorage = cookie.CookieStorage, session.SessionStorage
    api.add_message = messages.add_message = add_message
    cookie.MessageEncoder.default = default
    cookie.MessageDecoder.process_messages = process_messages
