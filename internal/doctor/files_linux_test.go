package doctor

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestUnwritableKeepsLocks locks a file as SQLite does.
func TestUnwritableKeepsLocks(t *testing.T) {
	t.Parallel()
	f, err := os.Create(filepath.Join(t.TempDir(), "db.sqlite3"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // nothing was written
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_WRLCK}); err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if problem := unwritable(f.Name(), info); problem != "" {
		t.Error(problem)
	}
	const getOpenFileLock = 36 // F_OFD_GETLK, which sees the locks of this process too
	lock := syscall.Flock_t{Type: syscall.F_WRLCK}
	if err := syscall.FcntlFlock(f.Fd(), getOpenFileLock, &lock); err != nil {
		t.Fatal(err)
	}
	if lock.Type == syscall.F_UNLCK {
		t.Error("the lock is gone")
	}
}
