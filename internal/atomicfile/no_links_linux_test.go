package atomicfile

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// noLinksVariable makes this program one on a file system without hard links: the name of
// a case of TestRemovalLosesNoNewerFile.
const noLinksVariable = "ATOMICFILE_NO_LINKS"

// TestRemovalLosesNoNewerFile has a file that Django replaces just before it is removed.
// It runs this program again with a kernel in which links fail; see
// TestFileSystemWithoutLocks.
func TestRemovalLosesNoNewerFile(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		links   syscall.Errno // 0: they work
		renames syscall.Errno // those that never replace a file
		fails   bool
	}{
		"links":               {},
		"no links":            {links: syscall.EPERM},
		"neither":             {links: syscall.EPERM, renames: syscall.EINVAL},
		"neither, other code": {links: syscall.ENOTSUP, renames: syscall.ENOSYS},
		"a broken disk":       {links: syscall.EIO, fails: true},
	}
	if name := os.Getenv(noLinksVariable); name != "" {
		c := cases[name]
		var err error
		if c.links != 0 {
			err = failCalls(syscall.SYS_LINKAT, c.links)
		}
		if c.renames != 0 {
			err = errors.Join(err, failCalls(uint32(renameat2()), c.renames))
		}
		if err != nil {
			t.Fatal(err)
		}
		removeNewer(t, c.links, c.fails)
		return
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestRemovalLosesNoNewerFile$")
			cmd.Dir, cmd.Env = t.TempDir(), append(os.Environ(), noLinksVariable+"="+name)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// removeNewer removes a file in the working directory, as if it were an older one.
func removeNewer(t *testing.T, errno syscall.Errno, fails bool) {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "secretname")
	rename(t, name, "old")
	old, err := os.Open(name) // so that no other file gets its number
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close() //nolint:errcheck // it was only read
	info, err := old.Stat()
	if err != nil {
		t.Fatal(err)
	}
	rename(t, name, "newer")
	changed, err := removeIf(name, "tmp", info)
	if !changed {
		t.Error("it is taken for the older file")
	}
	entries, dirErr := os.ReadDir(dir)
	if dirErr != nil || len(entries) != 1 {
		t.Fatalf("the folder has %v, %v", entries, dirErr)
	}
	left := entries[0].Name()
	if !fails {
		wantError(t, err, nil)
	} else if !errors.Is(err, errno) || !strings.HasPrefix(left, "tmp") {
		t.Errorf("error %v, left %s", err, left)
	}
	want(t, filepath.Join(dir, left), "newer")
	if fails {
		return
	}
	if left != "secretname" {
		t.Errorf("the newer file has the name %s", left)
	}
	taken := filepath.Join(dir, "tmp")
	rename(t, taken, "newer")
	rename(t, name, "newest")
	wantError(t, putBack(taken, name), nil)
	want(t, name, "newest")
	if _, err := os.Lstat(taken); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file that was newer: %v", err)
	}
}
