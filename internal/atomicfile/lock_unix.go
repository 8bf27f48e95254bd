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
func lock(ctx context.Context, f *os.File) error { return flock(ctx, int(f.Fd()), exclusive) }

// lockPath locks a file or folder. It does without an [os.File] because every save does
// this.
func lockPath(ctx context.Context, name string, how lockMode) (unlock func(), err error) {
	fd, err := openPath(name)
	if err != nil {
		return nil, err
	}
	unlock = func() { _ = syscall.Close(fd) } // it was only read
	if err := flock(ctx, fd, how); err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

func openPath(name string) (fd int, err error) {
	for {
		fd, err = syscall.Open(name, syscall.O_RDONLY|syscall.O_CLOEXEC|nonBlocking, 0)
		if !errors.Is(err, syscall.EINTR) {
			return fd, err
		}
	}
}

func flock(ctx context.Context, fd int, how lockMode) error {
	kind := syscall.LOCK_EX
	if how == shared {
		kind = syscall.LOCK_SH
	}
	for wait := 50 * time.Microsecond; ; wait = min(2*wait, 10*time.Millisecond) {
		err := syscall.Flock(fd, kind|syscall.LOCK_NB)
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

// usable reports why this process cannot create files in a folder, or lock the folder.
func usable(folder string) error {
	const write, search = 2, 1
	if err := syscall.Access(folder, write|search); err != nil {
		return err
	}
	fd, err := openPath(folder)
	if err != nil {
		return err
	}
	err = syscall.Flock(fd, syscall.LOCK_SH|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR) {
		err = nil // it can be locked, but not now
	}
	return errors.Join(err, syscall.Close(fd))
}
