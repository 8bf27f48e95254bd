package compat_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// ownStores are modules of session stores, each with the settings that name it.
const ownStores = `
import logging
from django.contrib.sessions.backends.cached_db import SessionStore as CachedStore
from django.contrib.sessions.backends.db import SessionStore as DBStore
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import models

print("noise")


class OwnManager(BaseSessionManager):
    def get_queryset(self):
        return super().get_queryset()


class OwnSession(AbstractBaseSession):
    account = models.CharField(max_length=9, null=True, db_column="account_id")
    kind = models.IntegerField(default=3)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    objects = OwnManager()

    class Meta:
        app_label = "own"
        db_table = "own_session"

    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)

    def helper(self):
        pass


class Outer:
    class SessionStore(DBStore):
        key_salt = "own.salt"

        @classmethod
        def get_model_class(cls):
            return OwnSession

        def helper(self):
            pass

        def exists(self, session_key):
            return super().exists(session_key)
`

type storeCase struct {
	module   string // text of the module of the store
	settings string
	store    string
	salt     string // since 3.1
	written  string // serializer, if not the settings'
	class    djangosession.SessionStoreClass
}

func storeCases() map[string]storeCase {
	const base = "django.contrib.sessions.backends."
	dbMRO := []string{base + "db.SessionStore", base + "base.SessionBase", "builtins.object"}
	django := djangosession.SessionStoreClass{
		Model: "django.contrib.sessions.models.Session",
		Table: "django_session", Columns: djangoColumns(),
		Overrides: map[string][]string{}, ModelOverrides: map[string][]string{}, ManagerOverrides: map[string][]string{},
	}
	own, cached, gone := django, django, djangosession.SessionStoreClass{Error: "ModuleNotFoundError shop.nowhere"}
	own.MRO = append([]string{"shop.own.Outer.SessionStore"}, dbMRO...)
	own.Overrides = map[string][]string{"shop.own.Outer.SessionStore": {"exists", "get_model_class", "key_salt"}}
	own.Model, own.Table = "shop.own.OwnSession", "own_session"
	own.Columns = append(djangoColumns(),
		djangosession.SessionStoreColumn{Name: "account_id", Type: "CharField", Null: true},
		djangosession.SessionStoreColumn{Name: "kind", Type: "IntegerField", HasDefault: true},
		djangosession.SessionStoreColumn{Name: "created_at", Type: "DateTimeField", AutoNowAdd: true},
		djangosession.SessionStoreColumn{Name: "updated_at", Type: "DateTimeField", AutoNow: true})
	own.ModelOverrides = map[string][]string{"shop.own.OwnSession": {"objects", "save"}}
	own.ManagerOverrides = map[string][]string{"shop.own.OwnManager": {"get_queryset"}}
	cached.MRO = append([]string{"shop.cached.CustomStore", base + "cached_db.SessionStore"}, dbMRO...)
	cached.Overrides = map[string][]string{"shop.cached.CustomStore": {"__init__", "cache_key_prefix"}}
	cached.CacheKeyPrefix, cached.Error = "own:", "the store changes session keys"
	signed := djangosession.SessionStoreClass{
		MRO:       []string{base + "signed_cookies.SessionStore", base + "base.SessionBase", "builtins.object"},
		Overrides: map[string][]string{},
	}
	files := djangosession.SessionStoreClass{
		MRO:       []string{base + "file.SessionStore", base + "base.SessionBase", "builtins.object"},
		Overrides: map[string][]string{}, FilePath: "/usr",
	}
	return map[string]storeCase{
		"files": {
			settings: "SESSION_ENGINE = \"django.contrib.sessions.backends.file\"\nSESSION_FILE_PATH = \"/usr/lib/..\"", store: "SessionStore",
			class: files,
		},
		"own": {
			module:   ownStores + "\nSessionStore = Outer.SessionStore\n",
			settings: `SESSION_ENGINE = "shop.own"`, store: "Outer.SessionStore", salt: "own.salt", class: own,
		},
		"cached": {
			module: "from django.contrib.sessions.backends.cached_db import SessionStore\n\n" +
				"class CustomStore(SessionStore):\n    cache_key_prefix = 'own:'\n" +
				"    def __init__(self, key=None):\n        super().__init__('x' + key)\n        self.serializer = print\n\nSessionStore = CustomStore\n",
			settings: `SESSION_ENGINE = "shop.cached"`, store: "CustomStore", written: "builtins.print", class: cached,
		},
		"signed": {settings: `SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"`, store: "SessionStore", class: signed},
		"gone":   {settings: `SESSION_ENGINE = "shop.nowhere"`, store: "SessionStore", class: gone},
	}
}

// TestSettingsScriptPrintsTheSessionStore also holds that the text a module prints does
// not spoil the output.
func TestSettingsScriptPrintsTheSessionStore(t *testing.T) {
	t.Parallel()
	for _, release := range releases() {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			shop := newProject(t, release)
			for name, c := range storeCases() {
				if c.module != "" {
					shop.write("shop/"+name+".py", c.module)
				}
				s, err := djangosession.ReadSettings(bytes.NewReader(shop.printed(name+"_settings", c.settings)))
				if err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				if !s.AtLeast(3, 1, 0) { // there is no such property, and so none to override
					c.salt = ""
					c.class.Overrides = maps.Clone(c.class.Overrides)
					for class, names := range c.class.Overrides {
						c.class.Overrides[class] = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "key_salt" })
					}
				}
				if c.written == "" {
					c.written = "django.contrib.sessions.serializers.JSONSerializer"
				}
				if s.SessionSerializer != c.written {
					t.Errorf("%s: serializer %q, want %q", name, s.SessionSerializer, c.written)
				}
				if s.SessionStore != c.store || s.KeySalt != c.salt {
					t.Errorf("%s: store %q with salt %q, want %q and %q", name, s.SessionStore, s.KeySalt, c.store, c.salt)
				}
				if got, want := fmt.Sprintf("%+v", s.SessionStoreClass), fmt.Sprintf("%+v", c.class); got != want {
					t.Errorf("%s:\ngot  %s\nwant %s", name, got, want)
				}
			}
		})
	}
}
