package compat_test

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// fill inserts sessions. Of every eleven, ten have expired.
func (p *pair) fill(t *testing.T, rows int) {
	t.Helper()
	if _, err := p.base.open(t).ExecContext(t.Context(), fmt.Sprintf(productNamed(p.base.product).fill, rows)); err != nil {
		t.Fatal(err)
	}
}

// TestClearingLetsOthersIn clears many rows while visitors log in. A statement removes at
// most one batch, a login waits at most as long as one batch takes, and memory does not
// grow with the number of rows.
func TestClearingLetsOthersIn(t *testing.T) {
	t.Parallel()
	rows := times(t, "COMPAT_CLEAR_ROWS", 22_000)
	for _, product := range databases() {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			var waited time.Duration
			// A busy machine may stop the server's process for one login while clearing goes
			// on. A login that has to wait for all batches does so every time.
			for range 3 {
				if waited = clearDuringLogins(t, newDatabase(t, product), rows); waited == 0 {
					return
				}
			}
			t.Errorf("a login took %v", waited)
		})
	}
}

// clearDuringLogins clears rows while visitors log in. It returns how long the longest
// login took if it waited for more than one batch, and otherwise 0.
func clearDuringLogins(t *testing.T, base *database, rows int) (waited time.Duration) {
	t.Helper()
	p := goSite(t, base)
	p.fill(t, rows)
	stop := make(chan struct{})
	logins := make(chan time.Duration)
	var longestLogin, count atomic.Int64
	go func() {
		defer close(logins)
		for {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
			}
			began := time.Now()
			if err := p.sessions.New().Save(t.Context()); err != nil {
				t.Error(err)
				return
			}
			count.Add(1)
			longestLogin.Store(max(longestLogin.Load(), int64(time.Since(began))))
		}
	}()
	const batch = 1000
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var heap uint64
	var last, largest int64
	var longestBatch time.Duration
	began, lap := time.Now(), time.Now()
	n, err := p.sessions.ClearExpired(t.Context(), djangosession.ClearOptions{
		BatchSize: batch,
		Progress: func(removed int64) {
			largest, last = max(largest, removed-last), removed
			longestBatch = max(longestBatch, time.Since(lap))
			if removed%int64(rows/11) == 0 { // ten times
				runtime.GC()
				runtime.ReadMemStats(&now)
				heap = max(heap, now.HeapAlloc)
			}
			lap = time.Now()
		},
	})
	took := time.Since(began)
	close(stop)
	<-logins
	if err != nil || n != int64(rows/11*10) || largest > batch {
		t.Errorf("cleared %d, %v; the largest batch had %d", n, err, largest)
	}
	longest := time.Duration(longestLogin.Load())
	t.Logf("%d rows in %v, longest batch %v; %d logins meanwhile, the longest took %v; heap %d KB before, %d KB during",
		n, took, longestBatch, count.Load(), longest, before.HeapAlloc>>10, heap>>10)
	if rows >= 1_000_000 && heap > before.HeapAlloc+64<<20 { // with fewer rows, other tests share the heap
		t.Errorf("%d MB while clearing", heap>>20)
	}
	if left, err := p.sessions.ClearExpired(t.Context(), djangosession.ClearOptions{DryRun: true}); left != 0 || err != nil {
		t.Errorf("%d are left, %v", left, err)
	}
	// A login takes time itself, more while other tests run; what it must not do is wait
	// for all batches, which is nearly as long as clearing takes.
	if longest > longestBatch+time.Second && longest > took/2 {
		return longest
	}
	return 0
}
