package djangosession_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// observed is what can be observed of a request: the header of its response, the error,
// what is stored, and what the hooks received.
type observed struct {
	SetCookie, Vary string
	Err             string
	Stored          string
	Events          []djangosession.SaveEvent
	Errors          int
}

// TestProcessResponseDoesWhatTheMiddlewareDoes gives both the same requests.
func TestProcessResponseDoesWhatTheMiddlewareDoes(t *testing.T) {
	t.Parallel()
	set := func(_ context.Context, s *djangosession.Session) error { s.Set("n", "new"); return nil }
	actions := map[string]func(context.Context, *djangosession.Session) error{
		"not used": nil,
		"read":     func(_ context.Context, s *djangosession.Session) error { s.Get("n"); return nil },
		"changed":  set,
		"flushed":  func(ctx context.Context, s *djangosession.Session) error { return s.Flush(ctx) },
		"new key":  func(ctx context.Context, s *djangosession.Session) error { return s.CycleKey(ctx) },
		"deleted": func(ctx context.Context, s *djangosession.Session) error {
			s.Set("n", "new")
			return s.DeleteStored(ctx)
		},
		"expiry":        func(_ context.Context, s *djangosession.Session) error { s.SetExpiry(300); return nil },
		"invalid value": func(_ context.Context, s *djangosession.Session) error { s.Set("n", make(chan int)); return nil },
	}
	options := map[string]func(*djangosession.Settings, *djangosession.Options){
		"as Django": func(*djangosession.Settings, *djangosession.Options) {},
		"every request": func(s *djangosession.Settings, _ *djangosession.Options) {
			s.SessionSaveEveryRequest = true
		},
		"merged": func(_ *djangosession.Settings, o *djangosession.Options) { o.MergeSaves = true },
		"read-only": func(_ *djangosession.Settings, o *djangosession.Options) {
			o.ReadOnly = true
		},
	}
	seen := map[string]bool{}
	for _, release := range []string{"1.11", "3.2", "6.1"} {
		for _, cookie := range []string{"", "sessionid=<key>", "a=b; sessionid=\"<key>\"; c=d", "sessionid=unknownunknownunknown", "sessionid=short"} {
			for action, do := range actions {
				for option, change := range options {
					for _, status := range []int{http.StatusOK, http.StatusNotFound, http.StatusInternalServerError} {
						name := fmt.Sprintf("%s, %q, %s, %s, %d", release, cookie, action, option, status)
						want := observe(t, release, cookie, change, throughMiddleware(status, do))
						got := observe(t, release, cookie, change, throughProcess(status, do))
						if !reflect.DeepEqual(got, want) {
							t.Fatalf("%s:\ngot  %+v\nwant %+v", name, got, want)
						}
						seen[fmt.Sprint(want.SetCookie != "", strings.Contains(want.SetCookie, "1970"), want.Vary, want.Err)] = true
					}
				}
			}
		}
	}
	if len(seen) < 8 {
		t.Errorf("%d kinds of outcomes only: %v", len(seen), seen)
	}
}

// observe runs a request on a site of its own, which has a session with the value "old".
func observe(t *testing.T, release, cookie string, change func(*djangosession.Settings, *djangosession.Options),
	request func(s *shop, cookie string) observed,
) observed {
	t.Helper()
	var options djangosession.Options
	s := newShop(t, release, func(settings *djangosession.Settings) { change(settings, &options) })
	key := s.visitor(map[string]any{"n": "old"})
	s.use(func(o *djangosession.Options) { o.MergeSaves, o.ReadOnly = options.MergeSaves, options.ReadOnly })
	got := request(s, strings.ReplaceAll(cookie, "<key>", key))
	line, newKey := setCookie(t, http.Header{"Set-Cookie": nonEmpty(got.SetCookie)})
	got.SetCookie, got.Stored = line, s.stored(key)+", "+s.stored(newKey)
	if newKey == key {
		got.SetCookie += " unchanged"
	}
	errs, events := s.told()
	for i := range events {
		events[i].Duration = 0
	}
	got.Events, got.Errors = events, len(errs)
	return got
}

func nonEmpty(line string) []string {
	if line == "" {
		return nil
	}
	return []string{line}
}

// throughMiddleware leaves it to the middleware to load and save the session.
func throughMiddleware(status int, do func(context.Context, *djangosession.Session) error) func(*shop, string) observed {
	return func(s *shop, cookie string) observed {
		var got observed
		s.use(func(o *djangosession.Options) {
			o.ErrorHandler = func(_ http.ResponseWriter, _ *http.Request, err error) { got.Err = err.Error() }
		})
		a := s.visit(cookie, func(w http.ResponseWriter, r *http.Request) {
			if do != nil {
				_ = do(r.Context(), s.session(r))
			}
			w.WriteHeader(status)
		})
		got.SetCookie, got.Vary = a.Header.Get("Set-Cookie"), a.Header.Get("Vary")
		if got.Err != "" { // the middleware reports what ProcessResponse returns
			errs, events := s.told()
			s.mu.Lock()
			s.errs, s.events = errs[1:], events
			s.mu.Unlock()
		}
		return got
	}
}

// throughProcess does without net/http.
func throughProcess(status int, do func(context.Context, *djangosession.Session) error) func(*shop, string) observed {
	return func(s *shop, cookie string) observed {
		var session *djangosession.Session
		if do != nil {
			var err error
			if session, err = s.ProcessRequest(s.t.Context(), cookie); err != nil {
				s.t.Fatal(err)
			}
			_ = do(s.t.Context(), session)
		}
		h, err := s.ProcessResponse(s.t.Context(), cookie, session, status)
		got := observed{SetCookie: h.SetCookie}
		if h.VaryCookie {
			got.Vary = "Cookie"
		}
		if err != nil {
			got.Err = err.Error()
		}
		return got
	}
}

// TestProcessResponseSavesAfterTheClientHasGone covers a queue worker whose job is
// cancelled after its work is done.
func TestProcessResponseSavesAfterTheClientHasGone(t *testing.T) {
	t.Parallel()
	s := newShop(t, "6.1", nil)
	cookie := "sessionid=" + s.visitor(map[string]any{"n": "old"})
	ctx, cancel := context.WithCancel(t.Context())
	session, err := s.ProcessRequest(ctx, cookie)
	if err != nil {
		t.Fatal(err)
	}
	session.Set("n", "new")
	cancel()
	if _, err := s.ProcessResponse(ctx, cookie, session, http.StatusOK); err != nil {
		t.Error(err)
	}
	if got := s.stored(session.Key()); got != "new" {
		t.Errorf("stored %q", got)
	}
}

// TestProcessRequestReturnsTheErrorOfTheEngine covers a database that is down.
func TestProcessRequestReturnsTheErrorOfTheEngine(t *testing.T) {
	t.Parallel()
	s := newShop(t, "6.1", func(settings *djangosession.Settings) { settings.SessionSaveEveryRequest = true })
	cookie := "sessionid=" + s.visitor(map[string]any{})
	s.engine.loadErr = errBroken
	if _, err := s.ProcessRequest(t.Context(), cookie); !errors.Is(err, errBroken) {
		t.Errorf("load: %v", err)
	}
	h, err := s.ProcessResponse(t.Context(), cookie, nil, http.StatusOK)
	if !errors.Is(err, errBroken) || h != (djangosession.ResponseHeader{VaryCookie: true}) {
		t.Errorf("save: %+v, %v", h, err)
	}
}

// TestProcessResponseTellsTheKeyOfAFailedResponse covers a login whose page fails: the
// old key no longer exists, so the browser must learn the new one.
func TestProcessResponseTellsTheKeyOfAFailedResponse(t *testing.T) {
	t.Parallel()
	s := newShop(t, "6.1", nil)
	cookie := "sessionid=" + s.visitor(map[string]any{"n": "old"})
	session, err := s.ProcessRequest(t.Context(), cookie)
	if err != nil {
		t.Fatal(err)
	}
	if err := session.CycleKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.engine.saveErr = errBroken
	h, err := s.ProcessResponse(t.Context(), cookie, session, http.StatusOK)
	if !errors.Is(err, errBroken) || !h.VaryCookie || !strings.HasPrefix(h.SetCookie, "sessionid="+session.Key()+";") {
		t.Errorf("%v, Vary %v, the new key: %v", err, h.VaryCookie, strings.Contains(h.SetCookie, session.Key()))
	}
}

// TestProcessResponseWaitsNoLongerThanSaveTimeout covers an engine that does not answer.
func TestProcessResponseWaitsNoLongerThanSaveTimeout(t *testing.T) {
	t.Parallel()
	s := newShop(t, "6.1", nil)
	s.use(func(o *djangosession.Options) { o.SaveTimeout = time.Millisecond })
	session := s.New()
	session.Set("n", "new")
	s.engine.saveWait = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	h, err := s.ProcessResponse(t.Context(), "", session, http.StatusOK)
	if !errors.Is(err, context.DeadlineExceeded) || h.SetCookie != "" {
		t.Errorf("%v, a cookie: %v", err, h.SetCookie != "")
	}
}

// TestProcessResponseDiscardsASessionThatNoBrowserHas covers a new session that is stored
// although the answer of the engine is lost.
func TestProcessResponseDiscardsASessionThatNoBrowserHas(t *testing.T) {
	t.Parallel()
	s := newShop(t, "6.1", nil)
	session := s.New()
	session.Set("n", "new")
	s.engine.lose.Store(true)
	h, err := s.ProcessResponse(t.Context(), "", session, http.StatusOK)
	if !errors.Is(err, errBroken) || h.SetCookie != "" {
		t.Errorf("%v, a cookie: %v", err, h.SetCookie != "")
	}
	for r, err := range s.Records(t.Context()) {
		t.Errorf("a session is stored: %v, %v", r != nil, err)
	}
}
