package compat_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// example is what all tests of examples/sidebyside share.
type example struct {
	program string
	browser context.Context //nolint:containedctx // to chromedp, browsers and tabs are contexts
}

// buildExample builds the program and returns where it is.
func buildExample(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "sidebyside")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", program, "./examples/sidebyside")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// website is a running examples/sidebyside: Django, Go and the proxy before both.
type website struct {
	*example
	t        *testing.T
	url      string // without a slash at the end
	password string // of the users ada and admin
	dir      string
	through  []string // a command that starts the program, if not the test itself
	cmd      *exec.Cmd
	output   *lockedBuffer
	tabs     []*tab
}

// site is the example in a new folder, not started yet. It ends with the test, after its
// visitors.
func (e *example) site(t *testing.T) *website {
	t.Helper()
	s := &website{example: e, t: t, dir: t.TempDir()}
	t.Cleanup(func() { s.stop(syscall.SIGTERM) })
	return s
}

// start starts the example in a new folder.
func (e *example) start(t *testing.T, flags ...string) *website {
	t.Helper()
	s := e.site(t)
	s.startWithDjango(flags...)
	return s
}

// startWithDjango is start with a Django that is there already, of the release that the
// example would install, and with its client for Redis.
func (s *website) startWithDjango(flags ...string) {
	s.t.Helper()
	requirements, err := os.ReadFile("../examples/sidebyside/site/requirements.txt")
	if err != nil {
		s.t.Fatal(err)
	}
	release := regexp.MustCompile(`(?m)^Django==(.+)$`).FindSubmatch(requirements)
	if release == nil {
		s.t.Fatalf("no Django in %q", requirements)
	}
	s.start(append([]string{"-python", pythonWithCaches(s.t, string(release[1]))}, flags...)...)
}

var (
	printedAddress  = regexp.MustCompile(`(?m)^ +(http://127\.0\.0\.1:\d+)/$`)
	printedPassword = regexp.MustCompile(`(?m)^ +password +(\S+)`)
)

// start starts the program and waits until it says where the site is.
func (s *website) start(flags ...string) {
	s.t.Helper()
	// Stopped by a signal, as people do it, not by a context.
	command := slices.Concat(s.through, []string{s.program, "-dir", s.dir}, flags)
	s.cmd = exec.CommandContext(context.WithoutCancel(s.t.Context()), command[0], command[1:]...)
	s.output = &lockedBuffer{}
	s.cmd.Stderr = s.output
	s.cmd.WaitDelay = patience // a child that is left may have it too
	out, err := s.cmd.StdoutPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		_, _ = fmt.Fprintln(s.output, lines.Text()) // it never fails
		if strings.Contains(lines.Text(), "Ctrl-C") {
			break
		}
	}
	text := s.output.String()
	address, password := printedAddress.FindStringSubmatch(text), printedPassword.FindStringSubmatch(text)
	if address == nil || password == nil {
		s.t.Fatalf("the example does not start:\n%s", text)
	}
	s.url, s.password = address[1], password[1]
}

// stop ends the program, which has to say that all is well and leave nothing behind.
func (s *website) stop(signal os.Signal) {
	s.t.Helper()
	if s.cmd == nil || s.cmd.Process == nil {
		return
	}
	cmd := s.cmd
	s.cmd = nil
	if err := cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Error(err)
	}
	overdue := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer overdue.Stop()
	if err := cmd.Wait(); err != nil {
		s.t.Errorf("the example ended with %v\n%s", err, s.output.String())
	}
	if left := s.children(); len(left) > 0 {
		s.t.Errorf("it left processes behind: %q", left)
	}
	if strings.Contains(s.output.String(), "ERROR") || strings.Contains(s.output.String(), "panic") {
		s.t.Errorf("the example said:\n%s", s.output.String())
	}
}

// restart ends the program and starts it with other flags, at the same address and in the
// same folder. All visitors leave first, because a browser may request a page's icon at
// any time.
func (s *website) restart(flags ...string) {
	s.t.Helper()
	for _, p := range s.tabs {
		perform(p, "leave", chromedp.Navigate("about:blank"))
	}
	s.stop(syscall.SIGTERM)
	s.startWithDjango(append([]string{"-addr", strings.TrimPrefix(s.url, "http://")}, flags...)...)
}

// children are the command lines of the processes that have the site's database in their
// environment.
func (s *website) children() []string {
	mark := []byte("SHOP_DATABASE=" + s.dir + "/")
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil || len(processes) == 0 {
		s.t.Fatal("there is no /proc: ", err)
	}
	var found []string
	for _, process := range processes {
		environment, err := os.ReadFile(filepath.Join(process, "environ"))
		if err != nil || !bytes.Contains(environment, mark) {
			continue // it has ended, or is somebody else's
		}
		command, _ := os.ReadFile(filepath.Join(process, "cmdline"))
		found = append(found, string(bytes.ReplaceAll(command, []byte{0}, []byte(" "))))
	}
	return found
}
