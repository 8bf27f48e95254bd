package djangosession

import (
	"context"
	"errors"
	"iter"
)

// A Lister is an [Engine] that can go through all that it keeps.
type Lister interface {
	Engine
	// Records yields every session that has not expired, until an error, which comes last. Data that does not decode is nil,
	// with the reason in Err. Sessions that come or go meanwhile may be among them or not. The loop's body may use the engine.
	Records(ctx context.Context) iter.Seq2[*Record, error]
}

// ErrNoList says that the engine is no [Lister].
var ErrNoList = errors.New("djangosession: the engine cannot list its sessions")

// Records yields every stored session that has not expired, in no order to rely on, until an error, which comes last: the
// engine's, or [ErrNoList]. Data that does not decode is nil, with the reason in Err; see [ErrOutdatedSettings].
func (m *Manager) Records(ctx context.Context) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		lister, ok := m.engine.(Lister)
		if !ok {
			yield(nil, ErrNoList)
			return
		}
		for r, err := range lister.Records(ctx) {
			if r != nil {
				if outdated := m.outdated(r.Err); outdated != nil {
					r.Err = outdated
				}
			}
			if !yield(r, err) {
				return
			}
		}
	}
}
