package main

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/signedtime"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// row is a stored session.
type row struct {
	key     string
	expires time.Time // zero if it is unknown
	expired bool
	size    int // of the stored data in bytes; unknownSize if it is unknown
	decode  func() (*py.Dict, error)

	// Set by batches, which calls decode.
	user       string
	unreadable error
}

// unknownSize is the size of sessions that are in no database.
const unknownSize = -1

// countFor tells a progress that is shown how many sessions there are, if the store can
// count them.
func (s *store) countFor(ctx context.Context, p *progress) error {
	if p.w == nil || s.table == nil || s.user != "" {
		return nil
	}
	n, err := s.table.Count(ctx)
	p.total.Store(n)
	return err
}

// rows yields the stored sessions: all rows of a table, or the sessions of another store
// that have not expired.
func (s *store) rows(ctx context.Context) iter.Seq2[row, error] {
	if s.table != nil {
		return s.rowsOfTable(ctx)
	}
	return func(yield func(row, error) bool) {
		lister, ok := s.Engine.(djangosession.Lister)
		if !ok {
			yield(row{}, s.cannotList())
			return
		}
		for r, err := range lister.Records(ctx) {
			if errors.Is(err, djangosession.ErrNoList) {
				err = s.cannotList()
			}
			if err != nil {
				yield(row{}, err)
				return
			}
			found := row{key: r.Key, size: unknownSize, decode: func() (*py.Dict, error) { return r.Data, r.Err }}
			if !r.ExpireDate.Time.IsZero() {
				found.expires = r.ExpireDate.Time
			}
			if !yield(found, nil) {
				return
			}
		}
	}
}

// rowsOfTable yields rows from s.from, except those signed before s.since.
func (s *store) rowsOfTable(ctx context.Context) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		for r, err := range s.table.RowsFrom(ctx, tables.RowRange{From: s.from, User: s.user}) {
			if err != nil {
				yield(row{}, err)
				return
			}
			if signed := signedtime.Of(r.Data); !signed.IsZero() && signed.Before(s.since) {
				continue
			}
			found := row{
				key: r.Key, expires: r.ExpireDate, expired: r.Expired, size: len(r.Data),
				decode: func() (*py.Dict, error) { return s.table.Codec().Decode(r.Data) },
			}
			if !yield(found, nil) {
				return
			}
		}
	}
}
