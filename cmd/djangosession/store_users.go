package main

import (
	"context"
	"iter"

	"github.com/djangobridge/djangobridge/internal/batch"
)

// batches yields the stored sessions in batches. If users is set, all cores decode the
// sessions to find their users. An error comes with the sessions before it, and ends the
// sequence.
func (s *store) batches(ctx context.Context, users bool) iter.Seq2[[]row, error] {
	if !users {
		return batchesOf(s.rows(ctx))
	}
	return batch.Process(ctx, batch.Workers(), func(ctx context.Context) iter.Seq2[[]row, error] {
		return batchesOf(s.rows(ctx))
	}, findUser)
}

func batchesOf(rows iter.Seq2[row, error]) iter.Seq2[[]row, error] {
	return batch.Of(rows, batch.Most, func(r *row) int { return r.size })
}

// findUser decodes a session. Its data is not needed any more.
func findUser(_ context.Context, r *row) {
	d, err := r.decode()
	r.decode = nil
	if err != nil {
		r.unreadable = err
		return
	}
	r.user = userID(d)
}
