package main

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// row is a stored session.
type row struct {
	key     string
	expires time.Time // zero if it is unknown
	expired bool
	size    *int // of the stored data in bytes; nil if it is unknown
	decode  func() (*py.Dict, error)

	// Set by rowsWithUsers, which calls decode.
	user       string
	unreadable error
}

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
			found := row{key: r.Key, decode: func() (*py.Dict, error) { return r.Data, r.Err }}
			if !r.ExpireDate.Time.IsZero() {
				found.expires = r.ExpireDate.Time
			}
			if !yield(found, nil) {
				return
			}
		}
	}
}

const (
	// pageBytes is how much data a page of rows is meant to have.
	pageBytes = 512 << 10
	// mostRows is how many rows a page has at most, however small they are.
	mostRows = 2000
)

// rowsOfTable yields rows from s.from. Pages of small rows are long, because each page is
// a query.
func (s *store) rowsOfTable(ctx context.Context) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		for r := (tables.RowRange{From: s.from, Limit: batchSessions, User: s.user}); ; {
			page, err := s.table.RowsIn(ctx, r)
			if err != nil {
				yield(row{}, err)
				return
			}
			bytes := 0
			for _, r := range page {
				size := len(r.Data)
				bytes += size
				found := row{
					key: r.Key, expires: r.ExpireDate, expired: r.Expired, size: &size,
					decode: func() (*py.Dict, error) { return s.table.Codec().Decode(r.Data) },
				}
				if !yield(found, nil) {
					return
				}
			}
			if len(page) < r.Limit {
				return
			}
			r.From, r.After = page[len(page)-1].Key, true
			r.Limit = min(max(pageBytes*len(page)/(bytes+1), 1), mostRows)
		}
	}
}
