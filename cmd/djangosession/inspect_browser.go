package main

import (
	"html"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
)

// A privateFile is a page that leads the browser to the address of inspect. The address
// contains the token, and must not be an argument of the browser, because other users can
// see the process list. They cannot read the file.
type privateFile struct {
	mu  sync.Mutex
	dir string
}

// open writes the file and opens it in a browser.
func (p *privateFile) open(address string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	dir, err := os.MkdirTemp("", "djangosession-") // with mode 0700
	if err != nil {
		return err
	}
	p.dir = dir
	name := filepath.Join(dir, "inspect.html")
	page := "<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<title>djangosession inspect</title>\n" +
		"<meta name=\"referrer\" content=\"no-referrer\">\n" +
		"<meta http-equiv=\"refresh\" content=\"0; url=" + html.EscapeString(address) + "\">\n"
	if err := os.WriteFile(name, []byte(page), 0o600); err != nil {
		return err
	}
	return startBrowser((&url.URL{Scheme: "file", Path: filepath.ToSlash(name)}).String())
}

// remove removes the file.
func (p *privateFile) remove() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dir != "" {
		_ = os.RemoveAll(p.dir) // the token in it works once
		p.dir = ""
	}
}

// startBrowser opens an address, and does not wait for the browser, which may be running
// when this program ends.
func startBrowser(address string) error {
	command := []string{"xdg-open"}
	switch runtime.GOOS {
	case "darwin":
		command = []string{"open"}
	case "windows":
		command = []string{"rundll32", "url.dll,FileProtocolHandler"}
	}
	cmd := exec.Command(command[0], append(command[1:], address)...) //nolint:noctx,gosec // it outlives this program; fixed programs
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}
