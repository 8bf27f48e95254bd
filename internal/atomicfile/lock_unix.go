//go:build unix && !solaris && !aix

package atomicfile

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// nonBlocking is a flag of open for which a pipe without a writer is no reason to wait.
const nonBlocking = syscall.O_NONBLOCK

// lock locks a file against other processes that lock it, until it is closed.
func lock(ctx context.Context, f *os.File) error {
	for wait := 50 * time.Microsecond; ; wait = min(2*wait, 10*time.Millisecond) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// foreign reports whether a file belongs to another user than this process's.
func foreign(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) != os.Geteuid()
}

// writable reports why this process cannot create files in a folder.
func writable(folder string) error {
	const write, search = 2, 1
	return syscall.Access(folder, write|search)
}
