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

// folderProblem says why this process cannot make files in a folder; "" if it can.
func folderProblem(name string) string {
	const write, enter = 2, 1
	if err := syscall.Access(name, write|enter); err != nil {
		return err.Error()
	}
	return ""
}
