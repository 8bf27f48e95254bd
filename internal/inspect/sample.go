package inspect

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

const (
	// maxWhole is the number of sessions up to which all of them are read.
	maxWhole = 5000
	// rangeCount and rangeRows are how many ranges of keys a sample has, and how many rows
	// are read of each. Keys are random, so the sessions in a range are a random choice.
	rangeCount, rangeRows = 50, 100
	// maxReading is the default of Options.Reading.
	maxReading = 2 * time.Second
	// maxPage is the time after which a page gives up.
	maxPage = 8 * time.Second
	// chunk is how many rows are read at once.
	chunk = 500
)

// A sample is a random choice of sessions, or all of them.
type sample struct {
	rows    []row
	whole   bool    // these are all sessions
	stopped bool    // there was no time for more
	total   float64 // the number of sessions, estimated unless whole; 0 if unknown
	ranges  int     // of keys; 0 if the store chose the sessions
	at      time.Time
	took    time.Duration
}

// reads returns the latest sample. The first request takes it.
func (h *Handler) reads(ctx context.Context) (*sample, error) {
	h.mu.Lock()
	s := h.sample
	h.mu.Unlock()
	if s != nil {
		return s, nil
	}
	release, err := h.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	h.mu.Lock()
	s = h.sample
	h.mu.Unlock()
	if s != nil { // another request was faster
		return s, nil
	}
	if s, err = h.take(ctx); err != nil {
		return nil, err
	}
	h.mu.Lock()
	h.sample = s
	h.mu.Unlock()
	return s, nil
}

// turn waits until no other request reads many or large sessions, so that the memory is
// that of one.
func (h *Handler) turn(ctx context.Context) (release func(), err error) {
	select {
	case h.reading <- struct{}{}:
		return func() { <-h.reading }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (h *Handler) take(ctx context.Context) (*sample, error) {
	start := time.Now()
	s := &sample{at: h.options.Now()}
	var err error
	switch lister, ok := h.site.Engine.(djangosession.Lister); {
	case h.site.Unlistable != "":
	case h.site.Table != nil:
		err = h.takeTable(ctx, s, start)
	case ok:
		err = h.takeList(ctx, s, lister)
	}
	s.took = time.Since(start)
	if s.whole {
		s.total = float64(len(s.rows))
	}
	return s, err
}

// takeList takes the first sessions of a store that is not ordered by key. If the store
// is too slow for the rest, the sample is what was read.
func (h *Handler) takeList(ctx context.Context, s *sample, lister djangosession.Lister) error {
	reading, cancel := context.WithTimeout(ctx, h.options.Reading)
	defer cancel()
	for record, err := range lister.Records(reading) {
		if err != nil {
			if len(s.rows) == 0 || reading.Err() == nil || ctx.Err() != nil {
				return err
			}
			s.stopped = true
			return nil
		}
		if len(s.rows) == maxWhole {
			return nil
		}
		s.rows = append(s.rows, h.ofRecord(record))
		if reading.Err() != nil {
			s.stopped = true
			return nil
		}
	}
	s.whole = true
	return nil
}

// takeTable reads a small table as a whole, and ranges of keys of a large one.
func (h *Handler) takeTable(ctx context.Context, s *sample, start time.Time) error {
	var last *tables.Row
	var first []string // keys
	for !s.stopped && len(s.rows) <= maxWhole {
		in := tables.RowRange{Limit: chunk, MaxData: maxListed}
		if last != nil {
			in.From, in.After = last.Key, true
		}
		found, err := h.site.Table.RowsIn(ctx, in)
		if err != nil {
			return err
		}
		for i := range found {
			s.rows = append(s.rows, h.ofTable(&found[i]))
			first = append(first, found[i].Key)
		}
		if len(found) < chunk {
			s.whole = true
			return nil
		}
		last = &found[len(found)-1]
		s.stopped = time.Since(start) > h.options.Reading/2
	}
	s.rows, s.stopped = nil, false
	return h.takeRanges(ctx, s, newAlphabet(first), start)
}

// takeRanges reads a range in each of rangeCount equal parts of all possible keys, from a
// random key on. How close the keys of a range are to each other tells how many sessions
// its part has.
func (h *Handler) takeRanges(ctx context.Context, s *sample, a alphabet, start time.Time) error {
	const width = 1.0 / rangeCount
	from := make([]float64, rangeCount+1)
	for i := range rangeCount {
		from[i] = width * (float64(i) + rand.Float64()) //nolint:gosec // no secret
	}
	from[rangeCount] = 1
	estimate, read := 0.0, 0
	for _, i := range rand.Perm(rangeCount) { //nolint:gosec // no secret; so that a sample that is stopped has ranges everywhere
		found, err := h.site.Table.RowsIn(ctx, tables.RowRange{From: a.key(from[i]), Limit: rangeRows, MaxData: maxListed})
		if err != nil {
			return err
		}
		full := len(found) == rangeRows
		if next := a.key(from[i+1]); i+1 < rangeCount {
			if end := slices.IndexFunc(found, func(r tables.Row) bool { return r.Key >= next }); end >= 0 {
				found, full = found[:end], false
			}
		}
		for j := range found {
			s.rows = append(s.rows, h.ofTable(&found[j]))
		}
		n, span := float64(len(found)), from[i+1]-from[i]
		if full { // the last row is the end of the span, and not in it
			n, span = n-1, a.position(found[len(found)-1].Key)-from[i]
		}
		if span > 0 {
			estimate += width * n / span
		}
		if read++; time.Since(start) > h.options.Reading {
			s.stopped = read < rangeCount
			break
		}
	}
	s.ranges = read
	if a.known {
		s.total = max(estimate*rangeCount/float64(read), float64(len(s.rows)))
	}
	return nil
}

// An alphabet is the characters of a site's session keys in their order. Django's are
// digits and small letters.
type alphabet struct {
	letters string
	known   bool // keys consist of nothing else, so their distances have a meaning
}

// newAlphabet finds the alphabet of keys.
func newAlphabet(keys []string) alphabet {
	const django = "0123456789abcdefghijklmnopqrstuvwxyz"
	used := map[rune]bool{}
	for _, key := range keys {
		for _, r := range key {
			used[r] = true
		}
	}
	var letters strings.Builder
	for _, r := range django {
		if used[r] {
			letters.WriteRune(r)
		}
	}
	if letters.Len() != len(used) || letters.Len() < 2 {
		return alphabet{letters: django}
	}
	return alphabet{letters: letters.String(), known: true}
}

// keyDigits is how many characters of a key determine its position, as far as a float64
// is exact.
const keyDigits = 10

// position returns where a key is among all possible ones, from 0 to 1.
func (a alphabet) position(key string) float64 {
	at, unit := 0.0, 1.0
	for _, r := range key[:min(len(key), keyDigits)] {
		unit /= float64(len(a.letters))
		at += unit * float64(max(0, strings.IndexRune(a.letters, r)))
	}
	return at
}

// key returns the beginning of the keys at a position.
func (a alphabet) key(at float64) string {
	var b strings.Builder
	for range keyDigits {
		at *= float64(len(a.letters))
		digit := min(int(at), len(a.letters)-1)
		b.WriteByte(a.letters[digit])
		at -= float64(digit)
	}
	return b.String()
}

// isTimeout reports whether the time of a page was over.
func isTimeout(err error) bool { return errors.Is(err, context.DeadlineExceeded) }
