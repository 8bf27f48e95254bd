package atomicfile

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"
)

// Flags of renameat2.
const (
	renameNoReplace = 1
	renameExchange  = 2
)

// renameat2 returns the number of the system call, which package syscall does not have on
// all architectures.
func renameat2() uintptr {
	switch runtime.GOARCH {
	case "amd64":
		return 316
	case "386":
		return 353
	case "arm":
		return 382
	case "arm64", "riscv64", "loong64":
		return 276
	case "ppc64", "ppc64le":
		return 357
	case "s390x":
		return 347
	}
	return 0
}

// exchange makes two files change places atomically. The error wraps
// [errors.ErrUnsupported] if the file system cannot do this.
func exchange(a, b string) error { return rename2(a, b, renameExchange) }

// moveNew gives a file another name, which does not exist yet.
func moveNew(from, to string) error {
	err := os.Link(from, to)
	if err == nil || !errors.Is(err, syscall.EPERM) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return rename2(from, to, renameNoReplace) // a file system without hard links, such as FAT
}

func rename2(from, to string, flags uintptr) error {
	number := renameat2()
	if number == 0 {
		return errors.ErrUnsupported
	}
	oldName, err := syscall.BytePtrFromString(from)
	if err != nil {
		return err
	}
	newName, err := syscall.BytePtrFromString(to)
	if err != nil {
		return err
	}
	const atCWD = ^uintptr(99) // -100: names are relative to the working directory
	for {
		_, _, errno := syscall.Syscall6(number, atCWD,
			uintptr(unsafe.Pointer(oldName)), atCWD, //nolint:gosec // as in package syscall
			uintptr(unsafe.Pointer(newName)), flags, 0) //nolint:gosec // as in package syscall
		switch errno {
		case 0:
			return nil
		case syscall.EINTR:
		case syscall.EINVAL, syscall.ENOSYS:
			return fmt.Errorf("%w: %w", errors.ErrUnsupported, errno)
		default:
			return errno
		}
	}
}

// startWriting makes the system write a file to the disk, without waiting. Ext4 does
// this when a file is renamed over another but not when two are exchanged, and would
// leave an empty file after a power failure.
func startWriting(f *os.File) {
	const syncFileRangeWrite = 2
	_ = syscall.SyncFileRange(int(f.Fd()), 0, 0, syncFileRangeWrite) // only a hint
}
