package compat_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// TestCookieThatAWebSocketDoesNotSendIsReported covers gorilla/websocket, which writes
// its own header and leaves out the one of the http.ResponseWriter.
func TestCookieThatAWebSocketDoesNotSendIsReported(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		changes bool
		lost    bool
	}{
		{name: "a session that is read"},
		{name: "a session that is changed", changes: true, lost: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			settings, err := djangosession.NewSettingsFor("6.1", "k")
			if err != nil {
				t.Fatal(err)
			}
			engine, err := memory.New(settings)
			if err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex
			var errs []error
			sessions := newManager(t, engine, settings, djangosession.Options{
				Logger: slog.New(slog.DiscardHandler),
				OnError: func(_ context.Context, err error) {
					mu.Lock()
					defer mu.Unlock()
					errs = append(errs, err)
				},
			})
			server := httptest.NewServer(sessions.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				session, err := djangosession.FromContext(r.Context())
				if err != nil {
					t.Error(err)
					return
				}
				session.Get("n")
				if c.changes {
					session.Set("n", 1)
				}
				conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
				if err != nil {
					t.Error(err)
					return
				}
				defer conn.Close() //nolint:errcheck // the client looks
				if err := conn.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
					t.Error(err)
				}
			})))
			defer server.Close()
			conn, response, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(server.URL, "http"), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close() //nolint:errcheck // read to its end
			if err := response.Body.Close(); err != nil {
				t.Error(err)
			}
			if _, text, err := conn.ReadMessage(); err != nil || string(text) != "hello" {
				t.Errorf("read %q, %v", text, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if lost := len(errs) == 1 && errors.Is(errs[0], djangosession.ErrHeaderSent); lost != c.lost || !c.lost && errs != nil {
				t.Errorf("reported %v", errs)
			}
		})
	}
}
