package compat_test

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

const (
	mergingWriters = 8               // processes on each side
	mergesVariable = "COMPAT_MERGES" // the number of writes
)

// TestSixteenWriters has eight Django processes and eight Go processes change one value
// each of one session. With the merging engines nothing is lost, and with those of Django
// much is. If COMPAT_MERGES is set, it is the number of writes, and all engines of Django
// are tried for comparison.
func TestSixteenWriters(t *testing.T) { //nolint:tparallel // each subtest uses many processes
	t.Parallel()
	release := releases()[len(releases())-1]
	for _, k := range mergingKinds() {
		t.Run(k.String(), func(t *testing.T) {
			writes := times(t, mergesVariable, 480)
			if lost := writeFromBothSides(t, k, release, k.merging(), writes); lost != 0 {
				t.Errorf("%d of %d values are lost", lost, writes)
			}
			if k.engine != "cache" && os.Getenv(mergesVariable) == "" {
				return // the next case takes a minute to start its processes
			}
			if lost := writeFromBothSides(t, k, release, k.stock(), min(writes, 4800)); lost == 0 {
				t.Error("Django's engine has lost nothing: the writers do not meet")
			}
		})
	}
}

// writeFromBothSides returns how many of the writes were undone.
func writeFromBothSides(t *testing.T, k mergingKind, release, engine string, writes int) int64 {
	t.Helper()
	m := newMergingSite(t, k, release, engine)
	key := m.django.text(t, "make", map[string]any{"values": map[string]any{"first": "x"}})
	team, rounds := m.team(t, mergingWriters), writes/(2*mergingWriters)
	var lost, failed atomic.Int64
	var all sync.WaitGroup
	count := func(name string, up func() (int, error)) {
		n, err := up()
		if err != nil {
			failed.Add(1)
			t.Errorf("%s, %s: %v", engine, name, err)
		}
		lost.Add(int64(n))
	}
	began := time.Now()
	for i, django := range team {
		all.Go(func() {
			name := fmt.Sprintf("django%d", i)
			count(name, func() (int, error) {
				v, err := django.try(t, "count_up", map[string]any{"key": key, "name": name, "rounds": rounds})
				if err != nil {
					return 0, fmt.Errorf("%w\n%s", err, django.stderr.String())
				}
				return strconv.Atoi(fmt.Sprint(v))
			})
		})
		all.Go(func() {
			name := fmt.Sprintf("go%d", i)
			count(name, func() (int, error) { return m.goCounts(t.Context(), key, name, rounds) })
		})
	}
	all.Wait()
	end, err := m.open(t).Load(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	for i := range mergingWriters {
		for _, side := range []string{"django", "go"} {
			n, err := djangosession.Value[int](end, fmt.Sprintf("%s%d", side, i))
			if err != nil || n != rounds {
				lost.Add(1)
			}
		}
	}
	t.Logf("%s, Django %s: %d writes in %v, %d lost, %d processes failed",
		engine, release, writes, time.Since(began).Round(time.Second), lost.Load(), failed.Load())
	return lost.Load()
}
