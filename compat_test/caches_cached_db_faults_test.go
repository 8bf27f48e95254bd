package compat_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// cachedDBFault is something that happens while a row is written and not committed.
type cachedDBFault struct {
	name          string
	do, undo      func() error
	beforeTheCopy bool // or after the copy was stored
}

// faultTime is how long an operation may take during which something happens. A busy
// machine needs a while until it does.
const faultTime = 4 * time.Second

// testCachedDBFault breaks a server during a save, a merge, and a change of key. An error
// means that the old session is there, and no error that the new one is. Row and copy
// agree.
func testCachedDBFault(t *testing.T, e *cachedRows, f cachedDBFault) {
	t.Helper()
	for name, operation := range map[string]func(ctx context.Context, key, moved string) error{
		"save": func(ctx context.Context, key, _ string) error { return e.Save(ctx, e.record(key, int64(1))) },
		"merge": func(ctx context.Context, key, _ string) error {
			return e.Merge(ctx, key, e.set(key, "value", int64(1)))
		},
		"change of key": func(ctx context.Context, key, moved string) error {
			return e.Cycle(ctx, key, e.set(moved, "value", int64(1)))
		},
	} {
		key, moved := djangosession.NewKey(), djangosession.NewKey()
		if err := e.Create(t.Context(), e.record(key, int64(0))); err != nil {
			t.Fatal(err)
		}
		done := false
		strike := func(method, _ string) error {
			if !done && (method == "Swap" || method == "Set") {
				done = true
				if err := f.do(); err != nil {
					t.Error(err)
				}
			}
			return nil
		}
		if f.beforeTheCopy {
			e.faults.Before = strike
		} else {
			e.faults.After = strike
		}
		var err error
		for tries := 0; !done && tries < 5; tries++ { // a busy machine may not come to it in time
			ctx, cancel := context.WithTimeout(t.Context(), faultTime)
			err = operation(ctx, key, moved)
			cancel()
		}
		e.faults.Before, e.faults.After = nil, nil
		if !done {
			t.Fatalf("%s, %s: there was no fault, %v", f.name, name, err)
		}
		if err := f.undo(); err != nil {
			t.Fatal(err)
		}
		awaitCachedDB(t, e)
		at := key
		if _, gone := e.rows.Load(t.Context(), key); errors.Is(gone, djangosession.ErrNoSession) {
			at = moved
		}
		r, loadErr := e.Load(t.Context(), at)
		if loadErr != nil {
			t.Fatalf("%s, %s: %v", f.name, name, loadErr)
		}
		v, _ := r.Data.Get("value")
		if got := py.Native(v); got != int64(1) && err == nil {
			t.Errorf("%s: the %s returned no error, and the session has %v", f.name, name, got)
		}
		for _, key := range []string{key, moved} {
			if problem := e.disagreement(t, key); problem != "" {
				t.Errorf("%s, %s with error %v: %s", f.name, name, err, problem)
			}
		}
		t.Logf("%s, %s: %v; the session has %v", f.name, name, err, v)
	}
}

// awaitCachedDB waits until the database and the cache can be used.
func awaitCachedDB(t *testing.T, e *cachedRows) {
	t.Helper()
	err := e.Check(t.Context())
	for deadline := time.Now().Add(time.Minute); err != nil && time.Now().Before(deadline); err = e.Check(t.Context()) {
		time.Sleep(10 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestCachedDBWhenRedisFails kills Redis between the row and the COMMIT, and makes it
// slow.
func TestCachedDBWhenRedisFails(t *testing.T) {
	t.Parallel()
	for _, product := range databases() {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			server := newRedis(t)
			e := newCachedRows(t, newDatabase(t, product), server, 1)[0]
			admin := redis.NewClient(&redis.Options{Addr: server.Addr()})
			defer admin.Close() //nolint:errcheck // it is over
			// Longer than the operation may take, so that it ends before.
			pause := func() error {
				return admin.Do(context.Background(), "client", "pause", (faultTime + time.Second/2).Milliseconds(), "all").Err()
			}
			for _, before := range []bool{true, false} {
				testCachedDBFault(t, e, cachedDBFault{name: "killed", do: server.Kill, undo: server.Start, beforeTheCopy: before})
			}
			testCachedDBFault(t, e, cachedDBFault{name: "slow", do: pause, undo: func() error { return nil }, beforeTheCopy: true})
		})
	}
}

// TestCachedDBWhenTheDatabaseFails kills the database between the copy and the COMMIT.
func TestCachedDBWhenTheDatabaseFails(t *testing.T) {
	t.Parallel()
	for _, product := range serverProducts() {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			server := ownServer(t, chosen(product))
			base := databaseOn(t, server)
			if product == "postgresql" { // the tests' servers trade safety for speed
				statement := "ALTER DATABASE " + base.name + " SET synchronous_commit = on"
				if _, err := base.open(t).ExecContext(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
			e := newCachedRows(t, base, newRedis(t), 1)[0]
			testCachedDBFault(t, e, cachedDBFault{name: "killed", do: server.Kill, undo: server.Start})
		})
	}
}
