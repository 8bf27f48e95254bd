package inspect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A job is work that takes longer than a page: it reads or changes the whole store. The
// browser asks how far it is.
type job struct {
	id     int
	title  string
	cancel context.CancelFunc
	start  time.Time

	mu       sync.Mutex
	done     int64   // sessions so far
	total    float64 // how many there are, as far as it is known; 0 otherwise
	found    []row   // at most maxFound
	foundAll int
	result   string
	err      error
	end      time.Time // zero while it runs
}

const (
	// maxFound is how many sessions a job keeps.
	maxFound = 500
	// maxJobs is how many jobs are kept.
	maxJobs = 20
)

// advance adds to the number of sessions so far.
func (j *job) advance(n int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.done += n
}

// at sets the number of sessions so far.
func (j *job) at(n int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.done = n
}

// keep adds a session that the job was looking for.
func (j *job) keep(r row) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.foundAll++; len(j.found) < maxFound {
		j.found = append(j.found, r)
	}
}

// finishf sets the result.
func (j *job) finishf(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.result = fmt.Sprintf(format, args...)
}

// jobs are the jobs of a handler. One runs at a time.
type jobs struct {
	ctx    context.Context //nolint:containedctx // jobs run longer than the requests that start them
	cancel context.CancelFunc
	now    func() time.Time

	mu   sync.Mutex
	last int
	list []*job
	wait sync.WaitGroup
}

func newJobs(ctx context.Context, now func() time.Time) *jobs {
	ctx, cancel := context.WithCancel(ctx)
	return &jobs{ctx: ctx, cancel: cancel, now: now}
}

func (j *jobs) close() {
	j.cancel()
	j.wait.Wait()
}

var errBusy = errors.New("another job is running: wait until it ends, or stop it")

// begin starts a job. The error is errBusy.
func (j *jobs) begin(title string, total float64, run func(ctx context.Context, j *job) error) (*job, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.running() != nil {
		return nil, errBusy
	}
	ctx, cancel := context.WithCancel(j.ctx)
	j.last++
	made := &job{id: j.last, title: title, total: total, cancel: cancel, start: j.now()}
	j.list = append(j.list, made)
	if len(j.list) > maxJobs {
		j.list = slices.Delete(j.list, 0, 1)
	}
	j.wait.Go(func() {
		defer cancel()
		err := run(ctx, made)
		made.mu.Lock()
		defer made.mu.Unlock()
		made.err, made.end = err, j.now()
	})
	return made, nil
}

// running returns the job that runs, or nil. The caller holds the lock.
func (j *jobs) running() *job {
	for _, one := range j.list {
		one.mu.Lock()
		runs := one.end.IsZero()
		one.mu.Unlock()
		if runs {
			return one
		}
	}
	return nil
}

// get returns a job by its number, or nil.
func (j *jobs) get(id int) *job {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, one := range j.list {
		if one.id == id {
			return one
		}
	}
	return nil
}
