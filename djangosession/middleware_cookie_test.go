package djangosession_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// Cookies that Django 5.2 sets at noon; compat_test compares many more with a live
// Django.
const (
	fresh    = "sessionid=<key>; expires=Tue, 28 Nov 2023 22:13:20 GMT; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax"
	gone     = `sessionid=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax`
	unknown  = "sessionid=unknownunknownunknownunknown1234"
	tooShort = "sessionid=seven77"
)

// TestAnswersAsDjango has outcomes observed on Django.
func TestAnswersAsDjango(t *testing.T) {
	every := func(s *djangosession.Settings) { s.SessionSaveEveryRequest = true }
	set := func(s *djangosession.Session) { s.Set("n", "new") }
	get := func(s *djangosession.Session) { s.Get("n") }
	for _, c := range []struct {
		name    string
		release string // 5.2.19 if empty
		change  func(*djangosession.Settings)
		cookie  string // that of a stored session with {"n": "old"} if "known"
		use     func(*djangosession.Session)
		flush   bool
		cycle   bool
		status  int // 200 if 0

		want     string // Set-Cookie
		vary     string
		stored   string // the value n of the session that the browser then has
		sameKey  bool
		queries  int64 // number of loads
		reported djangosession.SaveReason
	}{
		{name: "no cookie, untouched"},
		{name: "no cookie, read", use: get, vary: "Cookie"},
		{name: "no cookie, set", use: set, want: fresh, vary: "Cookie", stored: "new", reported: djangosession.SaveModified},
		{
			name: "no cookie, set and deleted", vary: "Cookie",
			use: func(s *djangosession.Session) { s.Set("n", 1); s.PopDefault("n", nil) },
		},
		{name: "no cookie, cleared", use: (*djangosession.Session).Clear, vary: "Cookie"},
		{name: "no cookie, save every request", change: every},
		{name: "known, untouched", cookie: "known"},
		{name: "known, only the key looked at", cookie: "known", use: func(s *djangosession.Session) { _ = s.Key() }, queries: 1},
		{name: "known, read", cookie: "known", use: get, vary: "Cookie", queries: 1},
		{
			name: "known, set", cookie: "known", use: set, want: fresh, vary: "Cookie", stored: "new", sameKey: true, queries: 1,
			reported: djangosession.SaveModified,
		},
		{
			name: "known, cleared", cookie: "known", use: (*djangosession.Session).Clear, want: fresh, vary: "Cookie", sameKey: true,
			queries: 1, reported: djangosession.SaveModified,
		},
		{name: "known, flushed", cookie: "known", flush: true, want: gone, vary: "Cookie", queries: 1, reported: djangosession.SaveCookieDeleted},
		{
			name: "known, flushed, then set", cookie: "known", flush: true, use: set, want: fresh, vary: "Cookie", stored: "new",
			queries: 1, reported: djangosession.SaveModified,
		},
		{
			name: "known, cycled", cookie: "known", cycle: true, want: fresh, vary: "Cookie", stored: "old", queries: 1,
			reported: djangosession.SaveModified,
		},
		{
			name: "known, untouched, save every request", change: every, cookie: "known", want: fresh, vary: "Cookie", stored: "old",
			sameKey: true, queries: 1, reported: djangosession.SaveEveryRequest,
		},
		{
			name: "known, untouched, save every request, 6.0.4 forgets Vary", release: "6.0.4", change: every, cookie: "known",
			want: fresh, stored: "old", sameKey: true, queries: 1, reported: djangosession.SaveEveryRequest,
		},
		{name: "known, set, not found", cookie: "known", use: set, status: 404, want: fresh, vary: "Cookie", stored: "new", sameKey: true, queries: 1, reported: djangosession.SaveModified},
		{name: "known, set, failed", cookie: "known", use: set, status: 500, vary: "Cookie", queries: 1},
		{name: "known, set, unavailable", cookie: "known", use: set, status: 503, vary: "Cookie", queries: 1},
		{
			name: "known, set, unavailable in 4.1", release: "4.1", cookie: "known", use: set, status: 503, want: fresh, vary: "Cookie",
			stored: "new", sameKey: true, queries: 1, reported: djangosession.SaveModified,
		},
		{name: "known, set, failed in 4.1", release: "4.1", cookie: "known", use: set, status: 500, vary: "Cookie", queries: 1},
		{name: "known, untouched, save every request, failed", change: every, cookie: "known", status: 500},
		{name: "known, flushed, failed", cookie: "known", flush: true, status: 500, want: gone, vary: "Cookie", queries: 1, reported: djangosession.SaveCookieDeleted},
		{name: "unknown, untouched", cookie: unknown},
		{name: "unknown, read", cookie: unknown, use: get, want: gone, vary: "Cookie", queries: 1, reported: djangosession.SaveCookieDeleted},
		{name: "unknown, set", cookie: unknown, use: set, want: fresh, vary: "Cookie", stored: "new", queries: 1, reported: djangosession.SaveModified},
		{
			name: "unknown, untouched, save every request", change: every, cookie: unknown, want: fresh, vary: "Cookie", queries: 1,
			reported: djangosession.SaveEveryRequest,
		},
		{name: "too short, untouched", cookie: tooShort, want: gone, vary: "Cookie", reported: djangosession.SaveCookieDeleted},
		{name: "too short, untouched, failed", cookie: tooShort, status: 500, want: gone, vary: "Cookie", reported: djangosession.SaveCookieDeleted},
		{name: "too short, untouched, in 2.2", release: "2.2.28", cookie: tooShort, want: gone, reported: djangosession.SaveCookieDeleted},
		{name: "empty, untouched", cookie: "sessionid=", want: gone, vary: "Cookie", reported: djangosession.SaveCookieDeleted},
	} {
		t.Run(c.name, func(t *testing.T) {
			release := c.release
			if release == "" {
				release = "5.2.19"
			}
			s := newShop(t, release, c.change)
			old := s.visitor(map[string]any{"n": "old"})
			s.engine.loads.Store(0)
			cookie := c.cookie
			if cookie == "known" {
				cookie = "sessionid=" + old
			}
			r := s.visit(cookie, func(w http.ResponseWriter, r *http.Request) {
				if c.use != nil || c.flush || c.cycle {
					session := s.session(r)
					if c.flush {
						if err := session.Flush(r.Context()); err != nil {
							t.Error(err)
						}
					}
					if c.cycle {
						if err := session.CycleKey(r.Context()); err != nil {
							t.Error(err)
						}
					}
					if c.use != nil {
						c.use(session)
					}
				}
				if c.status != 0 {
					w.WriteHeader(c.status)
				}
			})
			queries := s.engine.loads.Load()
			got, key := setCookie(t, r.Header)
			if got != c.want {
				t.Errorf("Set-Cookie is\n%s, want\n%s", got, c.want)
			}
			if vary := r.Header.Get("Vary"); vary != c.vary {
				t.Errorf("Vary is %q, want %q", vary, c.vary)
			}
			if n := s.stored(key); n != c.stored {
				t.Errorf("stored is %q, want %q", n, c.stored)
			}
			if same := key == old; same != c.sameKey {
				t.Errorf("it is the same key: %v, want %v", same, c.sameKey)
			}
			if queries != c.queries {
				t.Errorf("%d loads, want %d", queries, c.queries)
			}
			if n := s.stored(old); c.want == "" && n != "old" {
				t.Errorf("without a cookie the stored session has become %q", n)
			}
			errs, events := s.told()
			if len(errs) > 0 {
				t.Errorf("reported: %v", errs)
			}
			reasons := make([]djangosession.SaveReason, 0, len(events))
			for _, e := range events {
				reasons = append(reasons, e.Reason)
			}
			if c.reported != "" && !slices.Equal(reasons, []djangosession.SaveReason{c.reported}) || c.reported == "" && len(reasons) > 0 {
				t.Errorf("told of %q, want %q", reasons, c.reported)
			}
			if text := s.log.String(); strings.Contains(text, old) || key != "" && strings.Contains(text, key) {
				t.Errorf("a key in the log: %s", text)
			}
		})
	}
}

// TestWritesCookiesAsDjango has the cookies of several releases.
func TestWritesCookiesAsDjango(t *testing.T) {
	berlin := time.FixedZone("", 3600)
	for _, c := range []struct {
		name    string
		release string
		change  func(*djangosession.Settings)
		expire  func(*djangosession.Session)
		set     string
		deleted string
	}{
		{name: "defaults", set: fresh, deleted: gone},
		{
			name: "dates of 2.0", release: "2.0.13", set: "sessionid=<key>; expires=Tue, 28-Nov-2023 22:13:20 GMT; HttpOnly; Max-Age=1209600; Path=/",
			deleted: `sessionid=""; expires=Thu, 01-Jan-1970 00:00:00 GMT; Max-Age=0; Path=/`,
		},
		{
			name: "2.2.14 deletes without SameSite", release: "2.2.14", set: fresh,
			deleted: `sessionid=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/`,
		},
		{name: "2.2.15 deletes with SameSite", release: "2.2.15", set: fresh, deleted: gone},
		{
			name: "1.10 deletes without the path", release: "1.10", change: func(s *djangosession.Settings) { s.SessionCookiePath = "/shop"; s.SessionCookieDomain = "a.test" },
			set:     "sessionid=<key>; Domain=a.test; expires=Tue, 28-Nov-2023 22:13:20 GMT; HttpOnly; Max-Age=1209600; Path=/shop",
			deleted: `sessionid=""; Domain=a.test; expires=Thu, 01-Jan-1970 00:00:00 GMT; Max-Age=0; Path=/`,
		},
		{
			name: "1.8 deletes without the domain", release: "1.8.3", change: func(s *djangosession.Settings) { s.SessionCookieDomain = "a.test" },
			set:     "sessionid=<key>; Domain=a.test; expires=Tue, 28-Nov-2023 22:13:20 GMT; HttpOnly; Max-Age=1209600; Path=/",
			deleted: `sessionid=""; expires=Thu, 01-Jan-1970 00:00:00 GMT; Max-Age=0; Path=/`,
		},
		{
			name: "all attributes", change: func(s *djangosession.Settings) {
				s.SessionCookieDomain, s.SessionCookiePath, s.SessionCookieSecure, s.SessionCookieSameSite = ".a.test", "/shop/", true, "Strict"
			},
			set:     "sessionid=<key>; Domain=.a.test; expires=Tue, 28 Nov 2023 22:13:20 GMT; HttpOnly; Max-Age=1209600; Path=/shop/; SameSite=Strict; Secure",
			deleted: `sessionid=""; Domain=.a.test; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/shop/; SameSite=Strict`,
		},
		{
			name: "as few as can be", change: func(s *djangosession.Settings) {
				s.SessionCookiePath, s.SessionCookieHTTPOnly, s.SessionCookieSameSite, s.SessionExpireAtBrowserClose = "", false, "", true
			},
			set:     "sessionid=<key>;",
			deleted: `sessionid=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0`,
		},
		{
			name: "SameSite=None", change: func(s *djangosession.Settings) { s.SessionCookieSameSite = "none" },
			set:     "sessionid=<key>; expires=Tue, 28 Nov 2023 22:13:20 GMT; HttpOnly; Max-Age=1209600; Path=/; SameSite=none",
			deleted: `sessionid=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=none; Secure`,
		},
		{
			name: "a name that has to be secure", change: func(s *djangosession.Settings) { s.SessionCookieName = "__Host-sid" },
			set:     "__Host-sid=<key>; expires=Tue, 28 Nov 2023 22:13:20 GMT; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax",
			deleted: `__Host-sid=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax; Secure`,
		},
		{name: "browser close", expire: func(s *djangosession.Session) { s.SetExpiry(0) }, set: "sessionid=<key>; HttpOnly; Path=/; SameSite=Lax"},
		{
			name: "in the past", expire: func(s *djangosession.Session) { s.SetExpiry(-10) },
			set: "sessionid=<key>; expires=Tue, 14 Nov 2023 22:13:10 GMT; HttpOnly; Max-Age=-10; Path=/; SameSite=Lax",
		},
		{
			name: "a fraction", expire: func(s *djangosession.Session) { s.Set(djangosession.ExpiryName, 10.7) },
			set: "sessionid=<key>; expires=Tue, 14 Nov 2023 22:13:30 GMT; HttpOnly; Max-Age=10; Path=/; SameSite=Lax",
		},
		{
			name: "a fraction below zero", expire: func(s *djangosession.Session) { s.Set(djangosession.ExpiryName, -0.5) },
			set: "sessionid=<key>; expires=Tue, 14 Nov 2023 22:13:19 GMT; HttpOnly; Max-Age=0; Path=/; SameSite=Lax",
		},
		{
			name: "a fraction in 3.1", release: "3.1", expire: func(s *djangosession.Session) { s.Set(djangosession.ExpiryName, 10.7) },
			set: "sessionid=<key>; expires=Tue, 14 Nov 2023 22:13:30 GMT; HttpOnly; Max-Age=10.7; Path=/; SameSite=Lax",
		},
		{
			name: "a whole float in 3.1", release: "3.1", expire: func(s *djangosession.Session) { s.Set(djangosession.ExpiryName, 10.0) },
			set: "sessionid=<key>; expires=Tue, 14 Nov 2023 22:13:30 GMT; HttpOnly; Max-Age=10.0; Path=/; SameSite=Lax",
		},
		{
			name: "True", expire: func(s *djangosession.Session) { s.Set(djangosession.ExpiryName, true) },
			set: "sessionid=<key>; expires=Tue, 14 Nov 2023 22:13:21 GMT; HttpOnly; Max-Age=1; Path=/; SameSite=Lax",
		},
		{
			name: "a date", expire: func(s *djangosession.Session) { s.SetExpiryTime(time.Date(2023, 11, 15, 0, 0, 0, 0, berlin)) },
			set: "sessionid=<key>; expires=Tue, 14 Nov 2023 23:00:00 GMT; HttpOnly; Max-Age=2800; Path=/; SameSite=Lax",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			release := c.release
			if release == "" {
				release = "5.2.19"
			}
			s := newShop(t, release, c.change)
			r := s.visit("", func(_ http.ResponseWriter, r *http.Request) {
				session := s.session(r)
				session.Set("a", 1)
				if c.expire != nil {
					c.expire(session)
				}
			})
			if got, _ := setCookie(t, r.Header); got != c.set {
				t.Errorf("it is set by\n%s, want\n%s", got, c.set)
			}
			if c.deleted == "" {
				return
			}
			r = s.visit(s.Settings().SessionCookieName+"=short", func(http.ResponseWriter, *http.Request) {})
			if got, _ := setCookie(t, r.Header); got != c.deleted {
				t.Errorf("it is deleted by\n%s, want\n%s", got, c.deleted)
			}
		})
	}
}
