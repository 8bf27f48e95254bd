package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/wtf8"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/tagged"
)

type showCommand struct {
	databaseFlags
	JSON bool `help:"Print a JSON object for each key."`

	Keys []string `arg:"" help:"Session keys, from the cookie or as sessions list prints them." name:"key" optional:""`
}

// Help is what sessions show --help adds.
func (*showCommand) Help() string {
	return `Prints the values of each session in the format of "decode". Keys are the arguments, or the lines of standard input,
where the process list does not show them. A shortened key, such as 0gmsponz..., must match exactly one session. With --json the
output is {"expire_date":"...","session":{...}} or {"error":{...}} for each key. Reasons are those of "decode", no_session
and ambiguous_key. A store that does not say when a session expires gives no expire_date. The key of a session of
signed_cookies is the value of the cookie.
` + databaseHelp + `

Examples:

    djangosession sessions show db.sqlite3 9e0i9rj14vhlqbcnxhpv7zxyyzlsmlip
    djangosession sessions show --json db.sqlite3 < key.txt | jq .session.cart`
}

var (
	errNoSession = &itemError{"no_session", errors.New("there is no session with this key")}
	errExpired   = &itemError{"no_session", errors.New("the session with this key has expired")}
)

// Run is the command.
func (c *showCommand) Run(t *tool) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	ctx := context.Background()
	db, err := c.open(ctx, t, s, use{keys: &c.Keys})
	if err != nil {
		return err
	}
	defer db.close()

	failed, first := false, true
	for key, err := range t.items(c.Keys) {
		if err != nil {
			return err
		}
		record, err := load(ctx, db, key)
		if err != nil && !isAboutSession(err) {
			return err
		}
		failed = failed || err != nil
		switch {
		case c.JSON && err != nil:
			err = t.line(errorLine(err))
		case c.JSON:
			err = t.showJSON(record)
		case err != nil:
			t.complainf("%s", aboutSession(err))
			continue
		default:
			err = t.showTable(record, s, first)
			first = false
		}
		if err != nil {
			return err
		}
	}
	if failed {
		return errSomeFailed
	}
	return nil
}

// load returns the session of a key, which may be shortened. If no session is found, the
// error says whether one has expired.
func load(ctx context.Context, db *store, key string) (*djangosession.Record, error) {
	record, err := db.Load(ctx, key)
	switch {
	case errors.Is(err, djangosession.ErrStartOver):
		return nil, startOver(err)
	case !errors.Is(err, djangosession.ErrNoSession), db.name == signedCookiesEngine:
		return record, noSession(err)
	}
	found, err := db.find(ctx, key)
	if err != nil {
		return nil, err
	}
	record, err = db.Load(ctx, found)
	if errors.Is(err, djangosession.ErrNoSession) {
		return nil, errExpired
	}
	return record, err
}

// startOver returns the error for a session that Django replaces with a new one.
func startOver(err error) error {
	if refused, ok := errors.AsType[*djangosession.DecodeError](err); ok {
		return refused
	}
	return errExpired
}

// noSession returns the error for a key that no session has.
func noSession(err error) error {
	if errors.Is(err, djangosession.ErrNoSession) {
		return errNoSession
	}
	return err
}

// isAboutSession reports whether an error is about one session, and not about the whole
// database.
func isAboutSession(err error) bool {
	var item *itemError
	var refused *djangosession.DecodeError
	return errors.As(err, &item) || errors.As(err, &refused)
}

// aboutSession is the text of such an error.
func aboutSession(err error) string {
	if refused, ok := errors.AsType[*djangosession.DecodeError](err); ok {
		return "the session with this key does not decode: " + plain(refused)
	}
	return plain(err)
}

func (t *tool) showJSON(record *djangosession.Record) error {
	line, err := object("session", record.Data)
	if err != nil {
		return t.line(errorLine(err))
	}
	if record.ExpireDate.Time.IsZero() {
		return t.line(line)
	}
	expires := jsonLine(map[string]string{"expire_date": record.ExpireDate.ISOFormat()})
	return t.line(append(append(expires[:len(expires)-1], ','), line[1:]...))
}

func (t *tool) showTable(record *djangosession.Record, s djangosession.Settings, first bool) error {
	loc, err := s.Location()
	if err != nil {
		return err
	}
	if !first {
		if err := t.printf("\n"); err != nil {
			return err
		}
	}
	expires := "at a time that the store does not say"
	if !record.ExpireDate.Time.IsZero() {
		expires = shownDate(record.ExpireDate.In(loc))
	}
	if err := t.printf("Expires %s\n", expires); err != nil {
		return err
	}
	w := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
	for name, value := range record.Data.All() {
		text, err := tagged.Dumps(value)
		if err != nil {
			text = []byte("(" + plain(err) + ")")
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\n", shownName(name), text) // Flush returns the error
	}
	if record.Data.Len() == 0 {
		_, _ = fmt.Fprintln(w, "(no values)") // Flush returns the error
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

// shownName is the name of a value: the text itself if it is a text, which is almost
// always so.
func shownName(name any) string {
	if old, ok := name.(py.Str2); ok { // of Python 2
		if text, ok := old.Text(); ok {
			name = text
		}
	}
	if text, ok := name.(string); ok && wtf8.Valid(text) {
		return printable(text)
	}
	text, err := tagged.Dumps(name)
	if err != nil {
		return "?"
	}
	return string(text)
}
