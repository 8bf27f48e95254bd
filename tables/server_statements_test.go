package tables_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// script is a server that records the first words of each statement. Statements that
// begin with fails fail.
type script struct {
	statements []string
	fails      string
	closed     int
}

func (s *script) Connect(context.Context) (driver.Conn, error) { return s, nil }
func (*script) Driver() driver.Driver                          { return nil }
func (*script) Prepare(string) (driver.Stmt, error)            { return nil, errors.ErrUnsupported }
func (*script) Begin() (driver.Tx, error)                      { return nil, errors.ErrUnsupported }

func (s *script) Close() error {
	s.closed++
	return nil
}

func (s *script) ExecContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Result, error) {
	first, _, _ := strings.Cut(query, " \"")
	first, _, _ = strings.Cut(first, " `")
	s.statements = append(s.statements, first)
	if s.fails != "" && strings.HasPrefix(query, s.fails) {
		return nil, errQuoted
	}
	return driver.RowsAffected(1), nil
}

func (*script) QueryContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Rows, error) {
	if query != asksAutocommit {
		return nil, errors.ErrUnsupported
	}
	return &autocommitIsOn{}, nil
}

// A statement outside a transaction could take effect after later ones. A connection that
// remains in a transaction would keep its locks.
func TestServersGetWholeTransactions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		dialect  tables.Dialect
		fails    string
		want     []string
		isDelete bool
	}{
		{
			name: "MySQL", dialect: tables.MySQL{},
			want: []string{"START TRANSACTION", "UPDATE", "COMMIT AND NO CHAIN NO RELEASE"},
		},
		{
			name: "MySQL, delete", dialect: tables.MySQL{}, isDelete: true,
			want: []string{"DELETE FROM"}, // which does no harm when it comes late
		},
		{
			name: "MySQL, failing", dialect: tables.MySQL{}, fails: "UPDATE",
			want: []string{"START TRANSACTION", "UPDATE", "ROLLBACK AND NO CHAIN NO RELEASE"},
		},
		{
			name: "MySQL, no transaction", dialect: tables.MySQL{}, fails: "START",
			want: []string{"START TRANSACTION", "ROLLBACK AND NO CHAIN NO RELEASE"},
		},
		{
			name: "MySQL, failing commit", dialect: tables.MySQL{}, fails: "COMMIT",
			want: []string{"START TRANSACTION", "UPDATE", "COMMIT AND NO CHAIN NO RELEASE", "ROLLBACK AND NO CHAIN NO RELEASE"},
		},
		{
			name: "PostgreSQL", dialect: tables.PostgreSQL{},
			want: []string{"BEGIN ISOLATION LEVEL READ COMMITTED", "UPDATE", "COMMIT"},
		},
		{
			name: "PostgreSQL, delete", dialect: tables.PostgreSQL{}, isDelete: true,
			want: []string{"DELETE FROM"},
		},
		{
			name: "PostgreSQL, failing", dialect: tables.PostgreSQL{}, fails: "UPDATE",
			want: []string{"BEGIN ISOLATION LEVEL READ COMMITTED", "UPDATE", "ROLLBACK"},
		},
	} {
		s := &script{fails: c.fails}
		db := sql.OpenDB(s)
		e, err := tables.New(db, settings(), tables.Options{Dialect: c.dialect, LockWait: -1})
		if err != nil {
			t.Fatal(err)
		}
		sessions, err := djangosession.NewManager(e, settings(), djangosession.Options{})
		if err != nil {
			t.Fatal(err)
		}
		session := sessions.Open(key)
		session.Clear()
		write := session.Save
		if c.isDelete {
			write = session.DeleteStored
		}
		if err := write(t.Context()); (err == nil) != (c.fails == "") || c.fails != "" && !errors.Is(err, errQuoted) {
			t.Errorf("%s: error %v", c.name, err)
		}
		if !slices.Equal(s.statements, c.want) {
			t.Errorf("%s: statements %q, want %q", c.name, s.statements, c.want)
		}
		if s.closed != 0 {
			t.Errorf("%s: the connection was closed, though it confirms all", c.name)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// The server rolls back when the connection is closed.
func TestConnectionsThatDoNotRollBackAreClosed(t *testing.T) {
	t.Parallel()
	for _, dialect := range []tables.Dialect{tables.MySQL{}, tables.PostgreSQL{}} {
		s := &script{fails: "ROLLBACK"}
		db := sql.OpenDB(s)
		e, err := tables.New(db, settings(), tables.Options{Dialect: dialect, LockWait: -1})
		if err != nil {
			t.Fatal(err)
		}
		refused := errors.New("refused")
		err = e.Merge(t.Context(), key, func(*djangosession.Record) error { return refused })
		if err == nil || s.closed != 1 {
			t.Errorf("closed %d times, error %v", s.closed, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// The expected texts are those that Django stores.
func TestDatesAtTheEndsOfTheCalendarAreStored(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0001-01-01T00:00:00+00:00":        "0001-01-01 00:00:00",
		"9999-12-31T23:59:59.999999+00:00": "9999-12-31 23:59:59.999999",
	} {
		site := newTestSite(t, settings(), tables.Options{}, nil)
		s := site.sessions.New()
		s.Set(djangosession.ExpiryName, text)
		if err := s.Save(t.Context()); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := site.row(t, s.Key()).expire; got != want {
			t.Errorf("%s: stored %q, want %q", text, got, want)
		}
	}
}
