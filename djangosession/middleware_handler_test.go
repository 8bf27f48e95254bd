package djangosession_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/iotest"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// TestCopyThatFailsBeforeTheFirstByteCanBeAnswered checks that reading precedes the
// header, as without the middleware.
func TestCopyThatFailsBeforeTheFirstByteCanBeAnswered(t *testing.T) {
	s := newShop(t, "6.1", nil)
	server := s.serve(func(w http.ResponseWriter, r *http.Request) {
		s.session(r).Set("n", 1)
		if _, err := io.Copy(w, iotest.ErrReader(errBroken)); !errors.Is(err, errBroken) {
			t.Errorf("copied with %v", err)
		}
		http.Error(w, "sorry", http.StatusInternalServerError)
	}, nil)
	if r := get(t, server, http.MethodGet); r.StatusCode != http.StatusInternalServerError || s.engine.creates.Load() != 0 {
		t.Errorf("status %d, %d saved", r.StatusCode, s.engine.creates.Load())
	}
}

// TestHandlerMayStripTheRequest removes the cookies, as a handler may that forwards the
// request.
func TestHandlerMayStripTheRequest(t *testing.T) {
	s := newShop(t, "6.1", nil)
	key := s.visitor(map[string]any{"n": "old"})
	s.visit("sessionid="+key, func(_ http.ResponseWriter, r *http.Request) {
		r.Header.Del("Cookie")
		s.session(r).Set("n", "new")
	})
	if n := s.stored(key); n != "new" {
		t.Errorf("stored is %q", n)
	}
	r := s.visit("sessionid="+key, func(_ http.ResponseWriter, r *http.Request) {
		if err := s.session(r).Flush(r.Context()); err != nil {
			t.Error(err)
		}
		r.Header.Del("Cookie")
	})
	if got := r.Header.Get("Set-Cookie"); got != gone {
		t.Errorf("Set-Cookie %q", got)
	}
}

// TestHandlerMayKeepASessionFromBeingSaved resets modified, with and without changes.
func TestHandlerMayKeepASessionFromBeingSaved(t *testing.T) {
	for _, page := range []string{"", "page"} {
		s := newShop(t, "6.1", nil)
		key := s.visitor(map[string]any{"n": "old"})
		s.visit("sessionid="+key, func(w http.ResponseWriter, r *http.Request) {
			s.session(r).Set("n", "new")
			s.session(r).SetModified(false)
			if page != "" {
				_, _ = io.WriteString(w, page)
			}
		})
		if n := s.stored(key); n != "old" {
			t.Errorf("page %q: stored is %q", page, n)
		}
	}
}

// TestRecoveryInsideMakesNoSuccessOfAPanic has an ErrorHandler that panics.
func TestRecoveryInsideMakesNoSuccessOfAPanic(t *testing.T) {
	s := newShop(t, "6.1", nil)
	s.engine.saveErr = errBroken
	s.use(func(o *djangosession.Options) {
		o.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic("oops") }
	})
	handler := s.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			_ = recover()
			http.Error(w, "sorry", http.StatusInternalServerError)
		}()
		s.session(r).Set("n", 1)
		_, _ = io.WriteString(w, "success")
	}))
	w := httptest.NewRecorder()
	defer func() {
		if got := recover(); got != http.ErrAbortHandler || w.Body.Len() > 0 { //nolint:errorlint // as net/http compares it
			t.Errorf("recovered %v, sent %q", got, w.Body)
		}
	}()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
}

// TestHookMayAskForTheSessionThatIsLoaded has a log handler that adds the user. It gets
// an error.
func TestHookMayAskForTheSessionThatIsLoaded(t *testing.T) {
	s := newShop(t, "6.1", nil)
	key := s.visitor(map[string]any{"n": "old"})
	s.engine.loadErr = &djangosession.DecodeError{Reason: "malformed"}
	asked := false
	s.use(func(o *djangosession.Options) {
		o.OnLoadError = func(ctx context.Context, _ error) {
			asked = true
			if _, err := djangosession.FromContext(ctx); err == nil || errors.Is(err, djangosession.ErrNoMiddleware) {
				t.Errorf("the hook got %v", err)
			}
		}
	})
	s.visit("sessionid="+key, func(_ http.ResponseWriter, r *http.Request) { s.session(r) })
	if !asked {
		t.Error("the hook was not called")
	}
}

// TestPageOfAFailedLoadVaries checks that shared caches do not keep the page for others.
func TestPageOfAFailedLoadVaries(t *testing.T) {
	s := newShop(t, "6.1", nil)
	s.engine.loadErr = errBroken
	r := s.visit(unknown, func(_ http.ResponseWriter, r *http.Request) {
		if _, err := djangosession.FromContext(r.Context()); err == nil {
			t.Error("it was loaded")
		}
	})
	if got := r.Header.Get("Vary"); got != "Cookie" {
		t.Errorf("Vary %q", got)
	}
}

// TestRenewalOverwritesNothing has another request that stores a value during the renewal
// of an unchanged session.
func TestRenewalOverwritesNothing(t *testing.T) {
	s := newShop(t, "6.1", nil)
	s.use(func(o *djangosession.Options) { o.RenewBelow = 0.5 })
	key := s.visitor(map[string]any{"n": "old"})
	s.wait(8 * 24 * time.Hour)
	r := s.visit("sessionid="+key, func(_ http.ResponseWriter, r *http.Request) {
		s.session(r).Get("n")
		other, err := s.Load(r.Context(), key)
		if err != nil {
			t.Error(err)
			return
		}
		other.Set("n", "new")
		if err := other.Save(r.Context()); err != nil {
			t.Error(err)
		}
	})
	if n := s.stored(key); n != "new" || r.Header.Get("Set-Cookie") == "" {
		t.Errorf("stored is %q, Set-Cookie %q", n, r.Header.Get("Set-Cookie"))
	}
}

// TestErrorPageOfOnesOwnVaries checks Vary with every status because the page may name
// the visitor.
func TestErrorPageOfOnesOwnVaries(t *testing.T) {
	s := newShop(t, "6.1", nil)
	s.engine.saveErr = errBroken
	s.use(func(o *djangosession.Options) {
		o.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { _, _ = io.WriteString(w, "sorry") }
	})
	r := s.visit("", func(_ http.ResponseWriter, r *http.Request) { s.session(r).Set("n", 1) })
	if got := r.Header.Get("Vary"); got != "Cookie" || r.Body != "sorry" {
		t.Errorf("Vary %q, %q", got, r.Body)
	}
}

// TestNothingToWrap checks that a nil handler is found when the program starts.
func TestNothingToWrap(t *testing.T) {
	s := newShop(t, "6.1", nil)
	for name, wrap := range map[string]func(){
		"manager": func() { (*djangosession.Manager)(nil).Middleware(http.NotFoundHandler()) },
		"handler": func() { s.Middleware(nil) },
	} {
		func() {
			defer func() {
				if _, ok := recover().(string); !ok {
					t.Errorf("no %s: no panic that names it", name)
				}
			}()
			wrap()
		}()
	}
}
