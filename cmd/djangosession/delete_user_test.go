package main

import (
	"context"
	"errors"
	"iter"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
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
