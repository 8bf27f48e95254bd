package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

var (
	// ErrTooLarge reports a file that is longer than the caller permits.
	ErrTooLarge = errors.New("the file is too large")
	// ErrForeign reports a file or folder of another user.
	ErrForeign = errors.New("it belongs to another user, who could not read what this process writes: " +
		"run this service as the user that runs Django")

	errNotAFile = errors.New("it is not a regular file")
)

// An Error is a failed operation on a file. It contains the folder, but not the name of
// the file, which may be a session key.
type Error struct {
	Op     string // such as "read a file"
	Folder string
	Err    error // such as a [syscall.Errno]; never an [*fs.PathError]
}

// Error describes the problem and a remedy.
func (e *Error) Error() string {
	return fmt.Sprintf("%s in %s: %v%s", e.Op, e.Folder, e.Err, remedy(e.Err))
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func remedy(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return ": free some space, or move the folder"
	case errors.Is(err, fs.ErrPermission):
		return ": run this service as the user that runs Django, which owns the files"
	}
	return ""
}

// failed returns the error of an operation on the file name, or nil.
func failed(op, name string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	return &Error{Op: op, Folder: filepath.Dir(name), Err: withoutName(err)}
}

// withoutName returns the cause in an error that contains names of files.
func withoutName(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}

// errNoLocks reports a file system without locks.
var errNoLocks = errors.New("this file system cannot lock files, and without locks two processes could undo each " +
	"other's changes: move the folder to another file system, or mount this one with support of locks")

// lockFailed returns the error of a call that locks, or nil.
func lockFailed(op, name string, err error) error {
	for _, none := range []error{syscall.ENOLCK, syscall.ENOTSUP, syscall.ENOSYS, syscall.EOPNOTSUPP} {
		if errors.Is(err, none) {
			err = fmt.Errorf("%w: %w", errNoLocks, err)
			break
		}
	}
	return failed(op, name, err)
}

// checkFile reports why a file cannot be replaced.
func checkFile(info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return errNotAFile
	}
	if foreign(info) {
		return ErrForeign
	}
	return nil
}

// CheckOwner reports why a file cannot be read or replaced. It writes nothing.
func CheckOwner(name string) error {
	f, info, err := open(name)
	if err == nil {
		err = errors.Join(checkFile(info), f.Close())
	}
	return failed("read a file", name, err)
}

// CheckFolder reports why files cannot be kept in a folder. It writes nothing.
func CheckFolder(name string) error {
	const op = "keep files"
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return &Error{Op: op, Folder: name, Err: withoutName(err)}
	case !info.IsDir():
		return &Error{Op: op, Folder: name, Err: syscall.ENOTDIR}
	case info.Mode().Perm()&0o077 == 0 && foreign(info):
		return &Error{Op: op, Folder: name, Err: ErrForeign}
	}
	return lockFailed(op, filepath.Join(name, "x"), usable(name))
}
