package main

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/signedtime"
	"github.com/djangobridge/djangobridge/internal/sqlitedriver"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/signing"
	"github.com/djangobridge/djangobridge/tables"
)

// movingSession is a store with one session, whose key changes in each of the first passes
// so that they do not see it.
type movingSession struct {
	djangosession.Engine

	moves, passes int
	stored        bool
}

func (m *movingSession) Records(context.Context) iter.Seq2[*djangosession.Record, error] {
	return func(yield func(*djangosession.Record, error) bool) {
		if m.passes++; m.passes <= m.moves || !m.stored {
			return
		}
		d := py.NewDict(1)
		d.Set(userIDName, "42")
		yield(&djangosession.Record{Key: "key", Data: d}, nil)
	}
}

func (m *movingSession) Delete(context.Context, string) error {
	m.stored = false
	return nil
}

// againSession is a store in which the user logs in after each pass.
type againSession struct{ movingSession }

func (*againSession) Delete(context.Context, string) error { return nil }

func TestDeletionOfUserFindsSessionsWhoseKeysChange(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		engine  djangosession.Engine
		dryRun  bool
		deleted int64
		err     error
	}{
		"no change":         {engine: &movingSession{stored: true}, deleted: 1},
		"a change":          {engine: &movingSession{stored: true, moves: 1}, deleted: 1},
		"keeps logging in":  {engine: &againSession{movingSession{stored: true}}, deleted: 5, err: errLoggedInAgain},
		"nothing to delete": {engine: &movingSession{}},
		"dry run":           {engine: &againSession{movingSession{stored: true}}, dryRun: true, deleted: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := &tool{}
			d := &userDeletion{
				deleteCommand: &deleteCommand{DryRun: c.dryRun}, t: to, db: &store{Engine: c.engine}, id: "42", progress: &progress{},
			}
			if err := d.passes(t.Context()); !errors.Is(err, c.err) || d.deleted != c.deleted {
				t.Errorf("%d deleted, error %v; want %d, %v", d.deleted, err, c.deleted, c.err)
			}
		})
	}
}

// A later pass reads what was signed since the first began, and what has no time.
func TestLaterPassesSkipWhatWasSignedBefore(t *testing.T) {
	t.Parallel()
	db, err := sql.Open(sqlitedriver.Name, sqlitedriver.DataSource(demoDatabase(t), nil))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // a test
	now := time.Now()
	for key, data := range map[string]string{
		"new": "e30:" + signing.B62Encode(now.Unix()) + ":x", "old": "e30:" + signing.B62Encode(now.Add(-48*time.Hour).Unix()) + ":x",
		"timeless": "MWM4Njk0OWE2Y2I0Zjk6",
	} {
		if _, err := db.ExecContext(t.Context(), "INSERT INTO django_session VALUES (?, ?, '2099-01-01 00:00:00')", key, data); err != nil {
			t.Fatal(err)
		}
	}
	table, err := tables.New(db, djangosession.NewSettings("k"), tables.Options{Dialect: tables.SQLite{}})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for r, err := range (&store{Engine: table, table: table, since: now.Add(-signedtime.Tolerance)}).rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, r.key)
	}
	if want := []string{"new", "timeless"}; !slices.Equal(keys, want) {
		t.Errorf("read %q, want %q", keys, want)
	}
}
