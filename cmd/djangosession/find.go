package main

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"
)

// shortened is the end of a shortened key.
const shortened = "..."

// mostCandidates is how many candidates for a shortened key are shown.
const mostCandidates = 5

// find returns the session key for a text, which may be shortened as in "sessions list".
// The error is an [*itemError] if no session matches, or more than one.
func (s *store) find(ctx context.Context, text string) (string, error) {
	if s.name == signedCookiesEngine { // which stores nothing to look for
		return text, nil
	}
	exists, err := s.Exists(ctx, text)
	if err != nil || exists {
		return text, err
	}
	beginning, ok := strings.CutSuffix(text, shortened)
	if !ok || utf8.RuneCountInString(beginning) < visible {
		return "", errNoSession
	}
	var found []row
	for row, err := range s.rows(ctx) {
		if err != nil {
			return "", err
		}
		if strings.HasPrefix(printable(row.key), beginning) {
			row.decode = nil // which holds the data
			found = append(found, row)
		}
	}
	switch len(found) {
	case 0:
		return "", errNoSession
	case 1:
		return found[0].key, nil
	}
	return "", &itemError{"ambiguous_key", errAmbiguous(found)}
}

// errAmbiguous lists the sessions that a shortened key matches. No key is shown in full.
func errAmbiguous(found []row) error {
	n := visible
	for _, row := range found[1:] {
		n = max(n, commonLength(found[0].key, row.key)+1)
	}
	candidates := make([]string, 0, mostCandidates+1)
	for i, row := range found {
		if i == mostCandidates {
			candidates = append(candidates, fmt.Sprintf("and %d others", len(found)-i))
			break
		}
		key := printable(beginningOf(row.key, n))
		candidates = append(candidates, fmt.Sprintf("%s (expires %s)", key, shownDate(row.expires)))
	}
	//nolint:err113 // nothing but the text matters
	return fmt.Errorf("%d sessions have keys that begin like this: %s", len(found), strings.Join(candidates, ", "))
}

// commonLength returns the number of characters at the beginning of both texts.
func commonLength(a, b string) int {
	x, y := []rune(a), []rune(b)
	n := 0
	for n < len(x) && n < len(y) && x[n] == y[n] {
		n++
	}
	return n
}

// beginningOf returns n characters of a key, but at most half of it unless it is very
// short.
func beginningOf(key string, n int) string {
	if n = min(n, max(visible, utf8.RuneCountInString(key)/2)); len(key) <= n {
		return key
	}
	for i := range key {
		if n--; n < 0 {
			return key[:i] + shortened
		}
	}
	return key
}
