package compat_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/rediscache"
	"github.com/djangobridge/djangobridge/compat_test/servers"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/enginetest"
)

// newRedisCluster starts a cluster of three primaries, and returns clients of each.
func newRedisCluster(t *testing.T) (nodes []*servers.Server, direct []*redis.Client) {
	t.Helper()
	const slots, size = 16384, 3
	buses := make([]string, size)
	for i := range size {
		buses[i] = strconv.Itoa(unusedPort(t))
		nodes = append(nodes, newRedis(t, "--cluster-enabled", "yes", "--cluster-port", buses[i], "--cluster-node-timeout", "15000",
			"--cluster-require-full-coverage", "no"))
		c := redis.NewClient(&redis.Options{Addr: nodes[i].Addr(), MaxRetries: -1})
		t.Cleanup(func() { _ = c.Close() })
		if err := c.ClusterAddSlotsRange(t.Context(), i*slots/size, (i+1)*slots/size-1).Err(); err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			if err := direct[0].Do(t.Context(), "cluster", "meet", "127.0.0.1", nodes[i].Port, buses[i]).Err(); err != nil {
				t.Fatal(err)
			}
		}
		direct = append(direct, c)
	}
	for _, c := range direct {
		eventually(t, "the cluster has all slots", func() bool {
			info, err := c.ClusterInfo(t.Context()).Result()
			return err == nil && strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_slots_ok:16384") &&
				strings.Contains(info, "cluster_known_nodes:3")
		})
	}
	return nodes, direct
}

// clusterCache opens a cache on a cluster, of which LOCATION names the first server.
func clusterCache(t *testing.T, s djangosession.Settings) *rediscache.Cache {
	t.Helper()
	c, err := rediscache.New(s, rediscache.Options{Cluster: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// TestRedisClusterKeepsSessions runs the suite of session engines and the races on a
// cluster. The keys of a session before and after a login are on different servers.
func TestRedisClusterKeepsSessions(t *testing.T) {
	t.Parallel()
	nodes, direct := newRedisCluster(t)
	kind := redisKinds()[1]
	t.Run("engine", func(t *testing.T) {
		t.Parallel()
		enginetest.Run(t, func(t *testing.T, given djangosession.Settings) enginetest.Backend {
			t.Helper()
			s := kind.settings(given, "redis://"+nodes[0].Addr())
			s.SessionCache.KeyPrefix = djangosession.NewKey() // of this test alone
			c := clusterCache(t, s)
			e, err := caches.NewEngine(c, s, caches.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return enginetest.Backend{Engine: e, Lacks: cacheLacks(), SetUnknown: func(t *testing.T, key string) {
				t.Helper()
				for _, node := range direct { // all but one refuse it
					if node.Set(t.Context(), sessionKey(s, key), "garbage", time.Hour).Err() == nil {
						return
					}
				}
				t.Fatal("no server takes the key")
			}}
		})
	})
	s := kind.settings(djangosession.NewSettings("k"), "redis://"+nodes[0].Addr())
	team := func(t *testing.T) []*caches.Engine {
		t.Helper()
		return cacheTeam(t, s, func() (caches.Cache, error) { return clusterCache(t, s), nil })
	}
	t.Run("logout races", func(t *testing.T) {
		t.Parallel()
		cacheLogoutRaces(t, team(t), 100, 150*time.Microsecond)
	})
	t.Run("merges", func(t *testing.T) {
		t.Parallel()
		cacheMergesLoseNothing(t, team(t), 100)
	})
}

// TestRedisClusterLosesAServer kills one of three servers: its sessions are errors and
// not missing, and those of the others go on.
func TestRedisClusterLosesAServer(t *testing.T) {
	t.Parallel()
	nodes, direct := newRedisCluster(t)
	s := redisKinds()[1].settings(djangosession.NewSettings("k"), "redis://"+nodes[0].Addr())
	e, err := caches.NewEngine(clusterCache(t, s), s, caches.Options{})
	if err != nil {
		t.Fatal(err)
	}
	onNode := make([][]string, len(nodes))
	for range 60 {
		key := djangosession.NewKey()
		if err := e.Create(t.Context(), redisRecord(key, 1)); err != nil {
			t.Fatal(err)
		}
		for i, node := range direct {
			if node.Exists(t.Context(), sessionKey(s, key)).Val() == 1 {
				onNode[i] = append(onNode[i], key)
			}
		}
	}
	listed := 0
	for _, err := range e.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		listed++
	}
	if listed != 60 || len(onNode[0])*len(onNode[1])*len(onNode[2]) == 0 {
		t.Fatalf("%d sessions are listed, and the servers have %d, %d and %d", listed, len(onNode[0]), len(onNode[1]), len(onNode[2]))
	}
	if err := nodes[2].Kill(); err != nil {
		t.Fatal(err)
	}
	for i, keys := range onNode {
		for _, key := range keys[:5] {
			_, err := e.Load(t.Context(), key)
			saved := e.Save(t.Context(), redisRecord(key, 2))
			switch {
			case i < 2 && (err != nil || saved != nil):
				t.Errorf("a session of another server: %v, %v", err, saved)
			case i == 2 && (err == nil || saved == nil || errors.Is(err, djangosession.ErrNoSession) || errors.Is(saved, djangosession.ErrSessionGone)):
				t.Errorf("a session of the server that is down: %v, %v", err, saved)
			}
		}
	}
}
