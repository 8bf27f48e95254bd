//go:build !unix

package main

import "os/exec"

// detach does nothing: a browser of this system does not get control-C.
func detach(*exec.Cmd) {}
