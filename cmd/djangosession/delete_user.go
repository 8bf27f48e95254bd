package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/amount"
	"github.com/djangobridge/djangobridge/internal/signedtime"
)

// maxPasses is the maximum number of passes of sessions delete --user.
const maxPasses = 5

var errLoggedInAgain = errors.New("sessions of the user kept appearing: change the password or deactivate the user first, " +
	"then repeat the command")

// userDeletion deletes the sessions of a user.
type userDeletion struct {
	*deleteCommand
	t        *tool
	db       *store
	id       string
	progress *progress

	deleted    int64  // in all passes
	at         string // the key that the present pass has reached
	unreadable tally  // of the first pass
}

func (c *deleteCommand) deleteOfUser(t *tool, db *store, s djangosession.Settings, user userChoice) error {
	ctx, cancel := t.interruptible()
	defer cancel()
	id, err := user.find(ctx, t, db, s, &c.databaseFlags)
	if err != nil {
		return err
	}
	if err := user.selectRows(db, id); err != nil {
		return err
	}
	d := &userDeletion{deleteCommand: c, t: t, db: db, id: id, progress: t.progress(c.Progress), unreadable: newTally()}
	defer d.progress.done()
	if err := db.countFor(ctx, d.progress); err != nil {
		return err
	}
	err = d.passes(ctx)
	d.progress.done()
	if err != nil && !errors.Is(err, errLoggedInAgain) {
		c.suggest(t, db, d.at)
		return c.stopped(t, d.deleted, err)
	}
	if printed := c.print(t, d.deleted); printed != nil {
		return printed
	}
	switch {
	case d.deleted > 0:
	case len(d.unreadable) == 0:
		t.notef("user %s has no sessions", printable(id))
	default:
		t.notef("user %s has no sessions among those that can be read", printable(id))
	}
	if failed := d.unreadable.report(t); err == nil {
		return failed
	}
	return err
}

// passes goes through the store until a pass after the first finds nothing, because a pass
// misses sessions that get another key while it runs, as does LogoutEverywhere of package
// auth. Only the first pass begins at --from. The others skip what was signed long before:
// a session that gets another key is signed again.
func (d *userDeletion) passes(ctx context.Context) error {
	began := time.Now()
	for pass := 1; ; pass++ {
		n, err := d.pass(ctx, pass)
		d.deleted += n
		switch {
		case err != nil || d.DryRun || n == 0 && pass > 1:
			return err
		case pass == maxPasses:
			return errLoggedInAgain
		}
		d.db.from, d.db.since = "", began.Add(-signedtime.Tolerance)
		d.progress.total.Store(0) // it is not known how many rows are skipped
	}
}

// pass goes through the store once. It returns the number of deleted sessions.
func (d *userDeletion) pass(ctx context.Context, pass int) (n int64, err error) {
	d.progress.start = time.Now()
	of := ""
	if pass > 1 {
		of = fmt.Sprintf("pass %d: ", pass)
	}
	var read int64
	show := func() {
		d.progress.showf(read, "%s%s read, %d of user %s", of, amount.Of(read, "session"), d.deleted+n, printable(d.id))
	}
	for rows, err := range d.db.batches(ctx, true) {
		for i := range rows {
			row := &rows[i]
			d.at = row.key
			read++
			switch {
			case row.unreadable != nil && pass == 1:
				d.unreadable.add(reasonOf(row.unreadable))
			case sameUser(row.user, d.id):
				if err := d.delete(ctx, d.db, row.key); err != nil {
					return n, err
				}
				n++
				show()
			}
		}
		if err != nil {
			return n, err
		}
		show()
	}
	return n, nil
}
