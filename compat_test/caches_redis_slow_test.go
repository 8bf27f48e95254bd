package compat_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// TestRedisThatIsSlow ends an operation by its deadline. The next operation works. A lost
// answer is an error.
func TestRedisThatIsSlow(t *testing.T) {
	t.Parallel()
	server := newRedis(t)
	for _, backend := range []string{redisBackend, djangoRedisBackend} {
		for name, f := range map[string]fate{"held": held, "request lost": lostRequest, "answer lost": lostAnswer} {
			t.Run(backend+"/"+name, func(t *testing.T) {
				t.Parallel()
				w := newCable(t, server.Port)
				direct := redisEngine(t, backend, "redis://"+server.Addr(), nil)
				far := redisEngine(t, backend, fmt.Sprintf("redis://127.0.0.1:%d", w.port()), nil)
				key := djangosession.NewKey()
				if err := far.Create(t.Context(), redisRecord(key, int64(1))); err != nil {
					t.Fatal(err)
				}
				// The word is the last argument of a save.
				late, err := w.strike(t, "\r\nXX\r\n", f, func(ctx context.Context) error {
					return far.Save(ctx, redisRecord(key, int64(2)))
				})
				if err == nil || saysLoggedOut(err) || f == held && !errors.Is(err, context.DeadlineExceeded) || late > 13*time.Second {
					t.Errorf("save: %v, %v after the deadline", err, late)
				}
				if f == held {
					w.deliver(t)
				}
				for range 20 {
					if _, err := far.Load(t.Context(), key); err != nil {
						t.Fatal(err)
					}
				}
				if got, err := direct.Load(t.Context(), key); err != nil {
					t.Error(err)
				} else if v, _ := got.Data.Get("value"); (v == int64(2)) == (f == lostRequest) {
					t.Errorf("the session has the value %v", v)
				}
			})
		}
	}
}
