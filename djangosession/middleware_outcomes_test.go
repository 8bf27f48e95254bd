package djangosession_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// TestOutcomesOfRequests has what was seen on Django 5.2 of requests that do little.
func TestOutcomesOfRequests(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		known, everyRequest   bool
		handler               func(s *djangosession.Session)
		vary, cookie, created bool
	}{
		"untouched":          {},
		"read":               {handler: func(s *djangosession.Session) { s.Get("n") }, vary: true},
		"set":                {handler: func(s *djangosession.Session) { s.Set("n", "1") }, vary: true, cookie: true, created: true},
		"known, untouched":   {known: true},
		"known, read":        {known: true, handler: func(s *djangosession.Session) { s.Get("n") }, vary: true},
		"known, set":         {known: true, handler: func(s *djangosession.Session) { s.Set("n", "1") }, vary: true, cookie: true},
		"every, untouched":   {everyRequest: true},
		"every, read":        {everyRequest: true, handler: func(s *djangosession.Session) { s.Get("n") }, vary: true},
		"every, known":       {everyRequest: true, known: true, vary: true, cookie: true},
		"every, known, read": {everyRequest: true, known: true, handler: func(s *djangosession.Session) { s.Get("n") }, vary: true, cookie: true},
	} {
		s := newShop(t, "6.1", func(settings *djangosession.Settings) { settings.SessionSaveEveryRequest = c.everyRequest })
		cookie := ""
		if c.known {
			cookie = "sessionid=" + s.visitor(map[string]any{"n": "old"})
		}
		r := s.visit(cookie, func(_ http.ResponseWriter, r *http.Request) {
			if c.handler != nil {
				c.handler(s.session(r))
			}
		})
		errs, events := s.told()
		if got := r.Header.Get("Vary") == "Cookie"; got != c.vary || errs != nil {
			t.Errorf("%s: Vary %q, told of %v", name, r.Header.Get("Vary"), errs)
		}
		if got := r.Header.Get("Set-Cookie") != ""; got != c.cookie || len(events) != map[bool]int{true: 1}[c.cookie] {
			t.Errorf("%s: cookie %q, events %v", name, r.Header.Get("Set-Cookie"), events)
		}
		if len(events) == 1 && (events[0].Created != c.created || events[0].Status != http.StatusOK) {
			t.Errorf("%s: event %+v", name, events[0])
		}
	}
}

// TestSessionsThatAreGoneAreNotSavedForNothing lets a handler get over the end of the session, where each request saves.
func TestSessionsThatAreGoneAreNotSavedForNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t, "6.1", func(settings *djangosession.Settings) { settings.SessionSaveEveryRequest = true })
	key := s.visitor(map[string]any{"n": "old"})
	r := s.visit("sessionid="+key, func(_ http.ResponseWriter, r *http.Request) {
		session := s.session(r)
		must(s.Manager.Delete(r.Context(), key))
		if err := session.CycleKey(r.Context()); !errors.Is(err, djangosession.ErrSessionGone) {
			t.Errorf("CycleKey: %v", err)
		}
	})
	if errs, _ := s.told(); r.StatusCode != http.StatusOK || errs != nil {
		t.Errorf("status %d, told of %v", r.StatusCode, errs)
	}
	if there, err := s.Manager.Exists(t.Context(), key); err != nil || there {
		t.Errorf("it is there again: %v", err)
	}
}

// TestFailedSavesOfPanicsAreReported has a release that saves with every status.
func TestFailedSavesOfPanicsAreReported(t *testing.T) {
	t.Parallel()
	s := newShop(t, "1.4", nil)
	s.engine.saveErr = errBroken
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is gone")
			}
		}()
		s.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			s.session(r).Set("n", "1")
			panic("broken")
		})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	}()
	if errs, events := s.told(); len(errs) != 1 || !errors.Is(errs[0], errBroken) || events != nil {
		t.Errorf("told of %v, %v", errs, events)
	}
}

// TestKeysChangeWithTheWholeSession: without MergeSaves the session replaces what others have stored, as in Django.
func TestKeysChangeWithTheWholeSession(t *testing.T) {
	t.Parallel()
	m, _ := site(t, nil)
	first := m.New()
	first.Set("a", 1)
	must(first.Save(t.Context()))
	mine, err := m.Load(t.Context(), first.Key())
	must(err)
	first.Set("b", 2)
	must(first.Save(t.Context()))
	must(mine.CycleKey(t.Context()))
	again, err := m.Load(t.Context(), mine.Key())
	must(err)
	if keys := again.Keys(); len(keys) != 1 || keys[0] != "a" {
		t.Errorf("stored %v", keys)
	}
}

// TestDecodeMaxAgeOfReleases gives texts of both layouts to releases that read one of them.
func TestDecodeMaxAgeOfReleases(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"2.2.28", "3.2.25", "6.1"} {
		s, err := djangosession.NewSettingsFor(release, "test-secret-key")
		must(err)
		s.Now = func() time.Time { return frozen }
		codec, err := djangosession.NewCodec(s)
		must(err)
		for text, want := range map[string]bool{plainText: release != "2.2.28", legacyText: false, "": false, "::": false} {
			d, err := codec.DecodeMaxAge(text, time.Hour)
			if (err == nil) != want || (d != nil) != want {
				t.Errorf("%s: %.10q: %v, %v", release, text, d, err)
				continue
			}
			if _, ok := errors.AsType[*djangosession.DecodeError](err); !ok && !want {
				t.Errorf("%s: %.10q: error %v", release, text, err)
			}
			if whole, err := codec.Decode(text); want && (err != nil || !py.Equal(whole, d)) {
				t.Errorf("%s: %v, decoded %v", release, d, whole)
			}
		}
	}
}
