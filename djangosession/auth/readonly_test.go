package auth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/py"
)

// TestReadOnlyManagerLogsNobodyOut covers a user with sessions and one without.
func TestReadOnlyManagerLogsNobodyOut(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	mine := site.login(t, "2")
	site.with(t, djangosession.Options{ReadOnly: true})
	for _, id := range []string{"1", "2"} {
		if n, err := site.auth.LogoutEverywhere(t.Context(), id); n != 0 || !errors.Is(err, djangosession.ErrReadOnly) {
			t.Errorf("user %s in a command: %d sessions, %v", id, n, err)
		}
		if n, err := site.auth.LogoutElsewhere(t.Context(), id, mine); n != 0 || !errors.Is(err, djangosession.ErrReadOnly) {
			t.Errorf("user %s elsewhere: %d sessions, %v", id, n, err)
		}
		site.ask(t.Context(), mine.Key(), func(_ http.ResponseWriter, r *http.Request) {
			if n, err := site.auth.LogoutEverywhere(r.Context(), id); n != 0 || !errors.Is(err, djangosession.ErrReadOnly) {
				t.Errorf("user %s in a request: %d sessions, %v", id, n, err)
			}
		})
	}
	if !site.stored(mine.Key()) {
		t.Error("the session was deleted")
	}
}

// TestReadOnlyRequestLogsNobodyOut uses an Auth whose own manager may write, in a request
// with a read-only session.
func TestReadOnlyRequestLogsNobodyOut(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	key := site.login(t, "2").Key()
	readOnly, err := djangosession.NewManager(site.engine, site.manager.Settings(), djangosession.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	r.AddCookie(&http.Cookie{Name: "sessionid", Value: key})
	readOnly.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for _, id := range []string{"1", "2"} {
			if n, err := site.auth.LogoutEverywhere(r.Context(), id); n != 0 || !errors.Is(err, djangosession.ErrReadOnly) {
				t.Errorf("user %s: %d sessions, %v", id, n, err)
			}
		}
	})).ServeHTTP(httptest.NewRecorder(), r)
	if !site.stored(key) {
		t.Error("the session was deleted")
	}
	site.ask(t.Context(), key, func(_ http.ResponseWriter, r *http.Request) {
		if n, err := site.auth.LogoutEverywhere(r.Context(), "2"); n != 1 || err != nil {
			t.Errorf("in a request that may write: %d sessions, %v", n, err)
		}
	})
}

// loadless is an engine that cannot load sessions.
type loadless struct{ *memory.Engine }

func (loadless) Load(context.Context, string) (*djangosession.Record, error) { return nil, errAway }

// TestLogoutEverywhereNeedsTheSessionOfItsRequest: if that cannot be loaded, it may be
// read-only.
func TestLogoutEverywhereNeedsTheSessionOfItsRequest(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	key := site.login(t, "2").Key()
	manager, err := djangosession.NewManager(loadless{site.engine}, site.manager.Settings(), djangosession.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	r.AddCookie(&http.Cookie{Name: "sessionid", Value: key})
	manager.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if n, err := site.auth.LogoutEverywhere(r.Context(), "2"); n != 0 || !errors.Is(err, errAway) {
			t.Errorf("%d sessions, %v", n, err)
		}
	})).ServeHTTP(httptest.NewRecorder(), r)
	if !site.stored(key) {
		t.Error("the session was deleted")
	}
}

// TestLogoutEverywhereReportsSessionsThatItCannotRead uses a session that Django stored
// with a newer SECRET_KEY.
func TestLogoutEverywhereReportsSessionsThatItCannotRead(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", func(s *djangosession.Settings, _ *auth.Options) { s.ExportedAt = time.Now().Add(-time.Hour) })
	mine := site.login(t, "2")
	settings := site.manager.Settings()
	settings.SecretKey = "newer"
	codec, err := djangosession.NewCodec(settings)
	if err != nil {
		t.Fatal(err)
	}
	values := py.NewDict(0)
	for name, v := range bob(nil) {
		values.Set(name, v)
	}
	text, err := codec.Encode(values)
	if err != nil {
		t.Fatal(err)
	}
	unread := djangosession.NewKey()
	site.engine.SetRow(unread, text, time.Now().Add(time.Hour))
	n, err := site.auth.LogoutEverywhere(t.Context(), "2")
	if n != 1 || !errors.Is(err, djangosession.ErrOutdatedSettings) || site.stored(mine.Key()) || !site.stored(unread) {
		t.Errorf("%d sessions, %v", n, err)
	}
}
