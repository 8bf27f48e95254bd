//go:build unix

package atomicfile

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestModes must not run beside other tests, because the umask is that of the process.
func TestModes(t *testing.T) {
	for _, umask := range []int{0, 0o077, 0o777} {
		name := place(t)
		old := syscall.Umask(umask)
		err := Create(name, "tmp", []byte("one"))
		syscall.Umask(old)
		info, statErr := os.Stat(name)
		if err := errors.Join(err, statErr); err != nil || info.Mode() != 0o600 {
			t.Errorf("umask %o: mode %v, %v", umask, info.Mode(), err)
		}
	}
}

// fullVariable makes this program one whose disk is full; see TestFullDisk.
const fullVariable = "ATOMICFILE_FULL"

// TestFullDisk runs this program again with a limit on the size of files.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	if os.Getenv(fullVariable) != "" {
		name := "secretname" // in the working directory
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 4096, Max: 4096}); err != nil {
			t.Fatal(err)
		}
		data := make([]byte, 100_000)
		wantError(t, Replace(t.Context(), name, "tmp", data), syscall.EFBIG)
		wantError(t, Write(name, "tmp", data), syscall.EFBIG)
		wantError(t, Create(name+"2", "tmp", data), syscall.EFBIG)
		return
	}
	name := place(t)
	wantError(t, Create(name, "tmp", []byte("old")), nil)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestFullDisk$")
	cmd.Dir, cmd.Env = filepath.Dir(name), append(os.Environ(), fullVariable+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	want(t, name, "old")
}

func TestForeignFiles(t *testing.T) {
	t.Parallel()
	name, other := place(t), "/etc/passwd"
	if os.Geteuid() == 0 {
		other = name
		if err := errors.Join(Create(name, "tmp", []byte("old")), os.Chown(name, 65534, 65534)); err != nil {
			t.Fatal(err)
		}
		wantError(t, Replace(t.Context(), name, "tmp", nil), ErrForeign)
		wantError(t, Write(name, "tmp", nil), ErrForeign)
		want(t, name, "old")
		if err := os.Chown(filepath.Dir(name), 65534, 65534); err != nil {
			t.Fatal(err)
		}
		wantError(t, CheckFolder(filepath.Dir(name)), nil) // it is for everybody
		if err := os.Chmod(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		wantError(t, CheckFolder(filepath.Dir(name)), ErrForeign)
	}
	info, err := os.Stat(other)
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, checkFile(info), ErrForeign)
}

// TestPipe must end. Reading from a pipe waits for a writer.
func TestPipe(t *testing.T) {
	t.Parallel()
	name := place(t)
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Read(name, limit)
	wantError(t, err, errNotAFile)
	wantError(t, Replace(t.Context(), name, "tmp", nil), errNotAFile)
}

func TestLockWaitsForContext(t *testing.T) {
	t.Parallel()
	replace := func(ctx context.Context, name string) error { return Replace(ctx, name, "tmp", []byte("new")) }
	update := func(ctx context.Context, name string) error {
		return Update(ctx, name, "tmp", limit, func([]byte) ([]byte, error) { return []byte("new"), nil })
	}
	tests := []struct {
		name   string
		folder bool // is locked, and not the file
		call   func(ctx context.Context, name string) error
		says   string
	}{
		{name: "an update of a locked file", call: update, says: "lock a file"},
		{name: "an update in a locked folder", folder: true, call: update, says: "lock the folder of a file"},
		{name: "a replacement in a locked folder", folder: true, call: replace, says: "lock the folder of a file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			name := place(t)
			wantError(t, Create(name, "tmp", []byte("old")), nil)
			locked := name
			if test.folder {
				locked = filepath.Dir(name)
			}
			unlock, err := lockPath(t.Context(), locked, exclusive)
			if err != nil {
				t.Fatal(err)
			}
			defer unlock()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			err = test.call(ctx, name)
			wantError(t, err, context.DeadlineExceeded)
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v", err)
			}
			want(t, name, "old")
		})
	}
}

// TestReplaceDoesNotWaitForEdit stores a file while another process changes it. The
// change is made to the new file then.
func TestReplaceDoesNotWaitForEdit(t *testing.T) {
	t.Parallel()
	name := place(t)
	wantError(t, Create(name, "tmp", []byte("old")), nil)
	first := true
	wantError(t, Update(t.Context(), name, "tmp", limit, func(old []byte) ([]byte, error) {
		if first {
			wantError(t, Replace(t.Context(), name, "tmp", []byte("new")), nil)
			first = false
		}
		return append(old, '+'), nil
	}), nil)
	want(t, name, "new+")
}
