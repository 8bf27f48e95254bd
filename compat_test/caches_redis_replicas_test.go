package compat_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/compat_test/servers"
	"github.com/djangobridge/djangobridge/djangosession"
)

// redisReplicas is a primary with a replica. Django reads from the replica.
type redisReplicas struct {
	primary, replica     *servers.Server
	onPrimary, onReplica *redis.Client
}

func newRedisReplicas(t *testing.T) *redisReplicas {
	t.Helper()
	r := &redisReplicas{primary: newRedis(t, "--repl-diskless-sync-delay", "0")}
	r.replica = newRedis(t, "--replicaof", fmt.Sprintf("127.0.0.1 %d", r.primary.Port))
	// With one connection, WAIT waits for the write before it.
	r.onPrimary = redis.NewClient(&redis.Options{Addr: r.primary.Addr(), PoolSize: 1, MaxRetries: -1, ReadTimeout: time.Minute})
	r.onReplica = redis.NewClient(&redis.Options{Addr: r.replica.Addr(), MaxRetries: -1})
	t.Cleanup(func() { _ = errors.Join(r.onPrimary.Close(), r.onReplica.Close()) })
	eventually(t, "the replica follows its primary", func() bool {
		text, err := r.onReplica.Info(t.Context(), "replication").Result()
		return err == nil && strings.Contains(text, "master_link_status:up")
	})
	return r
}

// replicate waits until the replica has all that was written before.
func (r *redisReplicas) replicate(t *testing.T) {
	t.Helper()
	if err := r.onPrimary.Set(t.Context(), "written", 1, 0).Err(); err != nil {
		t.Fatal(err)
	}
	if n, err := r.onPrimary.Wait(t.Context(), 1, 30*time.Second).Result(); n != 1 || err != nil {
		t.Fatalf("%d replicas, %v", n, err)
	}
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it does not happen that %s", what)
		}
	}
}

// replicaPair starts a Django and opens an engine on a cache.
func replicaPair(t *testing.T, backend string, location []string, options map[string]any) *enginePair {
	t.Helper()
	return newEnginePair(t, engineCase{
		pickles: true,
		start: func(*testing.T, *engineSite) map[string]any {
			return map[string]any{
				"SESSION_ENGINE": cacheEngine,
				"CACHES":         map[string]any{"default": map[string]any{"BACKEND": backend, "LOCATION": location, "OPTIONS": options}},
			}
		},
		open: func(t *testing.T, s djangosession.Settings, _ *engineSite) (djangosession.Engine, error) {
			t.Helper()
			return caches.NewEngine(newRedisCache(t, s), s, caches.Options{})
		},
	}, "5.2.19", true)
}

// exchange lets both sides write to a session in turn.
func (p *enginePair) exchange(t *testing.T, key string, replicate func(t *testing.T)) {
	t.Helper()
	for turn := range 3 {
		s := p.load(t, key)
		s.Set("go", turn)
		save(t, s)
		if got, _ := p.load(t, key).Get("go"); got != int64(turn) {
			t.Errorf("Go reads %v after it wrote %d", got, turn)
		}
		replicate(t)
		p.wantSame(t, key)
		p.edit(t, key, map[string]any{"django": turn})
		replicate(t)
		p.wantSame(t, key)
	}
}

// TestRedisWithAReplica has a list of servers in LOCATION: both sides write to the first.
// Django reads from the others. Go reads what was written.
func TestRedisWithAReplica(t *testing.T) {
	t.Parallel()
	for _, backend := range []string{redisBackend, djangoRedisBackend} {
		t.Run(backend, func(t *testing.T) {
			t.Parallel()
			r := newRedisReplicas(t)
			p := replicaPair(t, backend, []string{"redis://" + r.primary.Addr() + "/1", "redis://" + r.replica.Addr() + "/1"}, map[string]any{})
			key := p.create(t, map[string]any{"a": 1})
			r.replicate(t)
			p.exchange(t, key, r.replicate)
			if err := r.onReplica.ReplicaOf(t.Context(), "no", "one").Err(); err != nil {
				t.Fatal(err)
			}
			s := p.load(t, key)
			s.Set("go", "late")
			save(t, s)
			if got, _ := p.load(t, key).Get("go"); got != "late" {
				t.Errorf("Go reads %v from a server that it does not write to", got)
			}
			code := "result = store(key)['go']"
			if got := p.django.do(t, "python", map[string]any{"code": code, "key": key}); got != int64(2) {
				t.Errorf("Django reads %v, and not from the replica", got)
			}
		})
	}
}

// TestRedisSentinelFailsOver kills the primary between requests. Requests fail until
// Sentinel has chosen the replica. Then both sides go on with every session that the
// replica had, also when the old primary comes back empty.
func TestRedisSentinelFailsOver(t *testing.T) {
	t.Parallel()
	r := newRedisReplicas(t)
	sentinel, err := servers.New(servers.Sentinel, fmt.Sprintf("sentinel monitor shop 127.0.0.1 %d 1", r.primary.Port),
		"sentinel down-after-milliseconds shop 4000", "sentinel failover-timeout shop 5000") // a busy server is not down
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sentinel.Remove(); err != nil {
			t.Error(err)
		}
	})
	watch := redis.NewSentinelClient(&redis.Options{Addr: sentinel.Addr()})
	defer watch.Close() //nolint:errcheck // it is over
	eventually(t, "Sentinel finds the replica", func() bool {
		all, err := watch.Replicas(t.Context(), "shop").Result()
		return err == nil && len(all) == 1 && all[0]["flags"] == "slave" && all[0]["master-link-status"] == "ok"
	})
	p := replicaPair(t, djangoRedisBackend, []string{"redis://shop/1"}, map[string]any{
		"CLIENT_CLASS": "django_redis.client.SentinelClient", "CONNECTION_FACTORY": "django_redis.pool.SentinelConnectionFactory",
		"SENTINELS": []any{[]any{"127.0.0.1", sentinel.Port}},
	})
	visitors := make([]string, 4)
	for i := range visitors {
		visitors[i] = p.create(t, map[string]any{"visitor": i})
	}
	r.replicate(t)
	handler := p.sessions.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := djangosession.FromContext(r.Context())
		if err != nil {
			http.Error(w, "try again later", http.StatusServiceUnavailable)
			return
		}
		if !s.Contains("visitor") {
			t.Error("a visitor is logged out")
		}
		s.Set("page", r.URL.Path)
	}))
	visit := func(key, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
		r.AddCookie(&http.Cookie{Name: p.sessions.Settings().SessionCookieName, Value: key})
		handler.ServeHTTP(w, r)
		return w
	}
	for _, key := range visitors {
		p.exchange(t, key, r.replicate)
		if w := visit(key, "/before"); w.Code != http.StatusOK {
			t.Fatalf("status %d", w.Code)
		}
	}
	r.replicate(t)

	start := time.Now()
	if err := r.primary.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.django.try(t, "edit", map[string]any{"key": visitors[0], "set": map[string]any{"lost": 1}, "delete": []string{}}); err == nil {
		t.Error("Django writes without a primary")
	}
	var wg sync.WaitGroup
	for i, key := range visitors {
		wg.Go(func() {
			failed := 0
			for ; time.Since(start) < 3*time.Minute; time.Sleep(10 * time.Millisecond) {
				w := visit(key, "/after")
				if w.Code == http.StatusOK {
					break
				}
				failed++
				if w.Code < http.StatusInternalServerError || len(w.Header()["Set-Cookie"]) > 0 {
					t.Errorf("status %d, cookies %q", w.Code, w.Header()["Set-Cookie"])
				}
			}
			t.Logf("visitor %d: %d errors in %v", i, failed, time.Since(start))
			if failed == 0 {
				t.Error("a page was served without a primary")
			}
		})
	}
	wg.Wait()
	eventually(t, "Django finds the new primary", func() bool {
		_, err := p.django.try(t, "make", map[string]any{"values": map[string]any{}})
		return err == nil
	})
	check := func() {
		t.Helper()
		for i, key := range visitors {
			s := p.load(t, key)
			for name, want := range map[string]any{"visitor": int64(i), "django": int64(2), "go": int64(2), "page": "/after"} {
				if got, _ := s.Get(name); got != want {
					t.Errorf("%s has become %v", name, got)
				}
			}
			p.wantSame(t, key)
		}
	}
	check()
	// Django does not read from a replica that Sentinel takes for down.
	eventually(t, "Sentinel knows that the old primary is down", func() bool {
		all, err := watch.Replicas(t.Context(), "shop").Result()
		return err == nil && len(all) == 1 && strings.Contains(all[0]["flags"], "s_down")
	})
	if err := r.primary.Start(); err != nil {
		t.Fatal(err)
	}
	check()
	p.exchange(t, visitors[0], func(*testing.T) {}) // Sentinel takes 10 s to make the old primary a replica
}

// TestRedisSentinelWithPasswords has one password for Sentinel and another for Redis.
func TestRedisSentinelWithPasswords(t *testing.T) {
	t.Parallel()
	primary := newRedis(t, "--requirepass", "hush-redis")
	sentinel, err := servers.New(servers.Sentinel, fmt.Sprintf("sentinel monitor shop 127.0.0.1 %d 1", primary.Port),
		"sentinel auth-pass shop hush-redis", "requirepass hush-sentinel")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sentinel.Remove(); err != nil {
			t.Error(err)
		}
	})
	options := func(onRedis, onSentinel string) map[string]any {
		return map[string]any{
			"CLIENT_CLASS": "django_redis.client.SentinelClient", "CONNECTION_FACTORY": "django_redis.pool.SentinelConnectionFactory",
			"SENTINELS": []any{[]any{"127.0.0.1", sentinel.Port}}, "SENTINEL_KWARGS": map[string]any{"password": onSentinel},
			"PASSWORD": onRedis,
		}
	}
	p := replicaPair(t, djangoRedisBackend, []string{"redis://shop/1"}, options("hush-redis", "hush-sentinel"))
	p.exchange(t, p.create(t, map[string]any{"a": 1}), func(*testing.T) {})
	for name, wrong := range map[string]map[string]any{
		"Redis": options("hush-wrong", "hush-sentinel"), "Sentinel": options("hush-redis", "hush-wrong"),
	} {
		key := djangosession.NewKey()
		e := redisEngine(t, djangoRedisBackend, "redis://shop/1", wrong)
		_, err := e.Load(t.Context(), key)
		if err == nil || errors.Is(err, djangosession.ErrNoSession) || strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), key) {
			t.Errorf("a wrong password of %s: %v", name, err)
		} else {
			t.Logf("a wrong password of %s: %v", name, err)
		}
	}
}
