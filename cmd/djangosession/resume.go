package main

import "strings"

// resumeFlags are those of commands that go through all sessions, and can continue a run
// that was stopped.
type resumeFlags struct {
	From string `help:"Begin at the session whose key begins like this, to continue a run that was stopped." placeholder:"KEY"`
}

// begin sets where the rows of a store begin.
func (f *resumeFlags) begin(db *store) error {
	if f.From == "" {
		return nil
	}
	if db.table == nil {
		return usagef("--from is only for sessions in a database, because others have no order")
	}
	db.from = strings.TrimSuffix(f.From, shortened)
	return nil
}

// suggest says how to continue at a row. Only the beginning of its key is shown, so rows
// with the same beginning come again. A key that is not printable has no such place.
func (*resumeFlags) suggest(t *tool, db *store, key string) {
	if db.table != nil && key != "" && printable(key) == key {
		t.notef("to continue, repeat the command with --from %s", shellQuote(shownKey(key, false)))
	}
}
