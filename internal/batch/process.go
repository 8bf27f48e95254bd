package batch

import (
	"context"
	"iter"
	"runtime"
	"sync"
)

// mostWorkers is how many cores are used. One reader cannot keep more of them busy.
const mostWorkers = 8

// Workers is the number of workers that make use of all cores.
func Workers() int { return min(runtime.GOMAXPROCS(0), mostWorkers) }

// Process calls work for each item of the batches that read yields, and yields the batches
// in their order. As in [Of], an error comes with the items before it. Read runs ahead of
// the loop by at most 2*workers+2 batches. Read and work run in other goroutines, which
// end with the loop. Their panics appear in the loop.
//
// Read must end when its context ends. Process then yields no more items, only the error
// of read, or that of ctx if read has already ended.
func Process[T any](
	ctx context.Context, workers int, read func(context.Context) iter.Seq2[[]T, error], work func(context.Context, *T),
) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		inner, cancel := context.WithCancel(ctx)
		p := &process[T]{
			work:    work,
			todo:    make(chan *job[T], 2*workers),
			inOrder: make(chan *job[T], 2*workers),
			ended:   make(chan struct{}),
		}
		var group sync.WaitGroup
		defer group.Wait()
		defer close(p.ended)
		defer cancel()
		for range workers {
			group.Go(func() {
				for j := range p.todo {
					p.do(inner, j)
				}
			})
		}
		group.Go(func() { p.read(read(inner)) })
		p.loop(ctx, yield)
	}
}

// process is a call of [Process].
type process[T any] struct {
	work          func(context.Context, *T)
	todo, inOrder chan *job[T]  // each job is in both
	ended         chan struct{} // closed after the loop
}

// job is a batch for a worker, and for the loop, which waits for the worker.
type job[T any] struct {
	items []T
	err   error // after the items

	done     chan struct{} // closed after the work
	complete bool          // read and work have returned
	panicked any           // the value of their panic
}

func newJob[T any](items []T, err error) *job[T] {
	return &job[T]{items: items, err: err, done: make(chan struct{})}
}

// recovered is deferred by goroutines that work for a job.
func (j *job[T]) recovered() {
	if !j.complete {
		j.panicked = recover() //nolint:revive // it is deferred itself
	}
}

// do works on the items of a job, unless the context has ended.
func (p *process[T]) do(ctx context.Context, j *job[T]) {
	defer close(j.done)
	defer j.recovered()
	for i := range j.items {
		if ctx.Err() != nil {
			break
		}
		p.work(ctx, &j.items[i])
	}
	j.complete = true
}

// read makes the jobs.
func (p *process[T]) read(batches iter.Seq2[[]T, error]) {
	defer close(p.inOrder)
	defer close(p.todo)
	last := newJob[T](nil, nil)
	defer func() {
		if !last.complete { // batches has panicked
			close(last.done)
			p.send(p.inOrder, last)
		}
	}()
	defer last.recovered()
	for items, err := range batches {
		j := newJob(items, err)
		// The loop only waits for jobs that the workers have.
		if !p.send(p.todo, j) || !p.send(p.inOrder, j) {
			break
		}
	}
	last.complete = true
}

// send reports whether the loop still runs.
func (p *process[T]) send(to chan<- *job[T], j *job[T]) bool {
	select {
	case <-p.ended:
		return false
	case to <- j:
		return true
	}
}

// loop yields the batches in order.
func (p *process[T]) loop(ctx context.Context, yield func([]T, error) bool) {
	for j := range p.inOrder {
		<-j.done
		if !j.complete {
			panic(j.panicked) //nolint:forbidigo // it is the panic of read or work
		}
		if ctx.Err() != nil { // the items may not be complete
			j.items = nil
		}
		if len(j.items) == 0 && j.err == nil {
			continue
		}
		if !yield(j.items, j.err) || j.err != nil {
			return
		}
	}
	if err := ctx.Err(); err != nil {
		yield(nil, err)
	}
}
