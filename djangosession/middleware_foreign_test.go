package djangosession_test

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// TestCookieThatTheHandlerHasWrittenStays passes Django's response through a proxy. Its
// changes to the session win.
func TestCookieThatTheHandlerHasWrittenStays(t *testing.T) {
	const (
		login  = "sessionid=newkeynewkeynewkeynewkeynewkey12; HttpOnly; Path=/"
		logout = `sessionid=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/`
	)
	type use = func(s *djangosession.Session, r *http.Request) error
	set := func(s *djangosession.Session, _ *http.Request) error { s.Set("n", "go"); return nil }
	for _, c := range []struct {
		name, cookie string
		known        bool
		settings     func(*djangosession.Settings)
		renewBelow   float64
		before       use // done in Go first
		late         use // done after the header
		status       int
		lost         bool
		stored       string
	}{
		{name: "untouched", cookie: login, known: true, stored: "old"},
		{name: "read", cookie: login, known: true, before: func(s *djangosession.Session, _ *http.Request) error { s.Get("n"); return nil }, stored: "old"},
		{name: "changed", cookie: login, known: true, before: set, lost: true, stored: "old"},
		{name: "new", cookie: login, before: set, lost: true},
		{name: "new and saved", cookie: login, before: func(s *djangosession.Session, r *http.Request) error {
			s.Set("n", "go")
			return s.Save(r.Context())
		}, lost: true},
		{name: "changed and saved", cookie: login, known: true, before: func(s *djangosession.Session, r *http.Request) error {
			s.Set("n", "go")
			return s.Save(r.Context())
		}, stored: "go"},
		{name: "flushed", cookie: login, known: true, before: func(s *djangosession.Session, r *http.Request) error {
			s.Get("n")
			return s.Flush(r.Context())
		}},
		{name: "gone, as after a login in Django", cookie: login, known: true, before: func(s *djangosession.Session, r *http.Request) error {
			s.Set("n", "go")
			return s.DeleteStored(r.Context())
		}, lost: true},
		{name: "logout in Django", cookie: logout, known: true, before: set, lost: true, stored: "old"},
		{name: "logout in Django, untouched", cookie: logout, known: true, stored: "old"},
		{name: "changed late", cookie: login, known: true, late: set, lost: true, stored: "old"},
		{name: "error page", cookie: login, known: true, before: set, status: 500, stored: "old"},
		{name: "saved at every request", cookie: login, known: true, settings: func(s *djangosession.Settings) {
			s.SessionSaveEveryRequest = true
		}, stored: "old"},
		{name: "due to be renewed", cookie: login, known: true, renewBelow: 0.9, before: func(s *djangosession.Session, _ *http.Request) error { s.Get("n"); return nil }, stored: "old"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(t, "6.1", c.settings)
			s.use(func(o *djangosession.Options) { o.RenewBelow = c.renewBelow })
			header, key := "", ""
			if c.known {
				key = s.visitor(map[string]any{"n": "old"})
				header = "sessionid=" + key
			}
			s.wait(10 * 24 * time.Hour)
			saves := s.engine.saves.Load()
			r := s.visit(header, func(w http.ResponseWriter, r *http.Request) {
				if c.before != nil {
					if err := c.before(s.session(r), r); err != nil {
						t.Error(err)
					}
					saves = s.engine.saves.Load()
				}
				w.Header().Add("Set-Cookie", "other=1")
				w.Header().Add("Set-Cookie", c.cookie)
				w.WriteHeader(max(c.status, http.StatusOK))
				_, _ = io.WriteString(w, "page")
				if c.late != nil {
					if err := c.late(s.session(r), r); err != nil {
						t.Error(err)
					}
				}
			})
			if got, want := r.Header["Set-Cookie"], []string{"other=1", c.cookie}; !slices.Equal(got, want) {
				t.Errorf("cookies %q, want %q", got, want)
			}
			if want := max(c.status, http.StatusOK); r.StatusCode != want || r.Body != "page" {
				t.Errorf("status %d, %q", r.StatusCode, r.Body)
			}
			if got := s.engine.saves.Load(); got != saves {
				t.Errorf("%d saves", got-saves)
			}
			if n := s.stored(key); n != c.stored {
				t.Errorf("stored is %q, want %q", n, c.stored)
			}
			errs, _ := s.told()
			if lost := slices.ContainsFunc(errs, func(err error) bool { return errors.Is(err, djangosession.ErrForeignCookie) }); lost != c.lost {
				t.Errorf("reported %v", errs)
			}
		})
	}
}

// TestOtherCookiesAreNotTheSessions checks that only the exact name matters.
func TestOtherCookiesAreNotTheSessions(t *testing.T) {
	for _, line := range []string{"sessionid2=kept", "xsessionid=kept", "other=sessionid=kept", "Sessionid=kept", "sessionid"} {
		s := newShop(t, "5.2.19", nil)
		r := s.visit("", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add("Set-Cookie", line)
			s.session(r).Set("n", "new")
		})
		if got := r.Header["Set-Cookie"]; len(got) != 2 || got[0] != line {
			t.Errorf("cookies %q", got)
		}
	}
}
