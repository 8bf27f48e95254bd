package main

import (
	"context"
	"errors"
	"iter"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

var errDamaged, errAway = errors.New("damaged"), errors.New("away")

// numberedRows yields rows whose users have the number of the row. Every tenth does not
// decode. The rows end with err.
func numberedRows(n int, err error, read *atomic.Int64) func(context.Context) iter.Seq2[row, error] {
	return func(ctx context.Context) iter.Seq2[row, error] {
		return func(yield func(row, error) bool) {
			for i := range n {
				if ctx.Err() != nil {
					yield(row{}, ctx.Err())
					return
				}
				read.Add(1)
				size := 100
				found := row{key: strconv.Itoa(i), size: &size, decode: func() (*py.Dict, error) {
					if i%10 == 9 {
						return nil, errDamaged
					}
					d := py.NewDict(1)
					d.Set(userIDName, strconv.Itoa(i))
					return d, nil
				}}
				if !yield(found, nil) {
					return
				}
			}
			if err != nil {
				yield(row{}, err)
			}
		}
	}
}

func TestUsersAreFoundInTheOrderOfTheRows(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, batchSessions, batchSessions + 1, 20 * batchSessions} {
		for _, last := range []error{nil, errAway} {
			var read atomic.Int64
			i := 0
			var end error
			for r, err := range withUsers(t.Context(), numberedRows(n, last, &read), 4) {
				if err != nil {
					end = err
					continue
				}
				want, damaged := strconv.Itoa(i), i%10 == 9
				if r.key != want || damaged != errors.Is(r.unreadable, errDamaged) || !damaged && r.user != want {
					t.Fatalf("row %d of %d: %s of user %q, %v", i, n, r.key, r.user, r.unreadable)
				}
				i++
			}
			if i != n || !errors.Is(end, last) {
				t.Errorf("%d of %d rows, and then %v; want %v", i, n, end, last)
			}
		}
	}
}

// Only a bounded number of rows is read ahead, and none after the loop.
func TestFindingUsersReadsLittleAhead(t *testing.T) {
	t.Parallel()
	const workers = 2
	var read atomic.Int64
	for _, err := range withUsers(t.Context(), numberedRows(1_000_000, nil, &read), workers) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	after := read.Load()
	if after > batchSessions*(3*2*workers) {
		t.Errorf("%d rows were read", after)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	rows := 0
	var end error
	for _, err := range withUsers(ctx, numberedRows(1_000_000, nil, &read), workers) {
		if end = err; err == nil {
			rows++
		}
		cancel()
	}
	if !errors.Is(end, context.Canceled) || rows > batchSessions*(3*2*workers) {
		t.Errorf("%d rows after the end of the context, and then %v", rows, end)
	}
}
