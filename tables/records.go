package tables

import (
	"context"
	"fmt"
	"iter"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/batch"
)

// Records implements [djangosession.Lister]: the unexpired rows of [Engine.Rows], decoded
// on several cores. The order of the rows is kept.
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
		read := func(ctx context.Context) iter.Seq2[[]listed, error] {
			return batch.Of(e.unexpired(ctx, user), batch.Most, func(l *listed) int { return len(l.data) })
		}
		for all, err := range batch.Process(ctx, batch.Workers(), read, e.decodeListed) {
			for i := range all {
				if !yield(all[i].record, nil) {
					return
				}
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// listed is a session of Records.
type listed struct {
	record *djangosession.Record
	data   string // until it is decoded
}

// unexpired yields the sessions of recordsOf, not decoded.
func (e *Engine) unexpired(ctx context.Context, user string) iter.Seq2[listed, error] {
	return func(yield func(listed, error) bool) {
		for row, err := range e.RowsFrom(ctx, RowRange{User: user}) {
			if err != nil {
				yield(listed{}, err)
				return
			}
			if row.Expired {
				continue
			}
			l := listed{data: row.Data, record: &djangosession.Record{Key: row.Key, ExpireDate: row.date}}
			if !yield(l, nil) {
				return
			}
		}
	}
}

func (e *Engine) decodeListed(_ context.Context, l *listed) {
	d, err := e.codec.Decode(l.data)
	if err != nil {
		d, l.record.Err = nil, fmt.Errorf("tables: list sessions: %w", err)
	}
	l.record.Data, l.data = d, ""
}
