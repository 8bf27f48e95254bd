package compat_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// TestLogoutWinsAgainstChangesOfKey has requests whose time runs out change the key of a
// login while another request logs out. A logout that returned before a change began is
// final, and no row is left without a session.
func TestLogoutWinsAgainstChangesOfKey(t *testing.T) {
	t.Parallel()
	rounds := times(t, "COMPAT_RACES", 150)
	for _, product := range databases() {
		for _, merge := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/merge=%v", product, merge), func(t *testing.T) {
				t.Parallel()
				p := goSite(t, newDatabase(t, product))
				r := &race{sessions: newManager(t, p.engine, p.sessions.Settings(), djangosession.Options{MergeSaves: merge})}
				for range rounds {
					r.run(t)
				}
				t.Logf("of %d changes of the key %d were done, %d were refused, %d ran out of time", rounds, r.done, r.gone, r.late)
			})
		}
	}
}

// race is a logout against a change of key.
type race struct {
	sessions         *djangosession.Manager
	done, gone, late int
}

func (r *race) run(t *testing.T) {
	t.Helper()
	first := r.sessions.New()
	first.Set("_auth_user_id", "1")
	save(t, first)
	out, mine := loadFrom(t, r.sessions, first.Key()), loadFrom(t, r.sessions, first.Key())
	before := rand.IntN(2) == 0 // the logout comes first
	if before {
		if err := out.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.Int64N(int64(3*time.Millisecond))))
	defer cancel()
	var err error
	var both sync.WaitGroup
	both.Go(func() { err = mine.CycleKey(ctx) })
	if !before {
		both.Go(func() {
			if err := out.Flush(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	switch {
	case err == nil && before:
		t.Error("the key of a session was changed that was logged out")
	case err == nil:
		r.done++
	case errors.Is(err, djangosession.ErrSessionGone):
		r.gone++
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, tables.ErrUnavailable): // the latter while connecting
		r.late++
	default:
		t.Errorf("error %v", err)
	}
	if err != nil && mine.Key() != first.Key() {
		t.Error("the key has changed in spite of the error")
	}
	mine.Set("n", 1) // what the middleware does after a handler that goes on
	if saved := mine.Save(t.Context()); (saved == nil) != (err == nil) {
		t.Errorf("saved with %v after %v", saved, err)
	}
	rows := 0
	for record, err := range r.sessions.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		rows++
		if record.Key != mine.Key() {
			t.Error("a login is stored that nobody has")
		}
	}
	if want := map[bool]int{true: 1, false: 0}[err == nil]; rows != want {
		t.Errorf("%d rows, want %d, after %v", rows, want, err)
	}
	if err := mine.Flush(t.Context()); err != nil {
		t.Error(err)
	}
}
