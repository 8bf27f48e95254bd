package caches_test

import (
	"testing"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/cachetest"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/enginetest"
)

// cacheSettings makes s those of a site with the engine "cache".
func cacheSettings(s *djangosession.Settings) {
	s.SessionEngine = "django.contrib.sessions.backends.cache"
	s.SessionCache = djangosession.SessionCache{
		Alias: "default", Backend: "django.core.cache.backends.redis.RedisCache", KeyPrefix: "site", Version: "2",
	}
}

func newMemory(t *testing.T, s djangosession.Settings) *cachetest.Memory {
	t.Helper()
	m, err := cachetest.NewMemory(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func newEngine(t *testing.T, c caches.Cache, s djangosession.Settings, o caches.Options) *caches.Engine {
	t.Helper()
	e, err := caches.NewEngine(c, s, o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestEngineIsAnEngine(t *testing.T) {
	t.Parallel()
	enginetest.Run(t, func(t *testing.T, s djangosession.Settings) enginetest.Backend {
		t.Helper()
		cacheSettings(&s)
		m := newMemory(t, s)
		return enginetest.Backend{
			Engine: newEngine(t, m, s, caches.Options{}),
			SetUnknown: func(_ *testing.T, key string) {
				m.SetRaw("site:2:django.contrib.sessions.cache"+key, []byte("garbage"))
			},
			Lacks: enginetest.Lacks{Text: true, Expired: true, Clear: true, Microseconds: true},
		}
	})
}
