package main

import (
	"fmt"
	"io"
	"math"
	"sync/atomic"
	"time"

	"github.com/djangobridge/djangobridge/internal/amount"
)

// progressFlags are those of commands that take long.
type progressFlags struct {
	Progress bool `help:"Print the progress to standard error every ten seconds. On a terminal it is always shown."`
}

// progress shows how far a long operation has come: in one line of a terminal, or in a
// line every now and then.
type progress struct {
	w           io.Writer // nil if nothing is shown
	lines       bool
	start, next time.Time
	shown       bool
	total       atomic.Int64 // steps of the whole operation; 0 if unknown
}

const (
	// progressEvery is how often the text on a terminal changes. Shorter operations show
	// none.
	progressEvery = 200 * time.Millisecond
	// lineEvery is how often a line appears elsewhere.
	lineEvery = 10 * time.Second
)

// progress begins an operation. If asked is set, its progress is also shown without a
// terminal.
func (t *tool) progress(asked bool) *progress {
	p := &progress{start: time.Now()}
	switch {
	case isTerminal(t.stderr):
		p.w = t.stderr
	case asked:
		p.w, p.lines = t.stderr, true
	}
	p.next = p.start.Add(p.every())
	return p
}

func (p *progress) every() time.Duration {
	if p.lines {
		return lineEvery
	}
	return progressEvery
}

// showf shows a text after so many steps, with their rate and the time left.
func (p *progress) showf(steps int64, format string, args ...any) {
	now := time.Now()
	if p.w == nil || now.Before(p.next) {
		return
	}
	p.next, p.shown = now.Add(p.every()), true
	text := fmt.Sprintf(format, args...) + pace(steps, p.total.Load(), now.Sub(p.start))
	if p.lines {
		_, _ = fmt.Fprintf(p.w, "djangosession: %s\n", text) // nothing depends on it
		return
	}
	_, _ = fmt.Fprint(p.w, "\r\x1b[K"+text) // nothing depends on it
}

// pace returns the rate of an operation, and the part that is done and the time left if the
// total is known, such as " (25 %, 80,000 a second, 1m30s left)".
func pace(steps, total int64, elapsed time.Duration) string {
	if steps <= 0 || elapsed <= 0 {
		return ""
	}
	rate := float64(steps) / elapsed.Seconds()
	text := amount.Number(int64(math.Round(rate))) + " a second"
	if total <= 0 || steps > total { // others add sessions
		return " (" + text + ")"
	}
	left := time.Duration(float64(total-steps) / rate * float64(time.Second)).Round(time.Second)
	return fmt.Sprintf(" (%d %%, %s, %v left)", steps*100/total, text, left)
}

// done removes the text from a terminal.
func (p *progress) done() {
	if p.shown && !p.lines {
		_, _ = fmt.Fprint(p.w, "\r\x1b[K") // nothing depends on it
	}
	p.shown = false
}
