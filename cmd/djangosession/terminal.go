package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// isTerminal reports whether a reader or writer is a terminal.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull) // also a character device
	return err != nil || !os.SameFile(info, null)
}

// isColourful reports whether to write colors. See no-color.org for the variable.
func isColourful(w io.Writer) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// bold returns text for w, in bold if w shows that.
func bold(w io.Writer, text string) string {
	if isColourful(w) {
		return "\x1b[1m" + text + "\x1b[0m"
	}
	return text
}

// progress shows on a terminal how far a long operation has come.
type progress struct {
	w     io.Writer // nil without a terminal
	next  time.Time
	shown bool
}

// progressEvery is how often the text changes. Shorter operations show none.
const progressEvery = 200 * time.Millisecond

func (t *tool) progress() *progress {
	p := &progress{next: time.Now().Add(progressEvery)}
	if isTerminal(t.stderr) {
		p.w = t.stderr
	}
	return p
}

func (p *progress) showf(format string, args ...any) {
	if p.w == nil || time.Now().Before(p.next) {
		return
	}
	p.next, p.shown = time.Now().Add(progressEvery), true
	_, _ = fmt.Fprintf(p.w, "\r\x1b[K"+format, args...) // nothing depends on it
}

// done removes the text.
func (p *progress) done() {
	if p.shown {
		_, _ = fmt.Fprint(p.w, "\r\x1b[K") // nothing depends on it
	}
	p.shown = false
}
