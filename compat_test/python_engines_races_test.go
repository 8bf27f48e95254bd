package compat_test

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// TestMixedLogoutRaces lets a logout, in Django or in Go, race with loads, saves and
// changes of the key on both sides. Afterwards the session does not exist.
// COMPAT_RACES is the number of races.
func TestMixedLogoutRaces(t *testing.T) { //nolint:tparallel // each subtest uses many processes
	t.Parallel()
	release := releases()[len(releases())-1]
	for _, k := range mergingKinds() {
		t.Run(k.String(), func(t *testing.T) {
			m := newMergingSite(t, k, release, k.merging())
			r := &mixedRaces{site: m, django: m.team(t, 3), sessions: []*djangosession.Manager{m.open(t), m.open(t)}}
			races, began, draw := times(t, "COMPAT_RACES", 60), time.Now(), rand.New(rand.NewPCG(rand.Uint64(), 0))
			for range races {
				r.race(t, draw)
			}
			t.Logf("%d races in %v: %d restored, %d keys changed", races, time.Since(began).Round(time.Second),
				r.restored.Load(), r.moved.Load())
		})
	}
}

type mixedRaces struct {
	site            *mergingSite
	django          []*peer
	sessions        []*djangosession.Manager
	restored, moved atomic.Int64
}

// race runs one race, with a logout on a random side.
func (r *mixedRaces) race(t *testing.T, draw *rand.Rand) {
	t.Helper()
	first := r.sessions[0].New()
	first.Set("user", "1")
	save(t, first)
	key, isGo := first.Key(), draw.IntN(2) == 0
	ops := []string{"save", "cycle", "load"}
	spread := func() time.Duration { return time.Duration(draw.IntN(3000)) * time.Microsecond }
	moved := make([]string, len(r.django)+len(r.sessions))
	var race sync.WaitGroup
	for i, django := range r.django {
		op, wait := ops[draw.IntN(len(ops))], spread()
		if i == 0 && !isGo {
			op = "flush"
		}
		race.Go(func() {
			v, err := django.try(t, "race", map[string]any{"key": key, "op": op, "wait": wait.Seconds()})
			if err != nil {
				t.Errorf("Django: %s: %v\n%s", op, err, django.stderr.String())
			}
			moved[i], _ = v.(string)
		})
	}
	for i, sessions := range r.sessions {
		op, wait := ops[draw.IntN(len(ops))], spread()
		if i == 0 && isGo {
			op = "flush"
		}
		race.Go(func() {
			time.Sleep(wait)
			var err error
			if moved[len(r.django)+i], err = goRace(t, sessions, key, op); err != nil {
				t.Errorf("Go: %s: %v", op, err)
			}
		})
	}
	race.Wait()
	if r.exists(t, key) {
		r.restored.Add(1)
		t.Errorf("a session exists after its logout (in Go: %v)", isGo)
	}
	found := 0
	for _, k := range moved {
		if k != "" && r.exists(t, k) {
			found++
			r.moved.Add(1)
			r.site.django.do(t, "flush", map[string]any{"key": k})
		}
	}
	if found > 1 {
		t.Errorf("%d changes of the key have copied the session", found)
	}
}

// goRace is do_race in merging_peer.py.
func goRace(t *testing.T, sessions *djangosession.Manager, key, op string) (moved string, err error) {
	t.Helper()
	s, err := sessions.Load(t.Context(), key)
	if err != nil {
		return "", err
	}
	if s.Key() == "" {
		return "", nil
	}
	switch op {
	case "save":
		s.Set("go", op)
		err = s.Save(t.Context())
	case "cycle":
		s.Set("go", op)
		if err = s.CycleKey(t.Context()); err == nil {
			moved = s.Key()
		}
	case "flush":
		err = s.Flush(t.Context())
	}
	if errors.Is(err, djangosession.ErrSessionGone) {
		err = nil
	}
	return moved, err
}

// exists reports whether the table or the cache has a session.
func (r *mixedRaces) exists(t *testing.T, key string) bool {
	t.Helper()
	found, err := r.sessions[1].Exists(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	there, _ := r.site.django.do(t, "exists", map[string]any{"key": key}).(bool)
	return found || there
}
