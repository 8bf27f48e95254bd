//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// detach keeps control-C from the browser.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
