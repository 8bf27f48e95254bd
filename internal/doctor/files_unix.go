//go:build linux || darwin || freebsd || netbsd || openbsd

package doctor

import (
	"os"
	"syscall"
)

// owner returns the id of the user that owns a file; -1 if it is unknown.
func owner(info os.FileInfo) int {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(s.Uid)
	}
	return -1
}

// accessProblem says why this process cannot write a file, or make files in a folder; ""
// if it can. It opens nothing.
func accessProblem(name string, isFolder bool) string {
	const write, enter = 2, 1
	mode := uint32(write)
	if isFolder {
		mode |= enter
	}
	if err := syscall.Access(name, mode); err != nil {
		return err.Error()
	}
	return ""
}
