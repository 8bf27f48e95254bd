package djangosession_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestSecondWriteHeaderChangesNothing checks both the session and the status.
func TestSecondWriteHeaderChangesNothing(t *testing.T) {
	s := newShop(t, "6.1", nil)
	r := s.visit("", func(w http.ResponseWriter, r *http.Request) {
		s.session(r).Set("n", 1)
		w.WriteHeader(http.StatusAccepted)
		w.WriteHeader(http.StatusInternalServerError)
	})
	if text, _ := setCookie(t, r.Header); text != fresh || r.StatusCode != http.StatusAccepted || s.engine.creates.Load() != 1 {
		t.Errorf("status %d, %q", r.StatusCode, text)
	}
}

// TestPanicSavesNothing checks that a panic is like an exception in a Django view, and
// that it reaches the outer handler.
func TestPanicSavesNothing(t *testing.T) {
	for name, value := range map[string]any{"value": "oops", "ErrAbortHandler": http.ErrAbortHandler} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, "6.1", nil)
			key := s.visitor(map[string]any{"n": "old"})
			inner := s.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				s.session(r).Set("n", "new")
				panic(value)
			}))
			w := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
			r.Header.Set("Cookie", "sessionid="+key)
			func() {
				defer func() {
					if got := recover(); got != value {
						t.Errorf("recovered %v", got)
					}
					http.Error(w, "sorry", http.StatusInternalServerError)
				}()
				inner.ServeHTTP(w, r)
			}()
			if w.Code != 500 || w.Header().Get("Set-Cookie") != "" || w.Header().Get("Vary") != "Cookie" || s.stored(key) != "old" {
				t.Errorf("status %d, %v, stored %q", w.Code, w.Header(), s.stored(key))
			}
		})
	}
	t.Run("after the header", func(t *testing.T) {
		s := newShop(t, "6.1", nil)
		key := s.visitor(map[string]any{"n": "old"})
		server := s.serve(func(w http.ResponseWriter, r *http.Request) {
			session := s.session(r)
			w.(http.Flusher).Flush()
			session.Set("n", "new")
			panic(http.ErrAbortHandler)
		}, nil)
		r := do(t, server, http.MethodGet, "sessionid="+key)
		if _, err := io.ReadAll(r.Body); r.StatusCode != http.StatusOK || err == nil {
			t.Errorf("status %d, and the connection does not break off", r.StatusCode)
		}
		_ = r.Body.Close()
		server.Close()
		if n := s.stored(key); n != "old" {
			t.Errorf("stored is %q", n)
		}
	})
	t.Run("after a flush of the session", func(t *testing.T) {
		s := newShop(t, "6.1", nil)
		inner := s.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if err := s.session(r).Flush(r.Context()); err != nil {
				t.Error(err)
			}
			panic("oops")
		}))
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		r.Header.Set("Cookie", "sessionid="+s.visitor(map[string]any{}))
		func() {
			defer func() { _ = recover() }()
			inner.ServeHTTP(w, r)
		}()
		if got := w.Header().Get("Set-Cookie"); got != gone {
			t.Errorf("Set-Cookie %q", got)
		}
	})
}

// TestClientThatGoesAwayIsSavedFor checks that changes are saved although the client has
// disconnected.
func TestClientThatGoesAwayIsSavedFor(t *testing.T) {
	s := newShop(t, "6.1", nil)
	key := s.visitor(map[string]any{"n": "old"})
	left, entered := make(chan bool), make(chan bool)
	server := s.serve(func(_ http.ResponseWriter, r *http.Request) {
		s.session(r).Set("n", "new")
		close(entered)
		<-r.Context().Done()
		close(left)
	}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-entered; cancel() }()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", "sessionid="+key)
	if response, err := server.Client().Do(r); err == nil {
		_ = response.Body.Close()
		t.Fatal("there was an answer")
	}
	<-left
	server.Close() // waits for the handler
	if n := s.stored(key); n != "new" {
		t.Errorf("stored is %q", n)
	}
}
