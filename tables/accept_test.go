package tables_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

const backends = "django.contrib.sessions.backends."

// storeClass is the exported description of a site's class that derives from Django's
// classes of these modules.
func storeClass(overridden []string, modules ...string) djangosession.SessionStoreClass {
	c := djangosession.SessionStoreClass{
		MRO: []string{"shop.sessions.SessionStore"}, Overrides: map[string][]string{"shop.sessions.SessionStore": overridden},
	}
	for _, m := range modules {
		c.MRO = append(c.MRO, backends+m+".SessionStore")
	}
	c.MRO = append(c.MRO, backends+"base.SessionBase", "builtins.object")
	return c
}

func TestEnginesThatMayKeepSessionsElsewhereAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		engine string
		class  djangosession.SessionStoreClass
	}{
		"cache":                {engine: backends + "cache"},
		"cached_db":            {engine: backends + "cached_db"},
		"file":                 {engine: backends + "file"},
		"signed_cookies":       {engine: backends + "signed_cookies"},
		"unknown":              {engine: "redis_sessions.session"},
		"not exported":         {engine: "shop.sessions"},
		"subclass of cache":    {engine: "shop.sessions", class: storeClass(nil, "cached_db", "db")},
		"own load":             {engine: "shop.sessions", class: storeClass([]string{"load"}, "db")},
		"nothing but the base": {engine: "shop.sessions", class: storeClass(nil)},
	} {
		s := settings()
		s.SessionEngine, s.SessionStoreClass = c.engine, c.class
		_, err := tables.New(openFile(t, ":memory:"), s, tables.Options{Dialect: tables.SQLite{}})
		wrong, ok := errors.AsType[*djangosession.SettingError](err)
		if !ok || wrong.Setting != "SESSION_ENGINE" || !strings.Contains(err.Error(), c.engine) ||
			!strings.Contains(err.Error(), "Options.AcceptEngine") {
			t.Errorf("%s: error %v", name, err)
		}
		if _, err := tables.New(openFile(t, ":memory:"), s, tables.Options{Dialect: tables.SQLite{}, AcceptEngine: c.engine}); err != nil {
			t.Errorf("%s: accepted, but %v", name, err)
		}
		_, err = tables.New(openFile(t, ":memory:"), s, tables.Options{Dialect: tables.SQLite{}, AcceptEngine: "shop.other"})
		if wrong, ok := errors.AsType[*djangosession.SettingError](err); !ok || wrong.Setting != "Options.AcceptEngine" {
			t.Errorf("%s: another is accepted: error %v", name, err)
		}
	}
}

func TestSubclassesThatOnlyAddColumnsNeedNoOption(t *testing.T) {
	t.Parallel()
	s := settings()
	s.SessionEngine = "shop.sessions"
	s.SessionStoreClass = storeClass([]string{"create_model_instance", "get_model_class", "key_salt"}, "db")
	if _, err := tables.New(openFile(t, ":memory:"), s, tables.Options{Dialect: tables.SQLite{}}); err != nil {
		t.Error(err)
	}
}
