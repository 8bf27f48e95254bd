package servers

import (
	"os/exec"
	"syscall"
)

// endWithThread makes a command that has not started end with the thread that starts it.
func endWithThread(cmd *exec.Cmd, signal syscall.Signal) {
	var attributes syscall.SysProcAttr
	if cmd.SysProcAttr != nil {
		attributes = *cmd.SysProcAttr // others may use it
	}
	attributes.Pdeathsig = signal
	cmd.SysProcAttr = &attributes
}
