package compat_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// raceLanes is the number of races at the same time.
const raceLanes = 4

// inLanes calls race n times, with the seed of each.
func inLanes(n int, race func(draw *rand.Rand)) {
	var left atomic.Int64
	left.Store(int64(n))
	var lanes sync.WaitGroup
	for range raceLanes {
		lanes.Go(func() {
			draw := rand.New(rand.NewPCG(rand.Uint64(), 0))
			for left.Add(-1) >= 0 {
				race(draw)
			}
		})
	}
	lanes.Wait()
}

// onCachedDBs runs a test on each database with a Redis of its own, by two processes.
func onCachedDBs(t *testing.T, run func(t *testing.T, team []*cachedRows)) {
	t.Helper()
	for _, product := range databases() {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			run(t, newCachedRows(t, newDatabase(t, product), newRedis(t), 2))
		})
	}
}

// TestCachedDBLogoutRaces lets a logout race with loads that write back, saves, merges
// and changes of the key, some of which are cancelled. Afterwards neither a row nor a
// copy exists, except those of a key that a change of the key returned. CHAOS_RACES is
// the number of races.
func TestCachedDBLogoutRaces(t *testing.T) {
	t.Parallel()
	races := times(t, "CHAOS_RACES", 40)
	onCachedDBs(t, func(t *testing.T, team []*cachedRows) {
		c := &cachedDBLogouts{team: team}
		inLanes(races, func(draw *rand.Rand) { c.race(t, draw) })
		t.Logf("%d races: %d broken, %d keys changed before the logout, %d calls failed",
			races, c.broken.Load(), c.cycled.Load(), c.failed.Load())
	})
}

// cachedDBLogouts counts what came of races.
type cachedDBLogouts struct {
	team                   []*cachedRows
	broken, cycled, failed atomic.Int64
}

func (c *cachedDBLogouts) race(t *testing.T, draw *rand.Rand) {
	t.Helper()
	one, two, key, moved := c.team[0], c.team[1], djangosession.NewKey(), djangosession.NewKey()
	if err := one.Create(t.Context(), one.record(key, int64(0))); err != nil {
		t.Error(err)
		return
	}
	if draw.IntN(4) > 0 { // a Load will write back
		if err := one.copies.Delete(t.Context(), key); err != nil {
			t.Error(err)
		}
	}
	calls := []func(ctx context.Context) error{
		func(ctx context.Context) error { return one.Delete(ctx, key) },
		func(ctx context.Context) error {
			return two.Cycle(ctx, key, func(r *djangosession.Record) error { return two.set(moved, "value", int64(4))(r) })
		},
		func(ctx context.Context) error { return second(two.Load(ctx, key)) },
		func(ctx context.Context) error { return two.Save(ctx, two.record(key, int64(2))) },
		func(ctx context.Context) error { return two.Merge(ctx, key, two.set(key, "value", int64(3))) },
		func(ctx context.Context) error { return second(one.Load(ctx, key)) },
	}
	results := make([]error, len(calls))
	var all sync.WaitGroup
	for i, call := range calls {
		if i > 0 && draw.IntN(3) == 0 {
			continue
		}
		wait, limit := time.Duration(draw.IntN(2000))*time.Microsecond, time.Minute
		cancelled := i > 0 && draw.IntN(6) == 0
		if cancelled {
			limit = time.Duration(draw.IntN(4000)) * time.Microsecond
		}
		all.Go(func() {
			time.Sleep(wait)
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			results[i] = call(ctx)
			switch err := results[i]; {
			case err == nil, errors.Is(err, djangosession.ErrNoSession), errors.Is(err, djangosession.ErrSessionGone):
			case cancelled:
				c.failed.Add(1)
			default:
				t.Errorf("call %d: %v", i, err)
			}
		})
	}
	all.Wait()
	row, copied := one.stored(t, key)
	if row != nil || copied != nil {
		c.broken.Add(1)
		t.Errorf("after the logout, there is a row: %v, a copy: %v; the calls returned %v", row != nil, copied != nil, results)
	}
	row, copied = one.stored(t, moved)
	if row == nil && copied != nil || row != nil && results[1] != nil || copied != nil && one.disagreement(t, moved) != "" {
		c.broken.Add(1)
		t.Errorf("under the new key, there is a row: %v, a copy: %v; the calls returned %v", row != nil, copied != nil, results)
	}
	if row != nil {
		c.cycled.Add(1)
		if err := one.Delete(t.Context(), moved); err != nil {
			t.Error(err)
		}
	}
}

// TestCachedDBMergesLoseNothing merges from all sides into the same sessions, beside
// loads and evictions. Nothing is lost, and row and copy agree. CHAOS_RACES is the number
// of merges.
func TestCachedDBMergesLoseNothing(t *testing.T) {
	t.Parallel()
	merges := times(t, "CHAOS_RACES", 200)
	const perSession, sides = 40, 4
	onCachedDBs(t, func(t *testing.T, team []*cachedRows) {
		lost, disagree, older := 0, 0, 0
		for range (merges + perSession - 1) / perSession {
			key := djangosession.NewKey()
			if err := team[0].Create(t.Context(), team[0].record(key, int64(0))); err != nil {
				t.Fatal(err)
			}
			var writers, reader sync.WaitGroup
			var done atomic.Bool
			var acknowledged atomic.Int64
			for side := range sides {
				writers.Go(func() {
					e := team[side%len(team)]
					for i := side; i < perSession; i += sides {
						if err := e.Merge(t.Context(), key, e.set(key, strconv.Itoa(i), int64(i))); err != nil {
							t.Error(err)
						}
						acknowledged.Add(1)
					}
				})
			}
			reader.Go(func() {
				for !done.Load() {
					before := acknowledged.Load()
					r, err := team[1].Load(t.Context(), key)
					if err != nil {
						t.Error(err)
						return
					}
					if int64(r.Data.Len()) < before+1 {
						older++
					}
					if err := team[0].copies.Delete(t.Context(), key); err != nil {
						t.Error(err)
					}
					time.Sleep(time.Millisecond)
				}
			})
			writers.Wait()
			done.Store(true)
			reader.Wait()
			row, _ := team[0].stored(t, key)
			lost += perSession + 1 - row.Len()
			if problem := team[0].disagreement(t, key); problem != "" {
				disagree++
				t.Error(problem)
			}
		}
		if lost > 0 {
			t.Error("writes are lost")
		}
		t.Logf("%d merges: %d lost, %d sessions whose copy is another, %d loads of an older session", merges, lost, disagree, older)
	})
}

// TestCachedDBAgreesAfterRaces has saves, merges and loads of one session at once, some
// of which are cancelled. Row and copy agree afterwards. CHAOS_RACES is the number of
// races.
func TestCachedDBAgreesAfterRaces(t *testing.T) {
	t.Parallel()
	races := times(t, "CHAOS_RACES", 40)
	onCachedDBs(t, func(t *testing.T, team []*cachedRows) {
		one, two := team[0], team[1]
		var disagree, copied atomic.Int64
		inLanes(races, func(draw *rand.Rand) {
			key := djangosession.NewKey()
			if err := one.Create(t.Context(), one.record(key, int64(0))); err != nil {
				t.Error(err)
				return
			}
			calls := []func(ctx context.Context) error{
				func(ctx context.Context) error { return one.Save(ctx, one.record(key, int64(1))) },
				func(ctx context.Context) error { return two.Save(ctx, two.record(key, int64(2))) },
				func(ctx context.Context) error { return two.Merge(ctx, key, two.set(key, "value", int64(3))) },
				func(ctx context.Context) error { return second(one.Load(ctx, key)) },
				func(ctx context.Context) error { return second(two.Load(ctx, key)) },
				func(ctx context.Context) error { return one.copies.Delete(ctx, key) },
			}
			var all sync.WaitGroup
			for _, call := range calls {
				wait, limit := time.Duration(draw.IntN(2000))*time.Microsecond, time.Minute
				if draw.IntN(6) == 0 {
					limit = time.Duration(draw.IntN(4000)) * time.Microsecond
				}
				all.Go(func() {
					time.Sleep(wait)
					ctx, cancel := context.WithTimeout(t.Context(), limit)
					defer cancel()
					if err := call(ctx); err != nil && limit == time.Minute {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if problem := one.disagreement(t, key); problem != "" {
				disagree.Add(1)
				t.Error(problem)
			}
			if _, c := one.stored(t, key); c != nil {
				copied.Add(1)
			}
			if err := one.Delete(t.Context(), key); err != nil {
				t.Error(err)
			}
		})
		t.Logf("%d races: %d disagree, %d copies remained", races, disagree.Load(), copied.Load())
	})
}

// TestCachedDBWithFewConnections has more callers than connections. The hook needs no
// connection while it holds one, also if the cache is a table of the same database.
func TestCachedDBWithFewConnections(t *testing.T) {
	t.Parallel()
	for _, product := range databases() {
		for name, open := range map[string]func(t *testing.T) *cachedRows{
			"Redis": func(t *testing.T) *cachedRows { return newCachedRows(t, newDatabase(t, product), newRedis(t), 1)[0] },
			"table": func(t *testing.T) *cachedRows { return newCachedTables(t, newDatabase(t, product), 1)[0] },
		} {
			for _, connections := range []int{1, 2} {
				t.Run(fmt.Sprintf("%s/%s/%d", product, name, connections), func(t *testing.T) {
					t.Parallel()
					e := open(t)
					e.db.SetMaxOpenConns(connections)
					useAtOnce(t, e)
				})
			}
		}
	}
}

// useAtOnce lets many callers use an engine at once, some of which give up.
func useAtOnce(t *testing.T, e *cachedRows) {
	t.Helper()
	// Hundreds of commits one after the other are slow on a busy disk.
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	shared := djangosession.NewKey()
	if err := e.Create(ctx, e.record(shared, int64(0))); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for caller := range 8 {
		all.Go(func() {
			for n := range 5 {
				key, moved := djangosession.NewKey(), djangosession.NewKey()
				short, give := context.WithTimeout(ctx, 3*time.Millisecond)
				_ = e.Save(short, e.record(shared, int64(n))) // it may give up at any time
				give()
				err := errors.Join(
					e.Create(ctx, e.record(key, int64(caller))),
					e.copies.Delete(ctx, key),
					second(e.Load(ctx, key)),
					e.Save(ctx, e.record(key, int64(1))),
					e.Merge(ctx, shared, e.set(shared, fmt.Sprint(caller, "/", n), int64(n))),
					e.Cycle(ctx, key, e.set(moved, "value", int64(2))),
					e.Delete(ctx, moved),
				)
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if problem := e.disagreement(t, shared); problem != "" {
		t.Error(problem)
	}
	for e.db.Stats().InUse > 0 && ctx.Err() == nil { // a call that gave up may still end
		time.Sleep(time.Millisecond)
	}
	if in := e.db.Stats().InUse; in > 0 {
		t.Errorf("%d connections are in use afterwards", in)
	}
}
