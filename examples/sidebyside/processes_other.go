//go:build !unix

package main

import (
	"errors"
	"os"
	"os/exec"
)

// lockFile fails. It is the first of these functions that the program calls.
func lockFile(*os.File) (bool, error) {
	return false, errors.New("this example needs the process groups of Unix: run it on Linux or macOS, or in WSL")
}

func groupAlone(*exec.Cmd) {}

func killGroup(*exec.Cmd) {}
