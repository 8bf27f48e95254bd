package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed switches.go.txt
var switches string

// overlay writes the mutated files of a package into a folder, and a file that makes the
// go command read them instead of the package's own.
func overlay(folder string, s *source, outputs map[string][]byte) (string, error) {
	outputs[filepath.Join(s.dir, "mutant_switches.go")] = []byte(strings.Replace(switches, "PACKAGE", s.types.Name(), 1))
	replace := map[string]string{}
	for path, text := range outputs {
		replacement := filepath.Join(folder, filepath.Base(path))
		if err := os.WriteFile(replacement, text, 0o600); err != nil {
			return "", fmt.Errorf("write mutants: %w", err)
		}
		replace[path] = replacement
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", fmt.Errorf("write overlay: %w", err)
	}
	file := filepath.Join(folder, "overlay.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return "", fmt.Errorf("write overlay: %w", err)
	}
	return file, nil
}

// suite is the compiled tests of one package, including all mutants.
type suite struct {
	name    string // of the package
	dir     string // where the tests run
	program string
	skip    []string                 // tests that the switches themselves break
	reached map[int][]string         // the tests that reach a mutant
	cost    map[string]time.Duration // the processor time of each test
}

// build compiles the tests of a package and runs them without a mutant: all at once, and
// then each alone.
func build(ctx context.Context, folder, root, overlayFile, name string) (*suite, error) {
	s := &suite{
		name: name, dir: filepath.Join(root, filepath.FromSlash(name)), reached: map[int][]string{}, cost: map[string]time.Duration{},
		program: filepath.Join(folder, strings.ReplaceAll(name, "/", "_")+".test"),
	}
	command := exec.CommandContext(ctx, "go", "test", "-c", "-overlay", overlayFile, "-o", s.program, ".")
	command.Dir = s.dir
	if out, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("compile the tests of %s: %w\n%s", name, err, out)
	}
	if _, err := os.Stat(s.program); err != nil {
		return nil, fmt.Errorf("%s has no tests: %w", name, err)
	}
	if err := s.warmUp(ctx); err != nil {
		return nil, err
	}
	if err := s.record(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// record runs each test alone without a mutant and records which mutants it reaches.
func (s *suite) record(ctx context.Context) error {
	command := exec.CommandContext(ctx, s.program, "-test.list=^(Test|Fuzz|Example)")
	command.Dir = s.dir
	names, err := command.Output()
	if err != nil {
		return fmt.Errorf("list the tests of %s: %w", s.name, err)
	}
	for name := range strings.FieldsSeq(string(names)) {
		if slices.Contains(s.skip, name) {
			continue
		}
		list := s.program + "." + name
		r := s.start(ctx, []string{name}, time.Hour, "MUTANT=-1", "MUTANT_REACHED="+list)
		if r.err != nil {
			return fmt.Errorf("%s of %s fails alone: %w\n%s", name, s.name, r.err, r.out)
		}
		s.cost[name] = r.cost
		text, err := os.ReadFile(list)
		if err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("record mutants: %w", err)
		}
		for id := range strings.FieldsSeq(string(text)) {
			number, err := strconv.Atoi(id)
			if err != nil {
				return fmt.Errorf("record mutants: %w", err)
			}
			s.reached[number] = append(s.reached[number], name)
		}
	}
	return nil
}

// failedTest matches the name of a failed test in the output of a test program.
var failedTest = regexp.MustCompile(`(?m)^--- FAIL: (\w+)`)

// warmUp runs the tests without a mutant. Tests that count allocations or measure time
// may fail because of the switches. They are left out from then on.
func (s *suite) warmUp(ctx context.Context) error {
	for {
		r := s.start(ctx, nil, time.Hour, "MUTANT=0")
		if r.err == nil {
			return nil
		}
		failed := failedTest.FindSubmatch(r.out)
		if len(failed) < 2 || slices.Contains(s.skip, string(failed[1])) {
			return fmt.Errorf("the tests of %s fail without a mutant: %w\n%s", s.name, r.err, r.out)
		}
		s.skip = append(s.skip, string(failed[1]))
	}
}
