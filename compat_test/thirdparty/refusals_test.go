package thirdparty

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// TestEnginesThatMayKeepSessionsElsewhereAreRefused exports the settings of sites with
// real engines.
func TestEnginesThatMayKeepSessionsElsewhereAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ engine, why string }{
		"qsessions_cached_db": {engine: "qsessions.backends.cached_db", why: "is built on django.contrib.sessions.backends.cached_db"},
		"qsessions_db":        {engine: "qsessions.backends.db", why: "qsessions.backends.db.SessionStore that overrides load"},
		"user_sessions":       {engine: "user_sessions.backends.db", why: "is not a subclass of that of django.contrib.sessions.backends.db"},
		"redis_sessions":      {engine: "redis_sessions.session", why: "is not a subclass of that of django.contrib.sessions.backends.db"},
		"cached_subclass":     {engine: "shop.cached_sessions", why: "is built on django.contrib.sessions.backends.cached_db"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := exportSite(t, name)
			_, _, _, err := openEngine(t, s, nil)
			refused, ok := errors.AsType[*djangosession.SettingError](err)
			if !ok || refused.Setting != "SESSION_ENGINE" {
				t.Fatalf("error %v", err)
			}
			for _, want := range []string{c.engine, c.why, "Options.AcceptEngine", "docs/works-with.md"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error lacks %q: %v", want, err)
				}
			}
		})
	}
}

// TestColumnsOfASubclassHaveToBeNamed uses an engine that Django's documentation shows.
func TestColumnsOfASubclassHaveToBeNamed(t *testing.T) {
	t.Parallel()
	s := startSite(t, "db_subclass")
	_, _, settings, err := openEngine(t, s, nil)
	column, ok := errors.AsType[*tables.ColumnError](err)
	if !ok || column.Column != "account_id" || !column.Filled || !strings.Contains(err.Error(), "Options.ExtraColumns") {
		t.Errorf("error %v", err)
	}
	if settings.KeySalt != "shop.own" || settings.SessionStore != "OwnStore" || settings.SessionStoreClass.Table != "own_session" {
		t.Errorf("exported %q, %q, %q", settings.KeySalt, settings.SessionStore, settings.SessionStoreClass.Table)
	}
}

// TestReadingBesideACache has a service that only reads, which cached_db allows: it
// stores each session in its table too.
func TestReadingBesideACache(t *testing.T) {
	t.Parallel()
	s := startSite(t, "qsessions_cached_db")
	v := startService(t, s, options{readOnly: true, tables: qsessionsCached})
	b := newBrowser(t, s.url, v.url)
	b.submit("/login/", "username", "ada", "password", "pass word")
	b.wantBoth("after the login", page{User: "ada"})
	b.get(b.django + "/set/?dj=2")
	b.wantBoth("after Django's change", page{User: "ada", Dj: "2"})
	for _, path := range []string{"/set/?go=1", "/cycle/", "/logout/"} {
		if status, _ := b.send(http.MethodGet, b.service+path, nil); status != http.StatusInternalServerError {
			t.Errorf("%s: status %d", path, status)
		}
	}
	if refused := b.goLogin(); refused == "" {
		t.Error("Go logs in")
	}
	b.wantBoth("after Go was refused", page{User: "ada", Dj: "2"})
	copied := b.thief()
	b.submit("/logout/")
	b.wantBoth("after a logout", page{})
	copied.wantBoth("after a logout, with a copied cookie,", page{})
}
