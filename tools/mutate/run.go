package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// memoryLimit limits the address space of one run, in KiB, because a mutant may allocate
// without end.
const memoryLimit = 6 << 20

// verdict is the outcome for a mutant.
type verdict int

const (
	survived verdict = iota
	unreached
	killed
	killedAbove // by the tests of another package
	timedOut
)

// errTime is the error of a run that took too long.
var errTime = errors.New("timed out")

// result is the outcome of one run of tests.
type result struct {
	err  error
	out  []byte
	cost time.Duration // processor time
}

// patience is how long a run may wait without using the processor.
const patience = time.Minute

// start runs tests, or all of them if none is named, until they have used this much
// processor time. It limits processor time because the machine may be busy with other
// work. The tests have their own process group, which ends with them, and their own
// folder for temporary files, which is removed.
func (s *suite) start(ctx context.Context, tests []string, limit time.Duration, environment ...string) result {
	temporary, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return result{err: fmt.Errorf("make folder: %w", err)}
	}
	defer os.RemoveAll(temporary) //nolint:errcheck // the system removes it eventually
	ctx, cancel := context.WithTimeout(ctx, 5*limit+patience)
	defer cancel()
	limits := fmt.Sprintf(`ulimit -t %d -v %d; exec "$0" "$@"`, int(limit.Seconds())+1, memoryLimit)
	command := exec.CommandContext(ctx, "sh", "-c", limits,
		s.program, "-test.short", "-test.failfast", pattern("run", tests), pattern("skip", s.skip))
	var out bytes.Buffer
	command.Dir, command.Stdout, command.Stderr = s.dir, &out, &out
	command.Env = append(append(os.Environ(), "TMPDIR="+temporary), environment...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.WaitDelay = time.Second
	err = command.Run()
	if command.Process != nil {
		// Child processes of a program that crashed or was stopped would go on.
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
	}
	r := result{err: err, out: out.Bytes()}
	if state := command.ProcessState; state != nil {
		r.cost = state.UserTime() + state.SystemTime()
	}
	switch {
	case ctx.Err() != nil, err != nil && r.cost > limit:
		r.err = errTime
	case err != nil:
		r.err = fmt.Errorf("run tests: %w", err)
	}
	return r
}

// pattern returns a flag of test programs that selects tests.
func pattern(flag string, tests []string) string {
	if len(tests) == 0 {
		return "-test." + flag + "="
	}
	return "-test." + flag + "=^(" + strings.Join(tests, "|") + ")$"
}

// limit returns the processor time that these tests may use.
func (s *suite) limit(tests []string) time.Duration {
	limit := 2 * time.Second
	for _, name := range tests {
		limit += 5 * s.cost[name]
	}
	return limit
}

// try runs the tests that reach a mutant, package by package, until one notices it.
func try(ctx context.Context, suites []*suite, m mutant) verdict {
	found := unreached
	for i, s := range suites {
		tests := s.reached[m.id]
		if len(tests) == 0 {
			continue
		}
		r := s.start(ctx, tests, s.limit(tests), "MUTANT="+strconv.Itoa(m.id))
		switch {
		case errors.Is(r.err, errTime):
			return timedOut
		case r.err == nil:
			found = survived
		case i == 0:
			return killed
		default:
			return killedAbove
		}
	}
	return found
}

// tryAll tries several mutants at a time. It reports each when its verdict is known.
func tryAll(ctx context.Context, suites []*suite, mutants []mutant, jobs int, report func(mutant, verdict)) {
	var (
		workers sync.WaitGroup
		lock    sync.Mutex
	)
	queue := make(chan mutant)
	for range jobs {
		workers.Go(func() {
			for m := range queue {
				v := try(ctx, suites, m)
				if ctx.Err() != nil {
					continue // the tests were stopped, so their outcome says nothing
				}
				lock.Lock()
				report(m, v)
				lock.Unlock()
			}
		})
	}
	for _, m := range mutants {
		queue <- m
	}
	close(queue)
	workers.Wait()
}
