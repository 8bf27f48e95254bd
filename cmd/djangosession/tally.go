package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/djangobridge/djangobridge/internal/amount"
	"github.com/djangobridge/djangobridge/signing"
)

// tally counts sessions that do not decode, by reason.
type tally map[string]int64

func newTally() tally { return tally{} }

func (c tally) add(reason string) { c[reason]++ }

// report prints how many sessions did not decode. The error is errSomeFailed if there are
// any.
func (c tally) report(t *tool) error {
	var total int64
	parts := make([]string, 0, len(c))
	for _, reason := range slices.Sorted(maps.Keys(c)) {
		total += c[reason]
		parts = append(parts, reason)
	}
	if total == 0 {
		return nil
	}
	hint := ""
	if c[string(signing.BadSignature)] > 0 {
		hint = "; check SECRET_KEY and the session store, for example with \"djangosession explain\""
	}
	t.complainf("%s not read: %s%s", amount.Of(total, "session"), strings.Join(parts, ", "), hint)
	return errSomeFailed
}
