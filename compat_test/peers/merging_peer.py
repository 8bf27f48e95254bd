"""What python_engines_*_test.go have a Django do; see peer.py."""

import time

from engine_peer import do_export, do_make, do_python  # noqa: F401


def do_count_up(self, key, name, rounds):
    """Set a value to 1, 2, ... in as many requests, and return how many did not last until the next."""
    lost = 0
    for n in range(1, rounds + 1):
        session = self.store(key)
        lost += session.get(name, 0) != n - 1
        session[name] = n
        session.save()
    return lost


def do_race(self, key, op, wait):
    """Do one thing to a session after a time in seconds. Return the key of a session that was moved."""
    from django.contrib.sessions.backends.base import UpdateError

    time.sleep(wait)
    session = self.store(key)
    try:
        if op == "save":
            session["django"] = wait
            session.save()
        elif op == "cycle":
            session["django"] = wait
            if session.session_key is None:
                return None  # the load has found no session: a new one would be another
            session.cycle_key()
            return session.session_key
        elif op == "load":
            session.get("django")
        else:
            session.flush()
    except UpdateError:
        pass
    return None


def do_cost(self, key, engines, rounds):
    """Load and save a session with each engine in turn, and return the seconds of each of these."""
    from importlib import import_module

    stores = [import_module(engine).SessionStore for engine in engines]
    seconds = [[] for _ in stores]
    for n in range(rounds):
        for store, times in zip(stores, seconds):
            began = time.perf_counter()
            session = store(key)
            session["n"] = n
            session.save()
            times.append(time.perf_counter() - began)
    return seconds
