package rediscache_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/rediscache"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// redisSettings are the settings of a site with its sessions on this server.
func redisSettings(addr string) djangosession.Settings {
	s := djangosession.NewSettings("k")
	s.SessionEngine = "django.contrib.sessions.backends.cache"
	s.SessionCache = djangosession.SessionCache{
		Alias: "default", Backend: "django_redis.cache.RedisCache", Version: "1",
		Location: []string{"redis://" + addr + "/0"},
		Clients:  map[string]string{"django_redis": "6.0.0", "redis": "6.1.1"},
	}
	return s
}

// clientsOf returns caches whose clients send reads again: one that this package makes,
// and clients of a caller that retry.
func clientsOf() map[string]func(addr string) rediscache.Options {
	const retries = 3
	given := func(c redis.UniversalClient) rediscache.Options { return rediscache.Options{Client: c} }
	return map[string]func(addr string) rediscache.Options{
		"own cluster": func(string) rediscache.Options { return rediscache.Options{Cluster: true} },
		"given cluster": func(addr string) rediscache.Options {
			return given(redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{addr}, MaxRetries: retries}))
		},
		"given client": func(addr string) rediscache.Options {
			return given(redis.NewClient(&redis.Options{Addr: addr, MaxRetries: retries}))
		},
		"given ring": func(addr string) rediscache.Options {
			addrs := map[string]string{"one": addr}
			return given(redis.NewRing(&redis.RingOptions{Addrs: addrs, MaxRetries: retries}))
		},
	}
}

func openCache(t *testing.T, addr string, o rediscache.Options) (*rediscache.Cache, djangosession.Settings) {
	t.Helper()
	s := redisSettings(addr)
	c, err := rediscache.New(s, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := c.Close()
		if o.Client != nil {
			err = errors.Join(err, o.Client.Close())
		}
		if err != nil {
			t.Error(err)
		}
	})
	return c, s
}

func dict(n int64) *py.Dict {
	d := py.NewDict(1)
	d.Set("n", n)
	return d
}

// write is an operation that changes something, and the commands that it sends.
type write struct {
	name string
	sent string
	run  func(ctx context.Context, c *rediscache.Cache, old *caches.Item) error
}

func writes() []write {
	return []write{
		{"add", "set", func(ctx context.Context, c *rediscache.Cache, _ *caches.Item) error {
			return c.Add(ctx, "new", dict(2), time.Hour)
		}},
		{"replace", "set", func(ctx context.Context, c *rediscache.Cache, _ *caches.Item) error {
			return c.Replace(ctx, "key", dict(2), time.Hour)
		}},
		{"replace by an expired one", "del", func(ctx context.Context, c *rediscache.Cache, _ *caches.Item) error {
			return c.Replace(ctx, "key", dict(2), 0)
		}},
		{"set", "set", func(ctx context.Context, c *rediscache.Cache, _ *caches.Item) error {
			return c.Set(ctx, "key", dict(2), time.Hour)
		}},
		{"delete", "del", func(ctx context.Context, c *rediscache.Cache, _ *caches.Item) error {
			return c.Delete(ctx, "key")
		}},
		{"swap", "evalsha eval", func(ctx context.Context, c *rediscache.Cache, old *caches.Item) error {
			return c.Swap(ctx, "key", old, dict(2), time.Hour)
		}},
		{"swap of a known script", "evalsha", func(ctx context.Context, c *rediscache.Cache, old *caches.Item) error {
			return c.Swap(ctx, "key", old, nil, 0)
		}},
	}
}

// prepare stores a value under "key" and returns it.
func prepare(t *testing.T, c *rediscache.Cache, server *fakeRedis, w write) *caches.Item {
	t.Helper()
	if err := c.Set(t.Context(), "key", dict(1), time.Hour); err != nil {
		t.Fatal(err)
	}
	item, err := c.Get(t.Context(), "key")
	if err != nil {
		t.Fatal(err)
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	server.arrived = nil
	server.loaded = w.sent == "evalsha"
	return item
}

// TestLostAnswersSendNoWriteAgain has a server that executes a write and closes the
// connection. If the write were sent again, it could undo a later one, or fail because
// the first had succeeded.
func TestLostAnswersSendNoWriteAgain(t *testing.T) {
	t.Parallel()
	for name, options := range clientsOf() {
		for _, w := range writes() {
			t.Run(name+"/"+w.name, func(t *testing.T) {
				t.Parallel()
				server := newFakeRedis(t)
				c, _ := openCache(t, server.addr, options(server.addr))
				item := prepare(t, c, server, w)
				server.behave(func(int, string) string { return loseAnswer })
				err := w.run(t.Context(), c, item)
				found := errors.Is(err, caches.ErrExists) || errors.Is(err, caches.ErrChanged)
				if err == nil || found || errors.Is(err, caches.ErrMiss) {
					t.Errorf("error %v", err)
				}
				if got := server.received(); got != w.sent+" " {
					t.Errorf("the server received %q, want %q", got, w.sent)
				}
				server.behave(nil)
				if _, err := c.Get(t.Context(), "key"); err != nil && !errors.Is(err, caches.ErrMiss) {
					t.Errorf("and then: %v", err)
				}
			})
		}
	}
}

// TestLostAnswersOfAClusterAreNoMissingSessions is about the engine, whose callers take a
// session that is gone for a logout.
func TestLostAnswersOfAClusterAreNoMissingSessions(t *testing.T) {
	t.Parallel()
	server := newFakeRedis(t)
	c, s := openCache(t, server.addr, rediscache.Options{Cluster: true})
	e, err := caches.NewEngine(c, s, caches.Options{})
	if err != nil {
		t.Fatal(err)
	}
	record := func(key string, n int64) *djangosession.Record {
		return &djangosession.Record{Key: key, Data: dict(n), ExpireAge: time.Hour}
	}
	key := djangosession.NewKey()
	if err := e.Create(t.Context(), record(key, 1)); err != nil {
		t.Fatal(err)
	}
	server.behave(loseFirst("set"))
	if err := e.Save(t.Context(), record(key, 2)); err == nil || errors.Is(err, djangosession.ErrSessionGone) {
		t.Errorf("save: %v", err)
	}
	server.behave(loseFirst("eval"))
	err = e.Cycle(t.Context(), key, func(r *djangosession.Record) error { r.Key = djangosession.NewKey(); return nil })
	if err == nil || errors.Is(err, djangosession.ErrSessionGone) {
		t.Errorf("change of key: %v", err)
	}
	server.behave(loseFirst("set"))
	if err := e.Create(t.Context(), record(djangosession.NewKey(), 3)); errors.Is(err, djangosession.ErrKeyTaken) {
		t.Errorf("creation: %v", err)
	}
}

// TestRefusedWritesOfAClusterAreSentAgain has answers after which the write was not
// executed: the key is on another server, or the cluster is not complete.
func TestRefusedWritesOfAClusterAreSentAgain(t *testing.T) {
	t.Parallel()
	for _, refusal := range []string{"MOVED", "ASK", "CLUSTERDOWN", "TRYAGAIN"} {
		for _, w := range writes() {
			t.Run(refusal+"/"+w.name, func(t *testing.T) {
				t.Parallel()
				server, other := newFakeRedis(t), newFakeRedis(t)
				other.fakeStore = server.fakeStore
				c, _ := openCache(t, server.addr, rediscache.Options{Cluster: true})
				item := prepare(t, c, server, w)
				answer := "-" + refusal + " The cluster cannot do this"
				if refusal == "MOVED" || refusal == "ASK" {
					answer = "-" + refusal + " 7 " + other.addr
				}
				server.behave(func(n int, _ string) string {
					if n == 0 {
						return answer
					}
					return ""
				})
				if err := w.run(t.Context(), c, item); err != nil {
					t.Error(err)
				}
				got := strings.Fields(server.received())
				if want := slices.Concat(strings.Fields(w.sent)[:1], strings.Fields(w.sent)); !slices.Equal(got, want) {
					t.Errorf("the servers received %q, want %q", got, want)
				}
			})
		}
	}
}

// TestLostAnswersAfterRedirectionsSendNoWriteAgain has a key that is on another server,
// which executes the write and closes the connection.
func TestLostAnswersAfterRedirectionsSendNoWriteAgain(t *testing.T) {
	t.Parallel()
	for _, refusal := range []string{"MOVED", "ASK", "CLUSTERDOWN"} {
		for name, options := range clientsOf() {
			if !strings.HasSuffix(name, "cluster") {
				continue
			}
			t.Run(refusal+"/"+name, func(t *testing.T) {
				t.Parallel()
				server, other := newFakeRedis(t), newFakeRedis(t)
				other.fakeStore = server.fakeStore
				c, _ := openCache(t, server.addr, options(server.addr))
				server.behave(func(n int, _ string) string {
					if n == 0 {
						return "-" + refusal + " 7 " + other.addr
					}
					return loseAnswer
				})
				if err := c.Set(t.Context(), "key", dict(2), time.Hour); err == nil {
					t.Error("no error")
				}
				if got := server.received(); got != strings.Repeat("set ", 2) {
					t.Errorf("the servers received %q", got)
				}
			})
		}
	}
}

// TestBrokenClustersAreErrors has a cluster that does not become complete. The context
// ends the attempts.
func TestBrokenClustersAreErrors(t *testing.T) {
	t.Parallel()
	server := newFakeRedis(t)
	c, _ := openCache(t, server.addr, rediscache.Options{Cluster: true})
	server.behave(func(int, string) string { return "-CLUSTERDOWN Hash slot not served" })
	err := c.Delete(t.Context(), "key")
	if refused, ok := errors.AsType[*rediscache.ServerError](err); !ok || refused.Code != "CLUSTERDOWN" {
		t.Errorf("error %v", err)
	}
	if got := server.received(); got != strings.Repeat("del ", 4) {
		t.Errorf("the server received %q", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := c.Delete(ctx, "key"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}
