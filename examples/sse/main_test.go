package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/examples/internal/recipetest"
)

// newSite returns a site with one user, and that user's stored session.
func newSite(t *testing.T) (*djangobridge.Site, *djangosession.Session) {
	t.Helper()
	settings, err := djangosession.NewSettingsFor("6.1", "the site's SECRET_KEY")
	if err != nil {
		t.Fatal(err)
	}
	users := memory.NewUsers()
	user, err := users.Add(&auth.User{Username: "anna", IsActive: true, Password: "!"}, memory.Access{})
	if err != nil {
		t.Fatal(err)
	}
	site, err := djangobridge.New(settings, djangobridge.Options{
		Users:      users,
		OpenEngine: func(s djangosession.Settings) (djangosession.Engine, error) { return memory.New(s) },
		Sessions: djangosession.Options{
			Logger:  slog.New(slog.DiscardHandler),
			OnError: func(_ context.Context, err error) { t.Errorf("reported %v", err) },
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	session := site.Sessions.New()
	if err := errors.Join(site.Login.LoginSession(t.Context(), session, user), session.Save(t.Context())); err != nil {
		t.Fatal(err)
	}
	return site, session
}

func get(t *testing.T, url, cookie string) (status int, h http.Header, body *bufio.Reader) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", cookie)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response.StatusCode, response.Header, bufio.NewReader(response.Body)
}

// TestEventsArriveUntilTheUserLogsOut reads the headers and events of two streams while
// the handlers run.
func TestEventsArriveUntilTheUserLogsOut(t *testing.T) {
	site, session := newSite(t)
	clocks := make(chan chan time.Time, 2)
	server := httptest.NewServer(routes(site, func() (<-chan time.Time, func()) {
		ticks := make(chan time.Time)
		clocks <- ticks
		return ticks, func() { close(ticks) }
	}))
	defer server.Close()
	var bodies [2]*bufio.Reader
	var ticks [2]chan time.Time
	for i := range bodies {
		status, header, body := get(t, server.URL+"/events", "sessionid="+session.Key())
		if !strings.HasPrefix(header.Get("Set-Cookie"), "sessionid=") || header.Get("Vary") != "Cookie" {
			t.Errorf("status %d, header %q", status, header)
		}
		bodies[i], ticks[i] = body, <-clocks
	}
	for i, body := range bodies {
		ticks[i] <- time.Unix(0, 0)
		if line, err := body.ReadString('\n'); err != nil || line != "data: 1970-01-01T00:00:00Z\n" {
			t.Errorf("%q, %v", line, err)
		}
	}
	if err := site.Sessions.Delete(t.Context(), session.Key()); err != nil {
		t.Fatal(err)
	}
	for i, body := range bodies {
		ticks[i] <- time.Unix(1, 0)
		if rest, err := io.ReadAll(body); err != nil || string(rest) != "\n" {
			t.Errorf("after the logout: %q, %v", rest, err)
		}
		if _, open := <-ticks[i]; open {
			t.Error("the clock runs on")
		}
	}
}

func TestVisitorsWithoutALoginGetNoEvents(t *testing.T) {
	site, _ := newSite(t)
	server := httptest.NewServer(routes(site, nil))
	defer server.Close()
	if status, _, _ := get(t, server.URL+"/events", ""); status != http.StatusUnauthorized {
		t.Errorf("status %d", status)
	}
}

// TestNetHTTP checks net/http itself like the frameworks. Streams meet its parts "late"
// and "flush".
func TestNetHTTP(t *testing.T) {
	recipetest.Run(t, recipetest.Recipe{Pages: pages})
}
