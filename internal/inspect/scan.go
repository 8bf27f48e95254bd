package inspect

import (
	"context"
	"iter"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/uuidtext"
	"github.com/djangobridge/djangobridge/tables"
)

// scan searches the whole store for the sessions of a user.
func (h *Handler) scan(ctx context.Context, j *job, id string) error {
	for r, err := range h.everything(ctx) {
		if err != nil {
			return err
		}
		j.advance(1)
		if sameUser(r.user, id) {
			j.keep(r)
		}
	}
	return nil
}

func sameUser(a, b string) bool { return a == b || a != "" && uuidtext.Same(a, b) }

// everything yields all sessions. Large ones are read one at a time.
func (h *Handler) everything(ctx context.Context) iter.Seq2[row, error] {
	if h.site.Table != nil {
		return h.wholeTable(ctx)
	}
	return func(yield func(row, error) bool) {
		lister, ok := h.site.Engine.(djangosession.Lister)
		if !ok {
			yield(row{}, djangosession.ErrNoList)
			return
		}
		for record, err := range lister.Records(ctx) {
			if err != nil {
				yield(row{}, err)
				return
			}
			if !yield(h.ofRecord(record), nil) {
				return
			}
		}
	}
}

func (h *Handler) wholeTable(ctx context.Context) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		in := tables.RowRange{Limit: chunk, MaxData: maxListed}
		for {
			found, err := h.site.Table.RowsIn(ctx, in)
			if err != nil {
				yield(row{}, err)
				return
			}
			for i := range found {
				r, err := h.userOfRow(ctx, &found[i])
				if !yield(r, err) || err != nil {
					return
				}
			}
			if len(found) < chunk {
				return
			}
			in.From, in.After = found[len(found)-1].Key, true
		}
	}
}

// userOfRow describes a row without its signature, which takes longer.
func (h *Handler) userOfRow(ctx context.Context, t *tables.Row) (row, error) {
	r := row{key: t.Key, size: t.Size, expires: t.ExpireDate, expired: t.Expired}
	switch {
	case t.Size > maxShown:
		r.reason = tooLarge
		return r, nil
	case t.Size > maxListed:
		whole, err := h.tableRow(ctx, t.Key)
		if err != nil || whole == nil { // deleted in the meantime
			r.reason = tooLarge
			return r, err
		}
		t = whole
	}
	r.decoded(h.site.Codec.Decode(t.Data))
	return r, nil
}
