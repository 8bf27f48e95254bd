package djangosession_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/httpmw"
)

// TestReportsHaveLevelsAndWords checks the log line of each kind of failure.
func TestReportsHaveLevelsAndWords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fail  error
		late  bool
		words string
	}{
		"engine":  {fail: errBroken, words: `level=ERROR msg="session not saved"`},
		"deleted": {fail: djangosession.ErrSessionGone, words: `level=WARN msg="session not saved"`},
		"none":    {words: `level=DEBUG msg="session saved" reason=modified status=200 created=true`},
		"late":    {late: true, words: `level=ERROR msg="session used after the header of the response"`},
	} {
		s := newShop(t, "6.1", nil)
		s.engine.saveErr = c.fail
		s.visit("", func(w http.ResponseWriter, r *http.Request) {
			if c.late {
				w.WriteHeader(http.StatusOK)
			}
			s.session(r).Set("n", "1")
		})
		if text := s.log.String(); !strings.Contains(text, c.words) {
			t.Errorf("%s: log: %s", name, text)
		}
	}
}

// TestHooksRunOnceBeforeTheHeader has handlers that answer, return and panic.
func TestHooksRunOnceBeforeTheHeader(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler func(w http.ResponseWriter)
		status  int
	}{
		"answers": {handler: func(w http.ResponseWriter) { w.WriteHeader(http.StatusTeapot) }, status: http.StatusTeapot},
		"returns": {handler: func(http.ResponseWriter) {}, status: http.StatusOK},
		"panics":  {handler: func(http.ResponseWriter) { panic("broken") }, status: http.StatusInternalServerError},
		"answers and panics": {
			handler: func(w http.ResponseWriter) { w.WriteHeader(http.StatusTeapot); panic("broken") }, status: http.StatusTeapot,
		},
	} {
		s := newShop(t, "6.1", nil)
		var statuses []int
		w := httptest.NewRecorder()
		func() {
			defer func() { _ = recover() }()
			s.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				httpmw.From(r.Context()).BeforeHeader(func(status int, header http.Header) {
					statuses = append(statuses, status)
					header.Set("X-Hook", "ran")
				})
				c.handler(w)
			})).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
		}()
		if len(statuses) != 1 || statuses[0] != c.status || w.Header().Get("X-Hook") != "ran" {
			t.Errorf("%s: hook called with %v, header %v", name, statuses, w.Header())
		}
	}
}

// TestDamagedSessionsAreReportedWithTheReason has a text of another key, and an invalid
// one.
func TestDamagedSessionsAreReportedWithTheReason(t *testing.T) {
	t.Parallel()
	for text, reason := range map[string]string{"garbage": "reason=malformed", "e30:1r31eq:x": "reason=bad_signature"} {
		s := newShop(t, "6.1", nil)
		s.engine.SetRow(someKey, text, noon.Add(time.Hour))
		if _, err := s.Load(t.Context(), someKey); err != nil {
			t.Fatal(err)
		}
		if log := s.log.String(); !strings.Contains(log, reason) || strings.Contains(log, someKey) {
			t.Errorf("%s: log: %s", text, log)
		}
	}
}

// TestOutcomesOfRequests has outcomes observed on Django 5.2 for requests that do little.
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

// TestSessionsThatAreGoneAreNotSavedForNothing has a handler that ignores the end of the
// session, on a site that saves at every request.
func TestSessionsThatAreGoneAreNotSavedForNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t, "6.1", func(settings *djangosession.Settings) { settings.SessionSaveEveryRequest = true })
	key := s.visitor(map[string]any{"n": "old"})
	r := s.visit("sessionid="+key, func(_ http.ResponseWriter, r *http.Request) {
		session := s.session(r)
		must(s.Delete(r.Context(), key))
		if err := session.CycleKey(r.Context()); !errors.Is(err, djangosession.ErrSessionGone) {
			t.Errorf("CycleKey: %v", err)
		}
	})
	if errs, _ := s.told(); r.StatusCode != http.StatusOK || errs != nil {
		t.Errorf("status %d, told of %v", r.StatusCode, errs)
	}
	if there, err := s.Exists(t.Context(), key); err != nil || there {
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

// TestKeysChangeWithTheWholeSession checks that without MergeSaves the session replaces
// what others have stored, as in Django.
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
