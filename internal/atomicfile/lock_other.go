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

func foreign(fs.FileInfo) bool { return false }

func writable(string) error { return nil }
