package compat_test

import (
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pickle"
)

// TestRedisRandomValues lets Python write random sessions that Go reads and writes again,
// in each serializer and compressor, and Python compare them, with their types.
func TestRedisRandomValues(t *testing.T) {
	t.Parallel()
	const release = "5.2.19"
	sessions := times(t, "RANDOM_SESSIONS", 200)
	python := pythonWithCaches(t, release)
	for _, kind := range redisKinds() {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			server := newRedis(t)
			base := newDatabase(t, "sqlite")
			options := kind.options
			if options == nil {
				options = map[string]any{}
			}
			peer := startPeerWith(t, python, release, map[string]any{
				"database": base.django(), "SECRET_KEY": "k", "also": "redis_values", "SESSION_ENGINE": cacheEngine, "TIME_ZONE": "UTC", "USE_TZ": true,
				"INSTALLED_APPS": []string{"django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"},
				"CACHES": map[string]any{"default": map[string]any{
					"BACKEND": kind.backend, "LOCATION": kind.locations(server), "OPTIONS": options,
				}},
			})
			s := kind.settings(djangosession.NewSettings("k"), kind.locations(server)...)
			e, err := caches.NewEngine(newRedisCache(t, s), s, caches.Options{})
			if err != nil {
				t.Fatal(err)
			}
			seed := int64(rand.Uint32())
			for n := range sessions {
				var made struct {
					Key    string `json:"key"`
					Pickle string `json:"pickle"`
				}
				answer := peer.do(t, "random", map[string]any{"number": seed + int64(n), "kind": kind.name})
				if err := py.Scan(answer, &made, nil); err != nil {
					t.Fatal(err)
				}
				data, err := base64.StdEncoding.DecodeString(made.Pickle)
				if err != nil {
					t.Fatal(err)
				}
				want, err := pickle.Loads(data)
				if err != nil {
					t.Fatal(err)
				}
				r, err := e.Load(t.Context(), made.Key)
				if err != nil || !py.Equal(r.Data, want) {
					t.Fatalf("seed %d: Go reads another session (%v)", seed+int64(n), err)
				}
				again := djangosession.NewKey()
				r.Key, r.ExpireAge = again, 1<<40
				if err := e.Create(t.Context(), r); err != nil {
					t.Fatalf("seed %d: %v", seed+int64(n), err)
				}
				if problem := peer.text(t, "same", map[string]any{"key": made.Key, "other": again}); strings.TrimSpace(problem) != "" {
					t.Fatalf("seed %d: Django reads another session: %s", seed+int64(n), problem)
				}
			}
			t.Logf("%d sessions", sessions)
		})
	}
}
