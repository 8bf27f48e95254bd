package compat_test

import (
	"bytes"
	"encoding/hex"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// toolStore makes two sessions of users in Django, and prints their keys and what the
// store has in the place of the first one, in hexadecimal.
const toolStore = `
import django, os
os.environ["DJANGO_SETTINGS_MODULE"] = "shop.front"
django.setup()
from importlib import import_module
from django.conf import settings
Store = import_module(settings.SESSION_ENGINE).SessionStore
keys = []
for user in ["7", "8"]:
    session = Store()
    session["_auth_user_id"] = user
    session["cart"] = "tea"
    session.create()
    keys.append(session.session_key)
if hasattr(session, "cache_key_prefix"):
    from django.core.cache import cache
    name = cache.make_key(session.cache_key_prefix + keys[0])
    if "redis" in settings.CACHES["default"]["BACKEND"]:
        value = cache._cache.get_client(name).get(name)
    else:  # Django's client would read the pickle
        from pymemcache import Client
        value = Client(settings.CACHES["default"]["LOCATION"]).get(name)
else:
    with open(Store(keys[0])._key_to_file(), "rb") as f:
        value = f.read()
print(*keys, value.hex())
`

// toolHas prints which of these sessions Django finds.
const toolHas = `
import django, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "shop.front"
django.setup()
from importlib import import_module
from django.conf import settings
Store = import_module(settings.SESSION_ENGINE).SessionStore
print(*[key for key in sys.argv[1:] if Store().exists(key)])
`

// newStoreSite starts a site whose sessions are in one of frontEngines, and returns what
// its toolStore prints.
func newStoreSite(t *testing.T, name string) (f *front, made []string) {
	t.Helper()
	const release = "5.2.19"
	f = newFront(t, release, "sqlite", "auth.User")
	f.shop.bin = filepath.Dir(pythonWithCaches(t, release))
	engine := frontEngines()[name]
	f.shop.write("shop/front.py", frontSettings("auth.User", f.base)+
		"SESSION_ENGINE = \"django.contrib.sessions.backends."+engine.name+"\"\n"+engine.start(t))
	f.shop.write("store.py", toolStore)
	f.shop.write("has.py", toolHas)
	f.shop.write("site.json", string(f.shop.scriptLine("front", false)))
	made = strings.Fields(f.django("python store.py"))
	if len(made) != 3 {
		t.Fatalf("Django prints %q", made)
	}
	return f, made
}

// TestToolOnEachStore lists, shows, deletes, clears, decodes and explains Django's
// sessions from the command line, which knows nothing but what the site's script prints.
func TestToolOnEachStore(t *testing.T) {
	t.Parallel()
	tool := buildTool(t)
	for name, c := range map[string]struct {
		lists     bool
		from      string // of decode
		explained int    // the exit status of explain: 0 for text as in a table
		explains  string // what it says
		clears    string // what clearsessions says
	}{
		"cache on Redis":     {lists: true, from: "cache-value", explained: 1, explains: "a value of a cache", clears: "nothing to do"},
		"cache on memcached": {from: "memcached-value", explained: 1, explains: "a value of a cache", clears: "nothing to do"},
		"file":               {lists: true, from: "session-data", explains: "Signed with: SECRET_KEY", clears: "0 expired sessions deleted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, made := newStoreSite(t, name)
			run := func(status int, args ...string) string {
				t.Helper()
				cmd := exec.CommandContext(t.Context(), tool, args...)
				cmd.Dir = f.shop.dir
				var out bytes.Buffer
				cmd.Stdout, cmd.Stderr = &out, &out
				err := cmd.Run()
				if got := cmd.ProcessState.ExitCode(); got != status {
					t.Fatalf("%v: status %d, want %d (%v)\n%s", args, got, status, err, out.String())
				}
				return out.String()
			}
			first, second, value := made[0], made[1], made[2]
			if shown := run(0, "sessions", "show", "--json", "--settings", "site.json", first); !strings.Contains(shown, `"cart":"tea"`) {
				t.Errorf("shown\n%s", shown)
			}
			if c.from == "session-data" {
				text, err := hex.DecodeString(value)
				if err != nil {
					t.Fatal(err)
				}
				value = string(text)
			}
			if decoded := run(0, "decode", "--from", c.from, "--settings", "site.json", value); !strings.Contains(decoded, `"cart":"tea"`) {
				t.Errorf("decoded\n%s", decoded)
			}
			if said := run(c.explained, "explain", "--settings", "site.json", value); !strings.Contains(said, c.explains) {
				t.Errorf("explained\n%s", said)
			}
			if said := run(0, "clearsessions", "--settings", "site.json"); !strings.Contains(said, c.clears) {
				t.Errorf("clearing says\n%s", said)
			}
			if c.lists {
				list := run(0, "sessions", "list", "--json", "--full-keys", "--settings", "site.json")
				if strings.Count(list, "\n") != 2 || !strings.Contains(list, first) || !strings.Contains(list, second) {
					t.Errorf("listed\n%s", list)
				}
				run(0, "sessions", "delete", "--settings", "site.json", "--user", "7")
			} else {
				if said := run(1, "sessions", "list", "--settings", "site.json"); !strings.Contains(said, "cannot be listed") {
					t.Errorf("listed\n%s", said)
				}
				run(0, "sessions", "delete", "--settings", "site.json", first)
			}
			if left := f.django("python has.py " + first + " " + second); left != second {
				t.Errorf("Django finds %q, want %q", left, second)
			}
		})
	}
}
