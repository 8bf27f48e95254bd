package atomicfile

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// lockMode is whether others may have the same lock at the same time.
type lockMode bool

const (
	exclusive lockMode = false
	shared    lockMode = true
)

// mode is the mode of all files.
const mode fs.FileMode = 0o600

// Create stores data in a new file. prefix begins the name of the temporary file. The
// error wraps [fs.ErrExist] if the file exists.
func Create(name, prefix string, data []byte) error {
	t, err := newTemporary(name, prefix, data)
	if err != nil {
		return err
	}
	defer t.remove()
	return failed("create a file", name, moveNew(t.name, name))
}

// Write stores data in a file, whether it exists or not.
func Write(name, prefix string, data []byte) error {
	info, err := os.Lstat(name)
	if err == nil {
		err = checkFile(info)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failed("replace a file", name, err)
	}
	t, err := newTemporary(name, prefix, data)
	if err != nil {
		return err
	}
	defer t.remove()
	return failed("replace a file", name, os.Rename(t.name, name))
}

// Replace stores data in a file that exists. The error wraps [fs.ErrNotExist] if it does
// not. It does not wait for an Update that is calling edit: the newer data stay, and
// Update begins again.
func Replace(ctx context.Context, name, prefix string, data []byte) error {
	const op = "replace a file"
	t, err := newTemporary(name, prefix, data)
	if err != nil {
		return err
	}
	defer t.remove()
	unlock, err := lockFolder(ctx, name, shared)
	if err != nil {
		return err
	}
	defer unlock()
	current, err := os.Lstat(name)
	if err == nil {
		err = checkFile(current)
	}
	if err != nil {
		return failed(op, name, err)
	}
	err = exchange(t.name, name) // fails if the file has been deleted since
	if errors.Is(err, errors.ErrUnsupported) {
		err = os.Rename(t.name, name) // does not fail: see the package's documentation
	}
	return failed(op, name, err)
}

// Update passes the content of a file to edit and stores what that returns. It removes
// the file if that is nil. The lock during the call of edit keeps out other processes
// that use this package, but not Django. If Django replaces the file at that time, Update
// begins again. The error wraps [fs.ErrNotExist] if the file does not exist, is
// [ErrTooLarge] if it is longer than limit, or is the error of edit; the file is
// unchanged then.
func Update(ctx context.Context, name, prefix string, limit int64, edit func(old []byte) ([]byte, error)) error {
	return change(ctx, name, prefix, func(f *os.File) ([]byte, error) {
		info, err := f.Stat()
		if err != nil {
			return nil, failed("read a file", name, err)
		}
		old, err := readAll(f, info, limit)
		if err != nil {
			return nil, failed("read a file", name, err)
		}
		return edit(old)
	})
}

// Read returns the content of a file. The error wraps [fs.ErrNotExist] if it does not
// exist, and is [ErrTooLarge] if it is longer than limit.
func Read(name string, limit int64) ([]byte, error) {
	data, _, err := ReadInfo(name, limit)
	return data, err
}

// ReadInfo is [Read], and describes the file that was read.
func ReadInfo(name string, limit int64) ([]byte, fs.FileInfo, error) {
	f, info, err := open(name)
	if err != nil {
		return nil, nil, failed("read a file", name, err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	data, err := readAll(f, info, limit)
	return data, info, failed("read a file", name, err)
}

// Remove deletes a file, if it exists.
func Remove(name string) error {
	if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return failed("delete a file", name, err)
	}
	return nil
}

// open opens a file for reading. It does not wait for the other end of a pipe.
func open(name string) (*os.File, fs.FileInfo, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|nonBlocking, 0) //nolint:gosec // the caller's name
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNotAFile
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}

// Head returns the first n bytes of a file, or all of a shorter one. The error wraps
// [fs.ErrNotExist] if it does not exist.
func Head(name string, n int) ([]byte, error) {
	f, _, err := open(name)
	if err != nil {
		return nil, failed("read a file", name, err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	data, err := readUpTo(f, n)
	return data, failed("read a file", name, err)
}

func readAll(f *os.File, info fs.FileInfo, limit int64) ([]byte, error) {
	if info.Size() > limit {
		return nil, ErrTooLarge
	}
	return readUpTo(f, int(info.Size()))
}

func readUpTo(f *os.File, length int) ([]byte, error) {
	data := make([]byte, length)
	n, err := io.ReadFull(f, data)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil // another process has made it shorter
	}
	return data[:n], err
}

// change replaces a file by what next returns, or removes it if that is nil.
func change(ctx context.Context, name, prefix string, next func(f *os.File) ([]byte, error)) error {
	for {
		again, err := changeOnce(ctx, name, prefix, next)
		if !again || err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return failed("replace a file", name, err)
		}
		runtime.Gosched()
	}
}

// lockFolder locks the folder of a file until the caller unlocks it. A process has an
// exclusive lock while it removes a file, or puts another in its place and perhaps takes
// that back, but not during edit. Without it, two processes and Django could each take
// back what another has done, and the newest file would be lost. Processes that only put
// a new file in the place of one share the lock.
func lockFolder(ctx context.Context, name string, how lockMode) (unlock func(), err error) {
	unlock, err = lockPath(ctx, filepath.Dir(name), how)
	return unlock, lockFailed("lock the folder of a file", name, err)
}

// changeOnce is change, and reports whether another process was faster.
func changeOnce(
	ctx context.Context, name, prefix string, next func(f *os.File) ([]byte, error),
) (again bool, err error) {
	const op = "replace a file"
	f, _, err := open(name)
	if err != nil {
		return false, failed(op, name, err)
	}
	defer f.Close() //nolint:errcheck // it was only read; this also ends the lock
	if err := lock(ctx, f); err != nil {
		return false, lockFailed("lock a file", name, err)
	}
	info, err := f.Stat()
	if err == nil {
		err = checkFile(info)
	}
	if err != nil {
		return false, failed(op, name, err)
	}
	current, err := os.Lstat(name)
	if err == nil {
		err = checkFile(current) // it may be a link to the file
	}
	if err != nil || !os.SameFile(current, info) {
		return err == nil, failed(op, name, err)
	}
	data, err := next(f)
	if err != nil {
		return false, err
	}
	var t *temporary
	if data != nil {
		if t, err = newTemporary(name, prefix, data); err != nil {
			return false, err
		}
		defer t.remove()
	}
	unlock, err := lockFolder(ctx, name, exclusive)
	if err != nil {
		return false, err
	}
	defer unlock()
	if current, err = os.Lstat(name); err != nil || !os.SameFile(current, info) {
		return err == nil, failed(op, name, err)
	}
	if data == nil {
		again, err = removeIf(name, prefix, info)
		return again, failed("delete a file", name, err)
	}
	again, err = t.replaceIf(name, info)
	return again, failed(op, name, err)
}
