package batch_test

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/djangobridge/djangobridge/internal/batch"
)

var errAway = errors.New("away")

// item is a number, and twice the number after the work.
type item struct{ n, doubled int }

func double(_ context.Context, x *item) { x.doubled = 2 * x.n }

// numbered yields the numbers below n, and then err. It counts those that were read.
func numbered(n int, err error, read *atomic.Int64) func(context.Context) iter.Seq2[[]item, error] {
	return func(ctx context.Context) iter.Seq2[[]item, error] {
		items := func(yield func(item, error) bool) {
			for i := range n {
				if ctx.Err() != nil {
					yield(item{}, ctx.Err())
					return
				}
				read.Add(1)
				if !yield(item{n: i}, nil) {
					return
				}
			}
			if err != nil {
				yield(item{}, err)
			}
		}
		return batch.Of(items, batch.Most, func(*item) int { return 100 })
	}
}

func TestItemsAreProcessedInTheirOrder(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, batch.Most, batch.Most + 1, 20 * batch.Most} {
		for _, last := range []error{nil, errAway} {
			var read atomic.Int64
			i := 0
			var end error
			for items, err := range batch.Process(t.Context(), 4, numbered(n, last, &read), double) {
				for _, x := range items {
					if x.n != i || x.doubled != 2*i {
						t.Fatalf("item %d of %d: %+v", i, n, x)
					}
					i++
				}
				if err != nil {
					end = err
				}
			}
			if i != n || !errors.Is(end, last) {
				t.Errorf("%d of %d items, and then %v; want %v", i, n, end, last)
			}
		}
	}
}

// Only a bounded number of items is read ahead, and none after the loop.
func TestProcessReadsLittleAhead(t *testing.T) {
	t.Parallel()
	const workers = 2
	const most = batch.Most * (2*workers + 3) // with the batch that is being read
	var read atomic.Int64
	for _, err := range batch.Process(t.Context(), workers, numbered(1_000_000, nil, &read), double) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if after := read.Load(); after > most {
		t.Errorf("%d items were read", after)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var end error
	for items, err := range batch.Process(ctx, workers, numbered(1_000_000, nil, &read), double) {
		end = err
		for _, x := range items {
			if n++; x.doubled != 2*x.n {
				t.Fatalf("%+v", x)
			}
		}
		cancel()
	}
	if !errors.Is(end, context.Canceled) || n != batch.Most {
		t.Errorf("%d items after the end of the context, and then %v", n, end)
	}
}

// The last batch may be read when the context ends.
func TestProcessReportsTheEndOfItsContextAfterTheLastRead(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var read atomic.Int64
	n := 0
	var end error
	for items, err := range batch.Process(ctx, 2, numbered(2*batch.Most, nil, &read), double) {
		for read.Load() < 2*batch.Most { // which does not wait for the loop
			runtime.Gosched()
		}
		cancel()
		n += len(items)
		end = err
	}
	if !errors.Is(end, context.Canceled) || n != batch.Most {
		t.Errorf("%d items, and then %v", n, end)
	}
}

// A caller can recover from a panic, as net/http does.
func TestPanicsAppearInTheLoop(t *testing.T) {
	t.Parallel()
	reads := func(context.Context) iter.Seq2[[]item, error] {
		return func(yield func([]item, error) bool) {
			if yield(make([]item, 1), nil) {
				panic("read")
			}
		}
	}
	works := func(context.Context, *item) { panic("work") }
	var read atomic.Int64
	for want, all := range map[string]iter.Seq2[[]item, error]{
		"read": batch.Process(t.Context(), 2, reads, double),
		"work": batch.Process(t.Context(), 2, numbered(10_000, nil, &read), works),
	} {
		func() {
			defer func() {
				if got := recover(); got != want {
					t.Errorf("recovered %v, want %s", got, want)
				}
			}()
			for _, err := range all {
				if err != nil {
					t.Error(err)
				}
			}
			t.Errorf("%s: no panic", want)
		}()
	}
}

func TestBatchesOfLargeItemsAreShort(t *testing.T) {
	t.Parallel()
	items := func(yield func(int, error) bool) {
		for i := range 10 {
			if !yield(i, nil) {
				return
			}
		}
		yield(0, errAway)
	}
	i, batches := 0, 0
	var end error
	for all, err := range batch.Of(items, batch.Most, func(*int) int { return 200 << 10 }) {
		for _, x := range all {
			if x != i {
				t.Errorf("%d, want %d", x, i)
			}
			i++
		}
		if batches++; len(all) > 3 {
			t.Errorf("%d large items", len(all))
		}
		end = err
	}
	if i != 10 || batches != 4 || !errors.Is(end, errAway) {
		t.Errorf("%d items in %d batches, and then %v", i, batches, end)
	}
}

// The reader may wait for a server when the loop ends. The test would not end.
func TestTheEndOfTheLoopStopsTheReader(t *testing.T) {
	t.Parallel()
	read := func(ctx context.Context) iter.Seq2[[]item, error] {
		return func(yield func([]item, error) bool) {
			if yield(make([]item, 1), nil) {
				<-ctx.Done()
			}
		}
	}
	for _, err := range batch.Process(t.Context(), 2, read, double) {
		if err != nil {
			t.Error(err)
		}
		for range 1000 { // or the reader may find the loop ended before it waits
			runtime.Gosched()
		}
		break
	}
}
