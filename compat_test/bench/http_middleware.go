package main

import (
	"context"
	"net/http"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// middleware measures what the session middleware adds to a request with a session cookie
// that does not use the session.
func (p plan) middleware(ctx context.Context) (*figures, error) {
	settings := djangosession.NewSettings(secret)
	engine, err := memory.New(settings)
	if err != nil {
		return nil, err
	}
	sessions, err := djangosession.NewManager(engine, settings, djangosession.Options{})
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Cookie", "sessionid=kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk")
	body := []byte("ok")
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })
	wrapped := sessions.Middleware(handler)
	w := &nowhere{header: http.Header{}}
	var with, without figures
	const parts = 20 // of a turn: it takes so little that a short one can pass without an interruption
	for range parts * p.rounds {
		for _, side := range []struct {
			http.Handler
			*figures
		}{{handler, &without}, {wrapped, &with}} {
			us, allocs, err := perCall(p.turn/parts, func() error {
				side.ServeHTTP(w, r)
				return nil
			})
			if err != nil {
				return nil, err
			}
			side.ours, side.allocs = quicker(side.ours, us), quicker(side.allocs, allocs)
		}
	}
	return &figures{ours: with.ours - without.ours, allocs: with.allocs - without.allocs}, nil
}

// nowhere is a response that supports what net/http's responses do, and discards
// everything but the status.
type nowhere struct {
	header http.Header
	code   int
}

func (w *nowhere) Header() http.Header         { return w.header }
func (w *nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (w *nowhere) WriteHeader(code int)        { w.code = code }
func (w *nowhere) Flush()                      {}
