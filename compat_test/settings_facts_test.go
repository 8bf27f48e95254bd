package compat_test

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/release"
)

// factsSettings contain a secret, "hush", in each place that a site may put one, except
// in the cache of sessions, which a service uses. The time at which they are loaded is in
// SESSION_FILE_PATH.
const factsSettings = `
import datetime, time, django
SESSION_FILE_PATH = repr(time.time())
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_CACHE_ALIAS = "visits"
SESSION_REDIS = {"host": "h", "password": "hush"}
CACHE_HERD_TIMEOUT = 9
DJANGO_REDIS_IGNORE_EXCEPTIONS = True
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "redis://:hush@other"},
    "visits": {
        "BACKEND": "django.core.cache.backends.dummy.DummyCache",
        "LOCATION": [
            "redis://user:needed@one:6379/1?db=2&password=needed#needed",
            "rediss://:nee,ded@two,redis://a:needed@three:1; redis://four/1?db=3;password=needed",
            "127.0.0.1:11211",
            "user:needed@five:1",
            "unix://:needed@/run/redis.sock?password=needed&db=3",
            "/srv/a@b",
        ],
        "OPTIONS": {"PASSWORD": "needed", "MAX_ENTRIES": 9},
        "max_entries": 11,
        "KEY_PREFIX": "shop",
        "VERSION": 3,
        "KEY_FUNCTION": "shop.keys.make",
        "TIMEOUT": None,
    },
}
INSTALLED_APPS = list(INSTALLED_APPS) + ["shop"]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
MESSAGE_LEVEL = 10
MESSAGE_TAGS = {25: "good", 99: "loud", "error": "of no level"}
CSRF_COOKIE_AGE = datetime.timedelta(weeks=52)
CSRF_COOKIE_HTTPONLY = 1
SESSION_COOKIE_PATH = None
DATA_UPLOAD_MAX_MEMORY_SIZE = 5e6
DATA_UPLOAD_MAX_NUMBER_FIELDS = float("inf")
LOGIN_REDIRECT_URL = "/in/"
LOGOUT_REDIRECT_URL = "/out/"
if django.VERSION < (3, 1):
    PASSWORD_RESET_TIMEOUT_DAYS = 2
else:
    PASSWORD_RESET_TIMEOUT = 2 * 24 * 60 * 60
PASSWORD_HASHERS = ["shop.hashers.Slow", "django.contrib.auth.hashers.MD5PasswordHasher", "shop.hashers.Missing"]
DATABASES["default"].update(
    USER="hush", PASSWORD="hush", HOST="hush", OPTIONS={"options": "-c x=hush -c search_path=shop\\ 1,public -c y=hush"})
`

// loginReceivers are a function, a method and an object.
const loginReceivers = `
from django.contrib.auth.signals import user_logged_in


class Carts:
    def merge(self, **kwargs):
        pass

    def __call__(self, **kwargs):
        pass


def count(**kwargs):
    pass


carts = Carts()
user_logged_in.connect(count)
user_logged_in.connect(carts.merge)
user_logged_in.connect(carts)
`

// slowHasher is a hasher as sites write them to choose the number of iterations.
const slowHasher = `
from django.contrib.auth.hashers import PBKDF2PasswordHasher


class Slow(PBKDF2PasswordHasher):
    iterations = 7
`

// TestSettingsScriptPrintsFacts also checks that no password gets into the file.
func TestSettingsScriptPrintsFacts(t *testing.T) {
	t.Parallel()
	for _, version := range append(release.VersionsFor("export"), releases()...) {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			shop := newProject(t, version)
			shop.write("shop/keys.py", "def make(key, prefix, version):\n    return key\n")
			shop.write("shop/models.py", loginReceivers)
			shop.write("shop/hashers.py", slowHasher)
			printed := shop.printed("facts", factsSettings)
			if bytes.Contains(printed, []byte("hush")) || bytes.Contains(printed, []byte("hu,sh")) {
				t.Errorf("the file contains a secret: %s", printed)
			}
			s, found, err := djangosession.ReviewSettings(bytes.NewReader(printed))
			if err != nil {
				t.Fatal(err)
			}
			wantFacts(t, s)
			loaded, err := strconv.ParseFloat(s.SessionFilePath, 64)
			if exported := float64(s.ExportedAt.UnixMicro()) / 1e6; err != nil || exported > loaded || exported < loaded-120 {
				t.Errorf("EXPORTED_AT is %f, and the settings were loaded at %f, %v", exported, loaded, err)
			}
			names := make([]string, 0, len(found))
			for _, f := range found {
				names = append(names, f.Setting)
			}
			if want := []string{
				"SESSION_CACHE.key_function", "SESSION_DATABASE", "USER_DATABASE", "LOGIN_RECEIVERS", "LOGIN_RECEIVERS", "LOGIN_RECEIVERS",
			}; !slices.Equal(names, want) {
				t.Errorf("found %q, want %q", found, want)
			}
		})
	}
}

// TestKeysWithEmptyPartsAreRefused has a cache and a store whose keys in the cache lack a
// part that Go would add.
func TestKeysWithEmptyPartsAreRefused(t *testing.T) {
	t.Parallel()
	for _, version := range releases() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			shop := newProject(t, version)
			shop.write("shop/plain.py", "from django.contrib.sessions.backends.cache import SessionStore as Base\n\n\n"+
				"class SessionStore(Base):\n    cache_key_prefix = \"\"\n")
			cache := "CACHES = {\"default\": {\"BACKEND\": \"django.core.cache.backends.dummy.DummyCache\", \"VERSION\": %s}}\n"
			for name, c := range map[string]struct{ settings, refused string }{
				"version": {
					settings: fmt.Sprintf(cache, `""`) + "SESSION_ENGINE = \"django.contrib.sessions.backends.cache\"\n", refused: "SESSION_CACHE",
				},
				"prefix": {settings: fmt.Sprintf(cache, "2") + "SESSION_ENGINE = \"shop.plain\"\n", refused: "SESSION_ENGINE"},
			} {
				_, found, err := djangosession.ReviewSettings(bytes.NewReader(shop.printed(name+"_settings", c.settings)))
				if err != nil {
					t.Fatal(err)
				}
				if !slices.ContainsFunc(found, func(f djangosession.Finding) bool {
					return f.Refused && f.Setting == c.refused && strings.Contains(f.Problem, "is empty")
				}) {
					t.Errorf("%s: found %v", name, found)
				}
			}
		})
	}
}

func wantFacts(t *testing.T, s djangosession.Settings) {
	t.Helper()
	want := djangosession.SessionCache{
		Alias: "visits", Backend: "django.core.cache.backends.dummy.DummyCache",
		Location: []string{
			"redis://user:needed@one:6379/1?db=2&password=needed#needed",
			"rediss://:nee,ded@two,redis://a:needed@three:1; redis://four/1?db=3;password=needed",
			"127.0.0.1:11211",
			"user:needed@five:1",
			"unix://:needed@/run/redis.sock?password=needed&db=3",
			"/srv/a@b",
		},
		Options: map[string]any{"PASSWORD": "needed", "MAX_ENTRIES": 11.0}, KeyPrefix: "shop", Version: "3", KeyFunction: "shop.keys.make",
		Clients: s.SessionCache.Clients, Settings: map[string]any{"CACHE_HERD_TIMEOUT": 9.0, "DJANGO_REDIS_IGNORE_EXCEPTIONS": true},
	}
	if !reflect.DeepEqual(s.SessionCache, want) {
		t.Errorf("read %+v\nwant %+v", s.SessionCache, want)
	}
	if want := "shop 1,public"; s.SessionDatabase.SearchPath != want || s.UserDatabase.SearchPath != want {
		t.Errorf("search paths %q and %q, want %q", s.SessionDatabase.SearchPath, s.UserDatabase.SearchPath, want)
	}
	if want := "django.contrib.messages.storage.session.SessionStorage"; s.MessageStorage != want {
		t.Errorf("messages in %q, want %q", s.MessageStorage, want)
	}
	wantLoginFacts(t, &s)
	receivers := []string{"django.contrib.auth.models.update_last_login", "shop.models.Carts", "shop.models.Carts.merge", "shop.models.count"}
	if !slices.Equal(s.LoginReceivers, receivers) {
		t.Errorf("receivers %q, want %q", s.LoginReceivers, receivers)
	}
	if len(s.SessionStoreClass.MRO) != 4 || !strings.HasSuffix(s.SessionStoreClass.MRO[0], "cached_db.SessionStore") {
		t.Errorf("a store of the classes %q", s.SessionStoreClass.MRO)
	}
}

// wantLoginFacts checks settings of messages, passwords and redirects, and the fields of
// users.
func wantLoginFacts(t *testing.T, s *djangosession.Settings) {
	t.Helper()
	if s.MessageLevel != 10 || len(s.MessageTags) != 2 || s.MessageTags[25] != "good" || s.MessageTags[99] != "loud" {
		t.Errorf("messages of level %d, tags %v", s.MessageLevel, s.MessageTags)
	}
	if s.CSRFCookieAge != 52*7*24*time.Hour || !s.CSRFCookieHTTPOnly || s.SessionCookiePath != "" ||
		s.DataUploadMaxMemorySize != 5e6 || s.DataUploadMaxNumberFields >= 0 {
		t.Errorf("age %v, HttpOnly %v, path %q, limits %d and %d", s.CSRFCookieAge, s.CSRFCookieHTTPOnly, s.SessionCookiePath,
			s.DataUploadMaxMemorySize, s.DataUploadMaxNumberFields)
	}
	if s.LoginRedirectURL != "/in/" || s.LogoutRedirectURL != "/out/" || s.PasswordResetTimeout != 48*time.Hour {
		t.Errorf("redirects %q and %q, timeout %v", s.LoginRedirectURL, s.LogoutRedirectURL, s.PasswordResetTimeout)
	}
	if len(s.Hashers) != 3 {
		t.Fatalf("%d hashers: %+v", len(s.Hashers), s.Hashers)
	}
	slow, md5, missing := s.Hashers[0], s.Hashers[1], s.Hashers[2]
	if slow.Class != "shop.hashers.Slow" || slow.Algorithm != "pbkdf2_sha256" || slow.Parameters["iterations"] != 7 ||
		!reflect.DeepEqual(slow.Overrides, map[string][]string{"shop.hashers.Slow": {"iterations"}}) ||
		!slices.Contains(slow.MRO, "django.contrib.auth.hashers.PBKDF2PasswordHasher") || slow.Error != "" {
		t.Errorf("%+v", slow)
	}
	if md5.Algorithm != "md5" || len(md5.Overrides) != 0 || missing.Class != "shop.hashers.Missing" || missing.Error == "" {
		t.Errorf("%+v, %+v", md5, missing)
	}
	if u := s.UserModel; u.UsernameField != "username" || u.EmailField != "email" ||
		!slices.ContainsFunc(u.Fields, func(f djangosession.UserField) bool {
			return f == djangosession.UserField{Name: "last_login", Column: "last_login", Type: "DateTimeField", Null: f.Null}
		}) {
		t.Errorf("%+v", u)
	}
}
