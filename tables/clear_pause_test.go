package tables_test

import (
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// Clearing takes at least as long as its pauses.
func TestClearingPausesBetweenBatches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ pause, least time.Duration }{
		{pause: 50 * time.Millisecond, least: 50 * time.Millisecond},
		{pause: 0, least: 10 * time.Millisecond}, // because a batch locks the whole database
		{pause: -1, least: 10 * time.Millisecond},
	} {
		site := newTestSite(t, settings(), tables.Options{}, nil)
		const rows, size = 5, 1
		for i := range rows {
			site.insert(t, "expired"+string(rune('a'+i)), "data", "2001-01-01 00:00:00")
		}
		site.insert(t, "live", "data", "2999-01-01 00:00:00")
		var progress []int64
		started := time.Now()
		n, err := site.engine.ClearExpired(t.Context(), djangosession.ClearOptions{
			BatchSize: size, Pause: c.pause, Progress: func(removed int64) { progress = append(progress, removed) },
		})
		if took := time.Since(started); n != rows || err != nil || took < (rows/size-1)*c.least {
			t.Errorf("pause of %v: %d removed in %v, %v", c.pause, n, took, err)
		}
		if len(progress) != rows/size || progress[0] != size || progress[len(progress)-1] != rows || site.count(t) != 1 {
			t.Errorf("pause of %v: progress %v, %d rows left", c.pause, progress, site.count(t))
		}
	}
}
