package waitlock_test

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/djangobridge/djangobridge/internal/waitlock"
)

func TestOneCallerHasTheLock(t *testing.T) {
	t.Parallel()
	var lock waitlock.Mutex
	var all sync.WaitGroup
	n := 0
	for range 100 {
		all.Go(func() {
			if !lock.Lock(nil) {
				t.Error("not locked")
			}
			defer lock.Unlock()
			n++
		})
	}
	all.Wait()
	if n != 100 {
		t.Errorf("%d of 100", n)
	}
}

func TestCallersCanStopWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var lock waitlock.Mutex
		done := make(chan struct{})
		lock.Lock(done)
		waits := make(chan bool, 2)
		go func() { waits <- lock.Lock(done) }()
		synctest.Wait()
		close(done)
		if <-waits {
			t.Error("two callers have the lock")
		}
		go func() { waits <- lock.Lock(nil) }()
		synctest.Wait()
		lock.Unlock()
		if !<-waits {
			t.Error("a caller that waits did not get the lock")
		}
	})
}
