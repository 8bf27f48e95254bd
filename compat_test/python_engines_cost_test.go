package compat_test

import (
	"slices"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// TestMergedSavesCost logs the time of a load and a save in Django with a merging engine,
// beside Django's engine on the same store. One process does both in turn, so that both
// find the same machine, and the minimum is that of an undisturbed moment.
func TestMergedSavesCost(t *testing.T) { //nolint:tparallel // the times would be those of other subtests
	t.Parallel()
	release := releases()[len(releases())-1]
	for _, k := range mergingKinds() {
		t.Run(k.String(), func(t *testing.T) {
			m := newMergingSite(t, k, release, k.merging())
			key := m.django.text(t, "make", map[string]any{"values": many(t)})
			answer := m.django.do(t, "cost", map[string]any{
				"key": key, "engines": []any{k.stock(), k.merging()}, "rounds": times(t, "COMPAT_COST", 60),
			})
			var seconds [2][]float64
			if err := py.Scan(answer, &seconds, nil); err != nil {
				t.Fatal(err)
			}
			least, middle := [2]float64{}, [2]float64{}
			for i, s := range seconds {
				slices.Sort(s)
				least[i], middle[i] = s[0], s[len(s)/2]
			}
			if least[0] <= 0 || least[1] <= 0 {
				t.Fatal("nothing was measured")
			}
			show := func(seconds float64) time.Duration {
				return time.Duration(seconds * float64(time.Second)).Round(time.Microsecond)
			}
			t.Logf("Django %s: minimum %v, merging %v, ratio %.2f; median %v, merging %v, ratio %.2f", release,
				show(least[0]), show(least[1]), least[1]/least[0], show(middle[0]), show(middle[1]), middle[1]/middle[0])
		})
	}
}
