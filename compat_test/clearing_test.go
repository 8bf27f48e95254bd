package compat_test

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// fill makes rows, of each eleven ten that have expired.
func (p *pair) fill(t *testing.T, rows int) {
	t.Helper()
	statement := map[string]string{
		"sqlite": `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i < %[1]d-1) INSERT INTO django_session
			SELECT printf('key%%037d', i), 'e30:1r31eq:V0zhXyqaeSiXnlEQJVh5I3Tjp7U3uQESH5gHoaFBmW8',
			CASE i %% 11 WHEN 0 THEN '2999-01-01 00:00:00' ELSE '2001-01-01 00:00:00' END FROM n`,
		"mariadb": `INSERT INTO django_session WITH RECURSIVE d(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM d WHERE i < 9)
			SELECT CONCAT('key', LPAD(seq, 37, '0')), 'e30:1r31eq:V0zhXyqaeSiXnlEQJVh5I3Tjp7U3uQESH5gHoaFBmW8',
			IF(seq %% 11 = 0, '2999-01-01', '2001-01-01')
			FROM (SELECT a.i + 10*b.i + 100*c.i + 1000*e.i + 10000*f.i + 100000*g.i + 1000000*h.i AS seq
				FROM d a, d b, d c, d e, d f, d g, d h WHERE h.i <= %[1]d DIV 1000000 AND g.i <= %[1]d DIV 100000
				AND f.i <= %[1]d DIV 10000) n WHERE seq < %[1]d`,
		"postgresql": `INSERT INTO django_session SELECT 'key' || LPAD(i::text, 37, '0'),
			'e30:1r31eq:V0zhXyqaeSiXnlEQJVh5I3Tjp7U3uQESH5gHoaFBmW8',
			CASE i %% 11 WHEN 0 THEN timestamptz '2999-01-01' ELSE timestamptz '2001-01-01' END FROM generate_series(0, %[1]d-1) i`,
	}[p.base.product]
	if _, err := p.base.open(t).ExecContext(t.Context(), fmt.Sprintf(statement, rows)); err != nil {
		t.Fatal(err)
	}
}

// TestClearingLetsOthersIn clears many rows while visitors log in: a statement removes no more than a batch, a login waits no
// longer than a batch takes, and memory does not grow with the rows.
func TestClearingLetsOthersIn(t *testing.T) {
	t.Parallel()
	rows := times(t, "COMPAT_CLEAR_ROWS", 22_000)
	for _, product := range databases() {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			p := goSite(t, newDatabase(t, product))
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
					if err := p.manager.New().Save(t.Context()); err != nil {
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
			n, err := p.manager.ClearExpired(t.Context(), djangosession.ClearOptions{
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
			// A login takes time itself, more while other tests run; what it must not do is wait for all batches.
			if longest > longestBatch+time.Second {
				t.Errorf("a login took %v", longest)
			}
			if heap > before.HeapAlloc+64<<20 { // other tests share the heap
				t.Errorf("%d MB while clearing", heap>>20)
			}
			if left, err := p.manager.ClearExpired(t.Context(), djangosession.ClearOptions{DryRun: true}); left != 0 || err != nil {
				t.Errorf("%d are left, %v", left, err)
			}
		})
	}
}
