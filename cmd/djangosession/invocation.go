package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
)

// invocation is how this program was called, for commands that the user is asked to
// paste.
func invocation() string {
	self, err := os.Executable()
	if err != nil {
		return program
	}
	if strings.Contains(self, string(filepath.Separator)+"go-build") { // "go run" removes it
		if _, err := os.Stat("cmd/djangosession"); err == nil {
			return "go run ./cmd/djangosession"
		}
		if info, ok := debug.ReadBuildInfo(); ok {
			return "go run " + info.Path + "@latest"
		}
	}
	if found, err := exec.LookPath(program); err == nil && isSameFile(found, self) {
		return program
	}
	return shellQuote(self)
}

func isSameFile(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

// shellQuote quotes text as one word for a shell.
func shellQuote(text string) string {
	const plainChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-"
	if text != "" && strings.Trim(text, plainChars) == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
