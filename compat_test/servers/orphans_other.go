//go:build !linux

package servers

import (
	"os/exec"
	"syscall"
)

// endWithThread does nothing: only Linux has such a signal.
func endWithThread(*exec.Cmd, syscall.Signal) {}
