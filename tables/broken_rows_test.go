package tables_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/tables"
)

// breaking is a server whose connection breaks after one row of a response.
type breaking struct{}

func (b breaking) Connect(context.Context) (driver.Conn, error) { return b, nil }
func (breaking) Driver() driver.Driver                          { return nil }
func (breaking) Prepare(string) (driver.Stmt, error)            { return nil, errors.ErrUnsupported }

func (breaking) Begin() (driver.Tx, error) { return nil, errors.ErrUnsupported }
func (breaking) Close() error              { return nil }

func (breaking) QueryContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Rows, error) {
	columns := 1 // of groups
	if strings.Contains(query, "codename") {
		columns = 2
	} else if strings.Contains(query, "session_data") {
		columns = 4
	}
	return &brokenRows{columns: make([]string, columns)}, nil
}

// brokenRows has one row of texts.
type brokenRows struct {
	columns []string
	read    int
}

func (r *brokenRows) Columns() []string { return r.columns }
func (*brokenRows) Close() error        { return nil }

func (r *brokenRows) Next(values []driver.Value) error {
	if r.read++; r.read > 1 {
		return io.ErrUnexpectedEOF
	}
	for i := range values {
		values[i] = "1"
	}
	return nil
}

// Taking the rows before the break for all rows would lose groups and permissions, and
// hide sessions from a listing.
func TestAnswersThatBreakOffAreErrors(t *testing.T) {
	t.Parallel()
	for _, dialect := range []tables.Dialect{tables.MySQL{}, tables.PostgreSQL{}} {
		db := sql.OpenDB(breaking{})
		users, err := tables.NewUsers(db, settings(), tables.UserOptions{Model: "auth.User", Dialect: dialect})
		if err != nil {
			t.Fatal(err)
		}
		e, err := tables.New(db, settings(), tables.Options{Dialect: dialect, LockWait: -1})
		if err != nil {
			t.Fatal(err)
		}
		u := &auth.User{ID: "1"}
		groups, groupsErr := users.Groups(t.Context(), u)
		permissions, permissionsErr := users.Permissions(t.Context(), u)
		for name, err := range map[string]error{"Groups": groupsErr, "Permissions": permissionsErr} {
			if !errors.Is(err, tables.ErrUnavailable) {
				t.Errorf("%s: %v, %v; error %v", name, groups, permissions, err)
			}
		}
		var last error
		for _, err := range e.Rows(t.Context()) {
			last = err
		}
		if !errors.Is(last, tables.ErrUnavailable) {
			t.Errorf("Rows: error %v", last)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestColumnErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   tables.ColumnError
		words []string
		never string
	}{
		"missing": {err: tables.ColumnError{Column: "region", Missing: true}, words: []string{`has no column "region"`}, never: "ExtraColumns"},
		"filled": {
			err:   tables.ColumnError{Column: "region", Filled: true},
			words: []string{`may fill the column "region"`, "create_model_instance", "Options.ExtraColumns"}, never: "no default",
		},
		"empty": {
			err:   tables.ColumnError{Column: "region"},
			words: []string{`column "region" must not be empty`, "no default", "Options.ExtraColumns"}, never: "create_model_instance",
		},
	} {
		text := c.err.Error()
		for _, words := range c.words {
			if !strings.Contains(text, words) {
				t.Errorf("%s: %q does not say %q", name, text, words)
			}
		}
		if strings.Contains(text, c.never) || !errors.Is(&c.err, tables.ErrColumn) || errors.Is(&c.err, tables.ErrNoTable) ||
			errors.Is(&c.err, djangosession.ErrNoSession) {
			t.Errorf("%s: %q", name, text)
		}
	}
}
