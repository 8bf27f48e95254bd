package main

import (
	"context"
	"iter"
	"runtime"
	"sync"
)

// rowsWithUsers is rows, with the user of each session. All cores decode. The order of the
// rows is kept. Nothing runs any more when the loop has ended.
func (s *store) rowsWithUsers(ctx context.Context) iter.Seq2[row, error] {
	return withUsers(ctx, s.rows, runtime.GOMAXPROCS(0))
}

// batchOfRows goes to a worker, and to the loop, which waits until it is decoded.
type batchOfRows struct {
	rows    []row
	err     error // after the rows
	decoded chan struct{}
}

func withUsers(
	ctx context.Context, rows func(context.Context) iter.Seq2[row, error], workers int,
) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		inOrder := make(chan *batchOfRows, 2*workers)
		work := make(chan *batchOfRows, 2*workers)
		var group sync.WaitGroup
		defer group.Wait()
		defer stop()
		for range workers {
			group.Go(func() {
				for batch := range work {
					batch.decode()
				}
			})
		}
		group.Go(func() {
			defer close(inOrder)
			defer close(work)
			share(ctx, batches(rows(ctx)), work, inOrder)
		})
		for batch := range inOrder {
			<-batch.decoded
			for _, r := range batch.rows {
				if !yield(r, nil) {
					return
				}
			}
			if batch.err != nil {
				yield(row{}, batch.err)
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(row{}, err)
		}
	}
}

// share gives each batch to the workers and then to the loop, until the context ends. The
// loop only waits for batches that the workers have.
func share(ctx context.Context, all iter.Seq[*batchOfRows], work, inOrder chan<- *batchOfRows) {
	for batch := range all {
		for _, to := range []chan<- *batchOfRows{work, inOrder} {
			select {
			case <-ctx.Done():
				return
			case to <- batch:
			}
		}
	}
}

// batches returns the rows in batches.
func batches(rows iter.Seq2[row, error]) iter.Seq[*batchOfRows] {
	size := func(r *row) int {
		if r.size == nil {
			return 0
		}
		return *r.size
	}
	return func(yield func(*batchOfRows) bool) {
		for rows, err := range inBatches(rows, size) {
			if !yield(&batchOfRows{rows: rows, err: err, decoded: make(chan struct{})}) {
				return
			}
		}
	}
}

// decode finds the users of the rows. The data is not needed any more.
func (b *batchOfRows) decode() {
	defer close(b.decoded)
	for i := range b.rows {
		r := &b.rows[i]
		d, err := r.decode()
		r.decode = nil
		if err != nil {
			r.unreadable = err
			continue
		}
		r.user = userID(d)
	}
}
