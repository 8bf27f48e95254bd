package djangosession

import (
	"context"
	"errors"
	"iter"
)

// ErrReadOnly reports an attempt to write a session through a read-only manager.
var ErrReadOnly = errors.New("djangosession: sessions are read-only (Options.ReadOnly)")

// ReadOnly reports whether the session cannot be stored because its manager is read-only.
func (s *Session) ReadOnly() bool { return s.manager.ReadOnly() }

// readOnly is an engine that refuses to write.
type readOnly struct{ Engine }

func (readOnly) Create(context.Context, *Record) error { return ErrReadOnly }

func (readOnly) Save(context.Context, *Record) error { return ErrReadOnly }

func (readOnly) Delete(context.Context, string) error { return ErrReadOnly }

func (readOnly) Cycle(context.Context, string, func(*Record) error) error { return ErrReadOnly }

func (readOnly) ClearExpired(context.Context, ClearOptions) (int64, error) { return 0, ErrReadOnly }

func (readOnly) Merge(context.Context, string, func(*Record) error) error { return ErrReadOnly }

// Records implements [Lister] if the engine does.
func (r readOnly) Records(ctx context.Context) iter.Seq2[*Record, error] {
	if lister, ok := r.Engine.(Lister); ok {
		return lister.Records(ctx)
	}
	return func(yield func(*Record, error) bool) { yield(nil, ErrNoList) }
}

// RecordsOfUser implements [UserLister] if the engine does.
func (r readOnly) RecordsOfUser(ctx context.Context, id string) iter.Seq2[*Record, error] {
	if lister, ok := r.Engine.(Lister); ok {
		return recordsOfUser(ctx, lister, id)
	}
	return r.Records(ctx)
}
