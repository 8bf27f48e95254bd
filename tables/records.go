package tables

import (
	"context"
	"fmt"
	"iter"

	"github.com/djangobridge/djangobridge/djangosession"
)

// Records implements [djangosession.Lister]: the unexpired rows of [Engine.Rows],
// decoded.
func (e *Engine) Records(ctx context.Context) iter.Seq2[*djangosession.Record, error] {
	return e.recordsOf(ctx, "")
}

// RecordsOfUser implements [djangosession.UserLister]: those of [Engine.Records] in whose
// rows Options.UserColumn is the user's id or NULL. Without that option, these are all.
func (e *Engine) RecordsOfUser(ctx context.Context, id string) iter.Seq2[*djangosession.Record, error] {
	return e.recordsOf(ctx, id)
}

func (e *Engine) recordsOf(ctx context.Context, user string) iter.Seq2[*djangosession.Record, error] {
	return func(yield func(*djangosession.Record, error) bool) {
		for row, err := range e.RowsFrom(ctx, RowRange{User: user}) {
			if err != nil {
				yield(nil, err)
				return
			}
			if row.Expired {
				continue
			}
			r := &djangosession.Record{Key: row.Key, ExpireDate: row.date}
			if r.Data, err = e.codec.Decode(row.Data); err != nil {
				r.Data, r.Err = nil, fmt.Errorf("tables: list sessions: %w", err)
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}
