package compat_test

import (
	"slices"
	"testing"
	"time"
)

// TestMergedSavesCost logs the time of a load and a save in Django with a merging engine,
// beside Django's engine on the same store.
func TestMergedSavesCost(t *testing.T) { //nolint:tparallel // the times would be those of other subtests
	t.Parallel()
	release := releases()[len(releases())-1]
	for _, k := range mergingKinds() {
		t.Run(k.String(), func(t *testing.T) {
			m := newMergingSite(t, k, release, k.merging())
			stock := m.start(t, k.stock())
			key := m.django.text(t, "make", map[string]any{"values": many(t)})
			const rounds, turns = 50, 7
			measure := func(p *peer) time.Duration {
				seconds, _ := p.do(t, "saves", map[string]any{"key": key, "rounds": rounds}).(float64)
				return time.Duration(seconds * float64(time.Second) / rounds)
			}
			var theirs, ours [turns]time.Duration
			for i := range turns {
				theirs[i], ours[i] = measure(stock), measure(m.django)
			}
			slices.Sort(theirs[:])
			slices.Sort(ours[:])
			a, b := theirs[turns/2], ours[turns/2]
			if a <= 0 || b <= 0 {
				t.Fatal("nothing was measured")
			}
			t.Logf("Django %s: %v, merging: %v, ratio %.2f", release, a.Round(time.Microsecond), b.Round(time.Microsecond), float64(b)/float64(a))
		})
	}
}
