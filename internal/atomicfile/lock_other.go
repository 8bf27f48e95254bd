//go:build !unix || solaris || aix

package atomicfile

import (
	"context"
	"io/fs"
	"os"
)

const nonBlocking = 0

// lock would lock a file.
func lock(context.Context, *os.File) error { return nil }

// lockPath would lock a file or folder.
func lockPath(context.Context, string, lockMode) (unlock func(), err error) { return func() {}, nil }

func foreign(fs.FileInfo) bool { return false }

func usable(string) error { return nil }
