package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// refusal returns the error of a run with a fault.
func refusal(t *testing.T, o options) string {
	t.Helper()
	err := run(t.Context(), o)
	if err == nil {
		t.Fatal("it runs")
	}
	return err.Error()
}

func TestTakenAddressIsNamed(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // nothing was sent
	got := refusal(t, options{addr: l.Addr().String(), dir: t.TempDir()})
	if !strings.HasPrefix(got, l.Addr().String()+" is taken") {
		t.Error(got)
	}
}

func TestFolderInUseIsNamed(t *testing.T) {
	t.Parallel()
	o := options{addr: "127.0.0.1:0", dir: t.TempDir()}
	first, err := openSite(o)
	if err != nil {
		t.Fatal(err)
	}
	defer first.close()
	if got := refusal(t, o); !strings.HasPrefix(got, o.dir+" is in use") {
		t.Error(got)
	}
}

func TestMissingRedisIsNamed(t *testing.T) {
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "python3"), []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	got := refusal(t, options{addr: "127.0.0.1:0", dir: t.TempDir(), python: "python3", engine: "cache"})
	if !strings.Contains(got, "neither redis-server nor valkey-server is on the path") || !strings.Contains(got, "-engine cache") {
		t.Error(got)
	}
}

// TestUnsuitablePythonIsNamed replaces Python with scripts that print what an unsuitable
// Python prints.
func TestUnsuitablePythonIsNamed(t *testing.T) {
	for name, test := range map[string]struct{ script, want string }{
		"none":           {"", "python3 is not on the path"},
		"old":            {"#!/bin/sh\necho 3.8\n", "is Python 3.8, and Django 5.2 needs 3.10"},
		"without venv":   {"#!/bin/sh\nprintf '\\nensurepip\\n'\n", "lacks ensurepip: on Debian and Ubuntu, apt-get install python3-venv"},
		"does not start": {"#!/bin/sh\necho no such version >&2\nexit 127\n", "no such version"},
		"cannot install": {"#!/bin/sh\n[ $1 = -c ] && exit\necho disk full >&2\nexit 1\n", "disk full"},
	} {
		t.Run(name, func(t *testing.T) {
			bin := t.TempDir()
			if test.script != "" {
				if err := os.WriteFile(filepath.Join(bin, "python3"), []byte(test.script), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("PATH", bin)
			if got := refusal(t, options{addr: "127.0.0.1:0", dir: t.TempDir()}); !strings.Contains(got, test.want) {
				t.Error(got)
			}
		})
	}
}
