package compat_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// memcachedWriters is the number of writers in a race. Each has a cache and connections of
// its own, like another process.
const memcachedWriters = 4

func oneValue(name string, v any) *py.Dict {
	d := py.NewDict(1)
	d.Set(name, v)
	return d
}

func memcachedTeam(t *testing.T) []*caches.Engine {
	t.Helper()
	location := addresses(memcacheds(t, 1))
	team := make([]*caches.Engine, 0, memcachedWriters)
	for range memcachedWriters {
		team = append(team, memcachedEngine(t, location...))
	}
	return team
}

// TestMemcachedLogoutRaces lets a logout race with saves, merges and changes of the key,
// some of which are cancelled. Afterwards the session does not exist, and no key exists
// that a change of the key did not report. CHAOS_RACES is the number of races.
func TestMemcachedLogoutRaces(t *testing.T) {
	t.Parallel()
	races := times(t, "CHAOS_RACES", 60)
	const lanes = 4
	var restored, unknown, cycled atomic.Int64
	var all sync.WaitGroup
	for lane := range lanes {
		team := memcachedTeam(t)
		all.Go(func() {
			draw := rand.New(rand.NewPCG(rand.Uint64(), uint64(lane)))
			for range (races + lanes - 1) / lanes {
				r := &djangosession.Record{Key: djangosession.NewKey(), Data: oneValue("a", int64(0)), ExpireAge: time.Hour}
				if err := team[0].Create(t.Context(), r); err != nil {
					t.Error(err)
					return
				}
				moved := make([]string, memcachedWriters)
				results := make([]error, memcachedWriters)
				var race sync.WaitGroup
				for i, e := range team {
					op, wait := draw.IntN(3), time.Duration(draw.IntN(150))*time.Microsecond
					ctx, cancel := t.Context(), context.CancelFunc(func() {})
					if i > 0 && draw.IntN(4) == 0 {
						ctx, cancel = context.WithTimeout(ctx, time.Duration(draw.IntN(300))*time.Microsecond)
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
				if _, err := team[0].Load(t.Context(), r.Key); !errors.Is(err, djangosession.ErrNoSession) {
					restored.Add(1)
					t.Errorf("a session exists after its logout: %v", results)
				}
				for i, key := range moved {
					if key == "" {
						continue
					}
					_, err := team[0].Load(t.Context(), key)
					switch exists := !errors.Is(err, djangosession.ErrNoSession); {
					case exists && results[i] == nil:
						cycled.Add(1)
					case exists:
						unknown.Add(1)
						t.Errorf("a session exists under a key that nobody knows: %v", results[i])
					case results[i] == nil:
						t.Error("a session whose key was changed is lost")
					}
				}
			}
		})
	}
	all.Wait()
	t.Logf("%d races: %d restored, %d keys changed before the logout, %d under an unknown key", races, restored.Load(), cycled.Load(), unknown.Load())
}

// TestMemcachedMergesLoseNothing lets writers merge into the same sessions, and counts.
// CHAOS_RACES is the number of merges.
func TestMemcachedMergesLoseNothing(t *testing.T) {
	t.Parallel()
	merges := times(t, "CHAOS_RACES", 400)
	const perSession = 100
	team := memcachedTeam(t)
	var lost, conflicts atomic.Int64
	for range (merges + perSession - 1) / perSession {
		r := &djangosession.Record{Key: djangosession.NewKey(), Data: oneValue("n", int64(0)), ExpireAge: time.Hour}
		if err := team[0].Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		var writers sync.WaitGroup
		for i, e := range team {
			writers.Go(func() {
				for n := range perSession / memcachedWriters {
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
	}
	t.Logf("%d merges: %d lost, %d conflicts", merges, lost.Load(), conflicts.Load())
}
