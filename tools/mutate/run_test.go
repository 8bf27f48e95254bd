package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestChildrenOfTestsEndWithThem(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	program := filepath.Join(folder, "program.test")
	text := "#!/bin/sh\nsleep 600 &\necho $! > child\nexit 1\n"
	if err := os.WriteFile(program, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	s := suite{program: program, dir: folder}
	if r := s.start(t.Context(), []string{"TestX"}, time.Second); r.err == nil {
		t.Fatal("the program succeeded")
	}
	written, err := os.ReadFile(filepath.Join(folder, "child"))
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(string(written)))
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(5 * time.Second); isRunning(child); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the child process still runs")
		}
	}
}

// isRunning reports whether a process exists and is no zombie, which waits for its
// parent.
func isRunning(process int) bool {
	if syscall.Kill(process, 0) != nil {
		return false
	}
	text, err := os.ReadFile("/proc/" + strconv.Itoa(process) + "/stat")
	_, state, _ := strings.Cut(string(text), ") ")
	return err == nil && !strings.HasPrefix(state, "Z")
}
