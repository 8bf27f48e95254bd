package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/tables"
)

// stuckDatabase is a connector of a database that answers no query before its context
// ends.
type stuckDatabase struct {
	driver.Conn

	asked chan struct{} // receives a value for each query
}

func (d stuckDatabase) Connect(context.Context) (driver.Conn, error) { return d, nil }
func (stuckDatabase) Driver() driver.Driver                          { return nil }
func (stuckDatabase) Close() error                                   { return nil }

// QueryContext implements [driver.QueryerContext].
//
//nolint:unparam // it never has an answer
func (d stuckDatabase) QueryContext(ctx context.Context, _ string, _ []driver.NamedValue) (driver.Rows, error) {
	d.asked <- struct{}{}
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestRotateInterruptedAfterReadingNamesNoStep has workers that still work when all
// sessions were read.
func TestRotateInterruptedAfterReadingNamesNoStep(t *testing.T) {
	t.Parallel()
	s := newRotatingSite(t, newKey, oldKey)
	s.add(oldKey, 30*day, -day, nil)
	s.add(newKey, hour, day, s.login(oldKey))
	c := &rotateCommand{siteSource: siteSource{Settings: s.file, Database: s.database}}
	site, err := c.open(djangobridge.Options{}, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(site.close)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		stuck := stuckDatabase{asked: make(chan struct{}, 1)}
		db := sql.OpenDB(stuck)
		t.Cleanup(func() { _ = db.Close() })
		users, err := tables.NewUsers(db, site.Settings, tables.UserOptions{Dialect: tables.SQLite{}, ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		site.Users = users
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			<-stuck.asked
			cancel(interruption{signal})
		}()
		to := &tool{
			stdout: new(strings.Builder), stderr: new(strings.Builder), ended: func() error { return context.Cause(ctx) },
		}
		r, err := c.count(ctx, to, site)
		if r != nil || !errors.Is(err, interruption{signal}) {
			t.Errorf("%v: counted %+v, %v", signal, r, err)
		}
		if status := to.report(err); status != 128+int(signal) {
			t.Errorf("%v: status %d", signal, status)
		}
	}
}
