//go:build unix

package main

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// lockFile locks a file against other processes until it is closed. It reports false if
// another process has locked the file.
func lockFile(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// groupAlone gives a command a process group of its own, which Ctrl-C does not reach. The
// end of the command's context ends the whole group.
func groupAlone(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
}

// killGroup ends all processes of the group of a command that has started.
func killGroup(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // usually none is left
}
