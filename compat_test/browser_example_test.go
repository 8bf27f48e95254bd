package compat_test

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// What must not be left behind is looked for whenever a site ends; these end it in the ways in which people do.

func interruptExample(t *testing.T, e *example) { endExample(t, e, syscall.SIGINT) }

func terminateExample(t *testing.T, e *example) { endExample(t, e, syscall.SIGTERM) }

func endExample(t *testing.T, e *example, signal syscall.Signal) {
	t.Helper()
	site := e.start(t)
	if len(site.children()) == 0 {
		t.Error("Django is not seen to run")
	}
	site.stop(signal)
}

// orphanExample kills the parent of the example, as "go run" may be killed.
func orphanExample(t *testing.T, e *example) {
	site := e.site(t)
	site.through = []string{"sh", "-c", `"$@"; exit`, "sh"}
	site.startWithDjango()
	parent := site.cmd
	site.cmd = nil // it does not end well
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // it was killed
	for began := time.Now(); len(site.children()) > 0; time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatalf("these are left: %q", site.children())
		}
	}
}

// installExample starts the example in an empty folder, as on a fresh machine, and again in what that has left.
func installExample(t *testing.T, e *example) {
	site := e.site(t)
	site.start()
	if !strings.Contains(site.output.String(), "Installing Django") {
		t.Errorf("nothing was installed:\n%s", site.output.String())
	}
	password := site.password
	site.stop(syscall.SIGTERM)
	site.start()
	if strings.Contains(site.output.String(), "Installing") || site.password != password {
		t.Errorf("the second start does not go on with the first one's folder:\n%s", site.output.String())
	}
}
