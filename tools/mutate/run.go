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

// memoryLimit is for the address space of one run, in KiB: a mutant may allocate without end.
const memoryLimit = 6 << 20

// verdict says what became of a mutant.
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

// start runs tests, all of them if none is named. They have a process group of their own, which ends with them, and a folder
// for temporary files, which is removed.
func (s *suite) start(tests []string, limit time.Duration, environment ...string) ([]byte, error) {
	temporary, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	defer os.RemoveAll(temporary) //nolint:errcheck // the system removes it some day
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	var out bytes.Buffer
	command := exec.CommandContext(ctx, "sh", "-c", "ulimit -v "+strconv.Itoa(memoryLimit)+`; exec "$0" "$@"`,
		s.program, "-test.short", "-test.failfast", pattern("run", tests), pattern("skip", s.skip))
	command.Dir, command.Stdout, command.Stderr = s.dir, &out, &out
	command.Env = append(append(os.Environ(), "TMPDIR="+temporary), environment...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.WaitDelay = time.Second
	err = command.Run()
	if ctx.Err() != nil {
		return nil, errTime
	}
	if err != nil {
		return out.Bytes(), fmt.Errorf("run tests: %w", err)
	}
	return nil, nil
}

// pattern is a flag of test programs that names tests.
func pattern(flag string, tests []string) string {
	if len(tests) == 0 {
		return "-test." + flag + "="
	}
	return "-test." + flag + "=^(" + strings.Join(tests, "|") + ")$"
}

// try runs the tests that reach a mutant, one package after the other, until one notices it.
func try(suites []*suite, m mutant, patience int) verdict {
	result := unreached
	for i, s := range suites {
		tests := s.reached[m.id]
		if len(tests) == 0 {
			continue
		}
		_, err := s.start(tests, time.Duration(patience)*s.limit, "MUTANT="+strconv.Itoa(m.id))
		switch {
		case errors.Is(err, errTime):
			return timedOut
		case err == nil:
			result = survived
		case i == 0:
			return killed
		default:
			return killedAbove
		}
	}
	return result
}

// tryAll tries mutants, several at a time. Those that take too long are tried again alone and with more time, because
// the machine may be busy. Each is reported when its verdict is known.
func tryAll(suites []*suite, mutants []mutant, jobs int, report func(mutant, verdict)) {
	var (
		workers sync.WaitGroup
		lock    sync.Mutex
		slow    []mutant
	)
	queue := make(chan mutant)
	for range jobs {
		workers.Go(func() {
			for m := range queue {
				result := try(suites, m, 1)
				lock.Lock()
				if result == timedOut {
					slow = append(slow, m)
				} else {
					report(m, result)
				}
				lock.Unlock()
			}
		})
	}
	for _, m := range mutants {
		queue <- m
	}
	close(queue)
	workers.Wait()
	for _, m := range slow {
		report(m, try(suites, m, 3))
	}
}
