package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestProgressSaysWhenItEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		steps, total int64
		elapsed      time.Duration
		want         string
	}{
		{steps: 0, total: 10, elapsed: time.Second, want: ""},
		{steps: 5, total: 10, elapsed: 0, want: ""},
		{steps: 2_500_000, total: 10_000_000, elapsed: 30 * time.Second, want: " (25 %, 83,333 a second, 1m30s left)"},
		{steps: 10, total: 10, elapsed: 5 * time.Second, want: " (100 %, 2 a second, 0s left)"},
		{steps: 1200, total: 0, elapsed: time.Second, want: " (1,200 a second)"},
		{steps: 1200, total: 1000, elapsed: time.Second, want: " (1,200 a second)"},
	} {
		if got := pace(c.steps, c.total, c.elapsed); got != c.want {
			t.Errorf("%d of %d after %v: %q, want %q", c.steps, c.total, c.elapsed, got, c.want)
		}
	}
}

// Without a terminal, progress is printed on request, in lines.
func TestProgressIsShownOnRequest(t *testing.T) {
	t.Parallel()
	for asked, want := range map[bool]string{false: "", true: "djangosession: 7 rows (7 "} {
		var errs bytes.Buffer
		p := (&tool{stderr: &errs}).progress(asked)
		p.total.Store(100)
		p.showf(3, "%d rows", 3) // too early
		p.start, p.next = time.Now().Add(-7*time.Second), time.Now()
		p.showf(7, "%d rows", 7)
		p.showf(8, "%d rows", 8) // too early again
		p.done()
		got, rest, _ := strings.Cut(errs.String(), "%, ") // a paused machine is slower
		if got != want || asked && !regexp.MustCompile(`^[01] a second, [0-9hms]+ left\)\n$`).MatchString(rest) {
			t.Errorf("asked %v: %q, want %q and the rest", asked, errs.String(), want)
		}
	}
}
