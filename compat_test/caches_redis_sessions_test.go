package compat_test

import (
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/djangobridge/djangobridge/caches/rediscache"
	"github.com/djangobridge/djangobridge/djangosession"
)

// redisSessionsCases are django-redis-sessions, with and without a prefix.
func redisSessionsCases() []engineCase {
	prefixes := map[string]string{"redis-sessions": "", "redis-sessions with a prefix": "s[i*t]e"}
	cases := make([]engineCase, 0, len(prefixes))
	for name, prefix := range prefixes {
		var client *redis.Client
		stored := func(key string) string {
			if prefix == "" {
				return key
			}
			return prefix + ":" + key
		}
		cases = append(cases, engineCase{
			name: name, since: "5", until: "6", // env/caches has it for that series alone
			start: func(t *testing.T, at *engineSite) map[string]any {
				t.Helper()
				server := newRedis(t)
				at.stop, at.resume = stopServer(t, server)
				client = redis.NewClient(&redis.Options{Addr: server.Addr(), DB: 2, MaxRetries: -1})
				t.Cleanup(func() { _ = client.Close() })
				return map[string]any{
					"SESSION_ENGINE": "redis_sessions.session",
					"SESSION_REDIS":  map[string]any{"host": "127.0.0.1", "port": server.Port, "db": 2, "prefix": prefix, "socket_timeout": 5},
				}
			},
			open: func(t *testing.T, s djangosession.Settings, _ *engineSite) (djangosession.Engine, error) {
				t.Helper()
				e, err := rediscache.NewSessions(s, rediscache.Options{})
				if err == nil {
					t.Cleanup(func() { _ = e.Close() })
				}
				return e, err
			},
			damage: func(t *testing.T, _ *enginePair, key string) {
				t.Helper()
				if err := client.Set(t.Context(), stored(key), "x", 0).Err(); err != nil {
					t.Fatal(err)
				}
			},
			held: func(t *testing.T, _ *enginePair, key string) string {
				t.Helper()
				text, err := client.Get(t.Context(), stored(key)).Result()
				if err != nil {
					t.Fatal(err)
				}
				return text
			},
		})
	}
	return cases
}

// TestRedisSessions lets django-redis-sessions and Go take turns. That package keeps the
// keys of sessions that are gone, and saves sessions that were deleted, so the turns that
// look for missing sessions are replaced by one for Go.
func TestRedisSessions(t *testing.T) {
	t.Parallel()
	turns := map[string]bool{
		"turns": true, "made by Go": true, "large values": true, "forms of expiry": true, "taken keys": true, "clearing": true,
		"through the middlewares": true,
	}
	for _, c := range redisSessionsCases() {
		for _, release := range releases() {
			if release < c.since || release >= c.until {
				continue
			}
			t.Run(c.name+"/"+release, func(t *testing.T) {
				t.Parallel()
				p := newEnginePair(t, c, release, true)
				for _, turn := range engineTurns() {
					if turns[turn.name] {
						t.Run(turn.name, func(t *testing.T) { turn.run(t, p) })
					}
				}
				key := p.create(t, map[string]any{"a": 1})
				s := p.load(t, key)
				p.django.do(t, "flush", map[string]any{"key": key})
				s.Set("a", 2)
				if err := s.Save(t.Context()); !errors.Is(err, djangosession.ErrSessionGone) {
					t.Errorf("Go saves a session that Django has flushed: %v", err)
				}
				if ok, err := p.sessions.Exists(t.Context(), key); ok || err != nil {
					t.Errorf("it exists: %v, %v", ok, err)
				}
				key = p.create(t, map[string]any{"a": 1})
				p.damage(t, p, key)
				_, err := p.sessions.Load(t.Context(), key)
				if _, ok := errors.AsType[*djangosession.DecodeError](err); !ok {
					t.Errorf("a damaged session: %v", err)
				}
			})
		}
	}
}
