package tables_test

import (
	"errors"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/tables"
)

// The lock is released after a while, well within Django's timeout of five seconds.
func TestLocksAreWaitedForByDefault(t *testing.T) {
	t.Parallel()
	for _, wait := range []time.Duration{0, time.Minute, -1} {
		site := newTestSite(t, settings(), tables.Options{}, nil)
		locker, err := site.db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := locker.ExecContext(t.Context(), "BEGIN EXCLUSIVE"); err != nil {
			t.Fatal(err)
		}
		e, err := tables.New(openFile(t, "file:"+site.path+"?mode=rw&_busy_timeout=1"), settings(),
			tables.Options{Dialect: tables.SQLite{}, LockWait: wait})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() { done <- e.Delete(t.Context(), key) }()
		if wait < 0 {
			if err := <-done; !errors.Is(err, tables.ErrLocked) {
				t.Errorf("without waiting: %v", err)
			}
		}
		time.Sleep(30 * time.Millisecond)
		if _, err := locker.ExecContext(t.Context(), "ROLLBACK"); err != nil {
			t.Fatal(err)
		}
		if wait >= 0 {
			if err := <-done; err != nil {
				t.Errorf("LockWait %v: %v", wait, err)
			}
		}
		if err := locker.Close(); err != nil {
			t.Error(err)
		}
	}
}
