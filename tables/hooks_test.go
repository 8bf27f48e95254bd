package tables_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// A hook that looks for a row of the site's own must not make a session look deleted.
func TestErrorsOfHooksAreNoMissingSession(t *testing.T) {
	t.Parallel()
	for _, merge := range []bool{false, true} {
		var missing error
		site := newTestSite(t, settings(), tables.Options{Prepare: func(context.Context, *py.Dict) error { return missing }}, nil)
		site.use(t, djangosession.Options{MergeSaves: merge})
		s := site.sessions.New()
		if err := s.Save(t.Context()); err != nil {
			t.Fatal(err)
		}
		missing = fmt.Errorf("find the customer: %w", sql.ErrNoRows)
		for name, do := range map[string]func(context.Context) error{"Save": s.Save, "CycleKey": s.CycleKey, "Create": s.Create} {
			if err := do(t.Context()); !errors.Is(err, missing) || errors.Is(err, djangosession.ErrSessionGone) {
				t.Errorf("%s, merging %v: %v, want the hook's error", name, merge, err)
			}
		}
	}
}

// The pool may have no second connection.
func TestHooksOfWholeSavesMayQueryTheDatabase(t *testing.T) {
	t.Parallel()
	var db *sql.DB
	site := newTestSite(t, settings(), tables.Options{Prepare: func(ctx context.Context, _ *py.Dict) error {
		return db.PingContext(ctx)
	}}, nil)
	db = site.db
	db.SetMaxOpenConns(1)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	s := site.sessions.New()
	for name, save := range map[string]func(context.Context) error{"the first": s.Save, "another": s.Save} {
		if err := save(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A connection that stays in a transaction would keep its locks, and lose what is saved
// next.
func TestConnectionsLeaveTheTransactionAfterPanicsAndEndedContexts(t *testing.T) {
	t.Parallel()
	site := newTestSite(t, settings(), tables.Options{}, nil)
	site.db.SetMaxOpenConns(1)
	for name, change := range map[string]func(context.Context, string, func(*djangosession.Record) error) error{
		"Merge": site.engine.Merge, "Cycle": site.engine.Cycle,
	} {
		site.exec(t, "DELETE FROM django_session")
		s := site.sessions.New()
		if err := s.Save(t.Context()); err != nil {
			t.Fatal(err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			_ = change(t.Context(), s.Key(), func(*djangosession.Record) error { panic("a bug") })
		}()
		ctx, cancel := context.WithCancel(t.Context())
		err := change(ctx, s.Key(), func(r *djangosession.Record) error {
			cancel()
			if name == "Cycle" {
				r.Key = djangosession.NewKey()
			}
			return nil
		})
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want the context's error or none", name, err)
		}
		if n := site.db.Stats().InUse; n != 0 {
			t.Errorf("%s: %d connections are in use", name, n)
		}
		site.exec(t, "BEGIN IMMEDIATE") // fails in a transaction
		site.exec(t, "ROLLBACK")
		if n := site.count(t); n != 1 {
			t.Errorf("%s: %d rows", name, n)
		}
	}
}

// As on servers, the errors of an extra column have kinds. SQLite's texts name the column
// and do not quote the value.
func TestValuesThatAConstraintRefusesAreNamed(t *testing.T) {
	t.Parallel()
	o := tables.Options{}
	for _, name := range []string{"nick", "age", "team"} {
		o.ExtraColumns = append(o.ExtraColumns, tables.Column{Name: name, Value: tables.FromSession(name)})
	}
	site := newTestSite(t, settings(), o, []string{
		"PRAGMA foreign_keys = ON",
		"CREATE TABLE team (id integer PRIMARY KEY)",
		`CREATE TABLE django_session (session_key varchar(40) NOT NULL PRIMARY KEY, session_data text NOT NULL,
			expire_date datetime NOT NULL, nick text UNIQUE, age integer CHECK (age > 17),
			team integer REFERENCES team (id) DEFERRABLE INITIALLY DEFERRED)`,
	})
	site.db.SetMaxOpenConns(1) // the one with foreign keys
	save := func(values map[string]any) error {
		s := site.sessions.New()
		if err := s.Update(values); err != nil {
			t.Fatal(err)
		}
		return s.Save(t.Context())
	}
	if err := save(map[string]any{"nick": "ada", "age": 36}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		value any
		want  error
		text  string
	}{
		{name: "nick", value: "ada", want: tables.ErrTaken, text: "django_session.nick"},
		{name: "age", value: 16, want: tables.ErrValue, text: "age > 17"},
		{name: "team", value: 7, want: tables.ErrValue, text: "FOREIGN KEY"},
	} {
		if err := save(map[string]any{c.name: c.value}); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// asking is a server without rows that records queries.
type asking struct {
	script

	queries []string
}

func (a *asking) Connect(context.Context) (driver.Conn, error) { return a, nil }

func (a *asking) QueryContext(ctx context.Context, query string, values []driver.NamedValue) (driver.Rows, error) {
	if query == asksAutocommit {
		return a.script.QueryContext(ctx, query, values)
	}
	a.queries = append(a.queries, query)
	return &oneRow{}, nil
}

// A snapshot of the transaction would hide what others have written to the cache since.
func TestCacheInAHookReadsUnderLocks(t *testing.T) {
	t.Parallel()
	for _, dialect := range []tables.Dialect{tables.MySQL{}, tables.PostgreSQL{}} {
		server := &asking{}
		db := sql.OpenDB(server)
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		s := cacheSettings()
		s.SessionCache.Database = djangosession.Database{}
		c, err := tables.NewCache(db, s, tables.CacheOptions{Dialect: dialect, NoPreparedStatements: true})
		if err != nil {
			t.Fatal(err)
		}
		e, err := tables.New(db, settings(), tables.Options{Dialect: dialect, NoPreparedStatements: true})
		if err != nil {
			t.Fatal(err)
		}
		read := func(ctx context.Context, _ *djangosession.Record) error {
			if _, err := c.Get(ctx, hookedKey); !errors.Is(err, caches.ErrMiss) {
				return err
			}
			_, err := c.Exists(ctx, hookedKey)
			return err
		}
		if err := errors.Join(e.Locked(t.Context(), hookedKey, read), read(t.Context(), nil)); err != nil {
			t.Fatal(err)
		}
		locking := make([]bool, 0, len(server.queries))
		for _, query := range server.queries {
			locking = append(locking, strings.HasSuffix(query, " FOR UPDATE"))
		}
		if !slices.Equal(locking, []bool{true, false, true, false, false}) { // the row, and the second read
			t.Errorf("%T: %v of %q lock rows", dialect, locking, server.queries)
		}
	}
}
