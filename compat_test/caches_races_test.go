package compat_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// cacheWriters is the number of writers in a race. Each has a cache and connections of
// its own, like another process.
const cacheWriters = 4

func oneValue(name string, v any) *py.Dict {
	d := py.NewDict(1)
	d.Set(name, v)
	return d
}

// cacheRaces counts the results of races of the engine "cache".
type cacheRaces struct {
	team                      []*caches.Engine
	spread                    time.Duration // calls begin within this time
	restored, unknown, cycled atomic.Int64
}

// cacheLogoutRaces lets a logout race with saves, merges and changes of the key, some of
// which are canceled. Afterwards the session does not exist, and no key exists that a
// change of the key did not report. CHAOS_RACES is the number of races.
func cacheLogoutRaces(t *testing.T, team []*caches.Engine, usual int, spread time.Duration) {
	t.Helper()
	races, c := times(t, "CHAOS_RACES", usual), &cacheRaces{team: team, spread: spread}
	begin := time.Now()
	inLanes(races, func(draw *rand.Rand) { c.logout(t, draw) })
	t.Logf("%d races in %v: %d restored, %d keys changed before the logout, %d under an unknown key",
		races, time.Since(begin).Round(time.Second), c.restored.Load(), c.cycled.Load(), c.unknown.Load())
}

func (c *cacheRaces) logout(t *testing.T, draw *rand.Rand) {
	t.Helper()
	r := &djangosession.Record{Key: djangosession.NewKey(), Data: oneValue("a", int64(0)), ExpireAge: time.Hour}
	if err := c.team[0].Create(t.Context(), r); err != nil {
		t.Error(err)
		return
	}
	moved, results := make([]string, len(c.team)), make([]error, len(c.team))
	var race sync.WaitGroup
	for i, e := range c.team {
		op, wait := draw.IntN(3), time.Duration(draw.Int64N(int64(c.spread)))
		ctx, cancel := t.Context(), context.CancelFunc(func() {})
		if i > 0 && draw.IntN(4) == 0 {
			ctx, cancel = context.WithTimeout(ctx, time.Duration(draw.Int64N(2*int64(c.spread))))
		}
		race.Go(func() {
			defer cancel()
			time.Sleep(wait)
			switch {
			case i == 0:
				results[i] = e.Delete(ctx, r.Key)
			case op == 0:
				results[i] = e.Save(ctx, &djangosession.Record{Key: r.Key, Data: oneValue("a", int64(i)), ExpireAge: time.Hour})
			case op == 1:
				results[i] = e.Merge(ctx, r.Key, func(stored *djangosession.Record) error {
					stored.ExpireAge = time.Hour
					stored.Data.Set("b", int64(i))
					return nil
				})
			default:
				moved[i] = djangosession.NewKey()
				results[i] = e.Cycle(ctx, r.Key, func(stored *djangosession.Record) error {
					stored.Key, stored.ExpireAge = moved[i], time.Hour
					return nil
				})
			}
		})
	}
	race.Wait()
	if results[0] != nil {
		t.Error(results[0])
	}
	if _, err := c.team[0].Load(t.Context(), r.Key); !errors.Is(err, djangosession.ErrNoSession) {
		c.restored.Add(1)
		t.Errorf("a session exists after its logout: %v, %v", err, results)
	}
	for i, key := range moved {
		if key != "" {
			c.look(t, key, results[i])
		}
	}
}

// look compares a new key with the result of the change of the key, and removes it.
func (c *cacheRaces) look(t *testing.T, key string, result error) {
	t.Helper()
	_, err := c.team[0].Load(t.Context(), key)
	switch exists := !errors.Is(err, djangosession.ErrNoSession); {
	case exists && result == nil:
		c.cycled.Add(1)
		if err := c.team[0].Delete(t.Context(), key); err != nil {
			t.Error(err)
		}
	case exists:
		c.unknown.Add(1)
		t.Errorf("a session exists under a key that no caller has: %v", result)
	case result == nil:
		t.Error("a session whose key was changed is lost")
	}
}

// cacheMergesLoseNothing lets writers merge into the same sessions, and counts.
// CHAOS_RACES is the number of merges.
func cacheMergesLoseNothing(t *testing.T, team []*caches.Engine, usual int) {
	t.Helper()
	merges, begin := times(t, "CHAOS_RACES", usual), time.Now()
	const perSession = 100
	var lost, conflicts atomic.Int64
	for range (merges + perSession - 1) / perSession {
		r := &djangosession.Record{Key: djangosession.NewKey(), Data: oneValue("n", int64(0)), ExpireAge: time.Hour}
		if err := team[0].Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		var writers sync.WaitGroup
		for i, e := range team {
			writers.Go(func() {
				for n := range perSession / len(team) {
					calls := int64(0)
					err := e.Merge(t.Context(), r.Key, func(stored *djangosession.Record) error {
						calls++
						stored.ExpireAge = time.Hour
						stored.Data.Set(fmt.Sprintf("%d/%d", i, n), int64(1))
						return nil
					})
					if err != nil {
						t.Error(err)
					}
					conflicts.Add(calls - 1)
				}
			})
		}
		writers.Wait()
		stored, err := team[0].Load(t.Context(), r.Key)
		if err != nil {
			t.Fatal(err)
		}
		if missing := perSession + 1 - stored.Data.Len(); missing != 0 {
			lost.Add(int64(missing))
			t.Errorf("%d of %d merges are lost", missing, perSession)
		}
		if err := team[0].Delete(t.Context(), r.Key); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d merges in %v: %d lost, %d conflicts", merges, time.Since(begin).Round(time.Second), lost.Load(), conflicts.Load())
}

// fileCacheTeam makes engines on the file-based cache.
func fileCacheTeam(t *testing.T) []*caches.Engine {
	t.Helper()
	s := djangosession.NewSettings("compat-secret-key")
	s.SessionEngine = cacheEngine
	s.SessionCache = djangosession.SessionCache{
		Alias: "default", Backend: caches.FileBasedBackend, Location: []string{filepath.Join(t.TempDir(), "cache")}, Version: "1",
	}
	return cacheTeam(t, s, func() (caches.Cache, error) { return caches.NewFileBased(s) })
}

// cacheTeam makes an engine for each writer.
func cacheTeam(t *testing.T, s djangosession.Settings, open func() (caches.Cache, error)) []*caches.Engine {
	t.Helper()
	team := make([]*caches.Engine, cacheWriters)
	for i := range team {
		c, err := open()
		if err != nil {
			t.Fatal(err)
		}
		if team[i], err = caches.NewEngine(c, s, caches.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	return team
}

// onTableCaches runs a test with engines on the database cache of each database.
func onTableCaches(t *testing.T, run func(t *testing.T, team []*caches.Engine)) {
	t.Helper()
	for _, product := range databases() {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			base, made, s := newDatabase(t, product), false, tableCacheSettings()
			run(t, cacheTeam(t, s, func() (caches.Cache, error) {
				c, err := tables.NewCache(base.open(t), s, tables.CacheOptions{Dialect: base.dialect, LockWait: time.Minute})
				if err == nil && !made {
					made, err = true, c.CreateTable(t.Context())
				}
				return c, err
			}))
		})
	}
}

// TestFileCacheLogoutRaces runs the races of logouts on the file-based cache.
func TestFileCacheLogoutRaces(t *testing.T) {
	t.Parallel()
	cacheLogoutRaces(t, fileCacheTeam(t), 200, 150*time.Microsecond)
}

// TestFileCacheMergesLoseNothing merges from all sides on the file-based cache.
func TestFileCacheMergesLoseNothing(t *testing.T) {
	t.Parallel()
	cacheMergesLoseNothing(t, fileCacheTeam(t), 400)
}

// TestTableCacheLogoutRaces runs the races of logouts on the database cache.
func TestTableCacheLogoutRaces(t *testing.T) {
	t.Parallel()
	onTableCaches(t, func(t *testing.T, team []*caches.Engine) { cacheLogoutRaces(t, team, 40, 2*time.Millisecond) })
}

// TestTableCacheMergesLoseNothing merges from all sides on the database cache.
func TestTableCacheMergesLoseNothing(t *testing.T) {
	t.Parallel()
	onTableCaches(t, func(t *testing.T, team []*caches.Engine) { cacheMergesLoseNothing(t, team, 100) })
}
