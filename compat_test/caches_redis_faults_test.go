package compat_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/rediscache"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// redisEngine returns the session engine on the cache of a URL.
func redisEngine(t *testing.T, backend, url string, options map[string]any) *caches.Engine {
	t.Helper()
	s := redisKind{backend: backend, options: options}.settings(djangosession.NewSettings("k"), url)
	e, err := caches.NewEngine(newRedisCache(t, s), s, caches.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// redisRecord is a session of one value.
func redisRecord(key string, value any) *djangosession.Record {
	d := py.NewDict(1)
	d.Set("value", value)
	return &djangosession.Record{Key: key, Data: d, ExpireAge: time.Hour}
}

// wantRefusal fails unless err is a server's answer with this code. It must not look like
// a missing session, and must not contain a key or a password.
func wantRefusal(t *testing.T, what string, err error, code, key string) {
	t.Helper()
	refused, ok := errors.AsType[*rediscache.ServerError](err)
	if !ok || refused.Code != code || errors.Is(err, djangosession.ErrNoSession) || errors.Is(err, djangosession.ErrSessionGone) {
		t.Errorf("%s: %v, want %s", what, err, code)
		return
	}
	if strings.Contains(err.Error(), key) || strings.Contains(err.Error(), "hush") {
		t.Errorf("%s: the error contains a secret: %v", what, err)
	}
}

// TestRedisRefusals has servers that answer, but do not do what they are asked.
func TestRedisRefusals(t *testing.T) {
	t.Parallel()
	key := djangosession.NewKey()
	t.Run("full", func(t *testing.T) {
		t.Parallel()
		server := newRedis(t, "--maxmemory", "3mb", "--maxmemory-policy", "noeviction")
		e := redisEngine(t, djangoRedisBackend, "redis://"+server.Addr(), nil)
		if err := e.Create(t.Context(), redisRecord(key, "old")); err != nil {
			t.Fatal(err)
		}
		var err error
		for range 1000 {
			if err = e.Create(t.Context(), redisRecord(djangosession.NewKey(), strings.Repeat("x", 1<<14))); err != nil {
				break
			}
		}
		wantRefusal(t, "create", err, "OOM", key)
		wantRefusal(t, "save", e.Save(t.Context(), redisRecord(key, "new")), "OOM", key)
		wantRefusal(t, "check", e.Check(t.Context()), "OOM", key)
		r, err := e.Load(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if v, _ := r.Data.Get("value"); v != "old" {
			t.Error("the session has changed")
		}
		if err := e.Delete(t.Context(), key); err != nil {
			t.Errorf("a logout: %v", err)
		}
	})
	t.Run("passwords and rights", func(t *testing.T) {
		t.Parallel()
		server := newRedis(t, "--requirepass", "hush1", "--user", "reader", "on", ">hush2", "~*", "+get", "+exists")
		for url, code := range map[string]string{
			"redis://" + server.Addr(): "NOAUTH", "redis://:hush@" + server.Addr(): "WRONGPASS", "redis://reader:hush2@" + server.Addr(): "NOPERM",
		} {
			e := redisEngine(t, redisBackend, url, nil)
			wantRefusal(t, code, e.Check(t.Context()), code, key)
			wantRefusal(t, code, e.Save(t.Context(), redisRecord(key, 1)), code, key)
		}
		e := redisEngine(t, djangoRedisBackend, "redis://"+server.Addr()+"/3", map[string]any{"PASSWORD": "hush1"})
		if err := errors.Join(e.Check(t.Context()), e.Create(t.Context(), redisRecord(key, 1)), e.Delete(t.Context(), key)); err != nil {
			t.Error(err)
		}
	})
	t.Run("replica", func(t *testing.T) {
		t.Parallel()
		primary := newRedis(t)
		replica := newRedis(t, "--replicaof", fmt.Sprintf("127.0.0.1 %d", primary.Port), "--replica-serve-stale-data", "yes")
		e := redisEngine(t, redisBackend, "redis://"+replica.Addr(), nil)
		wantRefusal(t, "save", e.Save(t.Context(), redisRecord(key, 1)), "READONLY", key)
		wantRefusal(t, "check", e.Check(t.Context()), "READONLY", key)
	})
}

// TestRedisEviction reports policies that log visitors out.
func TestRedisEviction(t *testing.T) {
	t.Parallel()
	server := newRedis(t)
	admin := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer admin.Close() //nolint:errcheck // it is over
	c := newRedisCache(t, redisKind{backend: redisBackend}.settings(djangosession.NewSettings("k"), "redis://"+server.Addr()))
	for _, step := range []struct{ name, value, want string }{
		{name: "maxmemory-policy", value: "allkeys-lru"},
		{name: "maxmemory", value: "100mb", want: "allkeys-lru"},
		{name: "maxmemory-policy", value: "noeviction"},
	} {
		if err := admin.ConfigSet(t.Context(), step.name, step.value).Err(); err != nil {
			t.Fatal(err)
		}
		if policy, err := c.Eviction(t.Context()); err != nil || policy != step.want {
			t.Errorf("%s %s: %q, %v", step.name, step.value, policy, err)
		}
	}
}

// TestRedisRaces lets logouts race with saves, merges and changes of keys: nothing brings
// a session back. Then it merges from all sides into one session: nothing is lost.
func TestRedisRaces(t *testing.T) {
	t.Parallel()
	races := times(t, "CHAOS_RACES", 300)
	server := newRedis(t)
	for _, backend := range []string{redisBackend, djangoRedisBackend} {
		t.Run(backend, func(t *testing.T) {
			t.Parallel()
			e := redisEngine(t, backend, "redis://"+server.Addr(), nil)
			broken := 0
			for range races {
				broken += logoutRace(t, e)
			}
			lost := mergeRace(t, e, races)
			t.Logf("%d logout races, %d broken; %d merged writes, %d lost", races, broken, races, lost)
			if broken+lost > 0 {
				t.Error("a session came back, or a write was lost")
			}
		})
	}
}

// logoutRace returns 1 if a session exists after its logout.
func logoutRace(t *testing.T, e *caches.Engine) int {
	t.Helper()
	ctx, key, cycled := t.Context(), djangosession.NewKey(), djangosession.NewKey()
	if err := e.Create(ctx, redisRecord(key, 0)); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var cycleErr error
	change := func(r *djangosession.Record) error {
		r.Data.Set("value", 1)
		r.ExpireAge = time.Hour
		return nil
	}
	wg.Go(func() { _ = e.Save(ctx, redisRecord(key, 2)) })
	wg.Go(func() { _ = e.Merge(ctx, key, change) })
	wg.Go(func() {
		cycleErr = e.Cycle(ctx, key, func(r *djangosession.Record) error {
			r.Key = cycled
			return change(r)
		})
	})
	wg.Go(func() {
		if err := e.Delete(ctx, key); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	old, oldErr := e.Exists(ctx, key)
	moved, movedErr := e.Exists(ctx, cycled)
	if err := errors.Join(oldErr, movedErr, e.Delete(ctx, cycled)); err != nil {
		t.Fatal(err)
	}
	if old || moved != (cycleErr == nil) {
		return 1
	}
	return 0
}

// mergeRace merges n values into one session, from 8 sides, and returns how many are
// missing.
func mergeRace(t *testing.T, e *caches.Engine, n int) int {
	t.Helper()
	const sides, atOnce = 8, 80
	missing := 0
	for ; n > 0; n -= atOnce {
		key := djangosession.NewKey()
		if err := e.Create(t.Context(), redisRecord(key, 0)); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for side := range sides {
			wg.Go(func() {
				for i := side; i < atOnce; i += sides {
					err := e.Merge(t.Context(), key, func(r *djangosession.Record) error {
						r.Data.Set(fmt.Sprint("value", i), int64(i))
						r.ExpireAge = time.Hour
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		r, err := e.Load(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		missing += atOnce + 1 - r.Data.Len()
	}
	return missing
}

// TestRedisRestartsUnderLoad kills a server while visitors save. Each error is not one of
// a missing session, and the cache works again when the server does.
func TestRedisRestartsUnderLoad(t *testing.T) {
	t.Parallel()
	server := newRedis(t)
	e := redisEngine(t, djangoRedisBackend, "redis://"+server.Addr(), nil)
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				key := djangosession.NewKey()
				if err := e.Create(ctx, redisRecord(key, 1)); err != nil {
					if errors.Is(err, djangosession.ErrNoSession) || strings.Contains(err.Error(), key) {
						t.Errorf("create: %v", err)
					}
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	for range 3 {
		time.Sleep(50 * time.Millisecond)
		if err := server.Kill(); err != nil {
			t.Fatal(err)
		}
		key := djangosession.NewKey()
		if _, err := e.Load(t.Context(), key); err == nil || errors.Is(err, djangosession.ErrNoSession) {
			t.Errorf("load without a server: %v", err)
		}
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		// The client tries a server that was away only once per second.
		_, err := e.Load(t.Context(), key)
		for deadline := time.Now().Add(time.Minute); !errors.Is(err, djangosession.ErrNoSession) && time.Now().Before(deadline); {
			time.Sleep(10 * time.Millisecond)
			_, err = e.Load(t.Context(), key)
		}
		if !errors.Is(err, djangosession.ErrNoSession) {
			t.Errorf("load after the restart: %v", err)
		}
		if err := e.Create(t.Context(), redisRecord(key, 1)); err != nil {
			t.Errorf("create after the restart: %v", err)
		}
	}
	stop()
	wg.Wait()
}
