package caches

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/batch"
)

// listedTogether is how many sessions one worker of Records loads. It is small because the
// loop waits for the first batch.
const listedTogether = 16

// Records implements [djangosession.Lister]. It loads several sessions at once, and keeps
// the order of the cache's keys. The error is [djangosession.ErrNoList] if the cache is
// not a [Lister], or if KEY_FUNCTION hides the session keys.
func (e *Engine) Records(ctx context.Context) iter.Seq2[*djangosession.Record, error] {
	return func(yield func(*djangosession.Record, error) bool) {
		lister, ok := e.cache.(Lister)
		before, after, open := e.keys.frame()
		if !ok || !open {
			yield(nil, djangosession.ErrNoList)
			return
		}
		read := func(ctx context.Context) iter.Seq2[[]listed, error] {
			keys := e.sessionKeys(lister.Keys(ctx, before), before, after)
			return batch.Of(keys, listedTogether, func(*listed) int { return 0 })
		}
		workers := max(batch.Workers(), 2) // which wait for the cache
		for all, err := range batch.Process(ctx, workers, read, e.loadListed) {
			for _, l := range all {
				switch {
				case l.err != nil:
					yield(nil, l.err)
					return
				case l.record != nil && !yield(l.record, nil):
					return
				}
			}
			if err != nil {
				yield(nil, fmt.Errorf("caches: list sessions: %w", err))
				return
			}
		}
	}
}

// listed is a session of Records.
type listed struct {
	key    string
	record *djangosession.Record // nil if it does not exist any more
	err    error                 // ends the list
}

// sessionKeys yields the session keys among the keys of a cache.
func (e *Engine) sessionKeys(keys iter.Seq2[string, error], before, after string) iter.Seq2[listed, error] {
	return func(yield func(listed, error) bool) {
		for at, err := range keys {
			if err != nil {
				yield(listed{}, err)
				return
			}
			if key, ok := e.keys.session(at, before, after); ok && !yield(listed{key: key}, nil) {
				return
			}
		}
	}
}

func (e *Engine) loadListed(ctx context.Context, l *listed) {
	r, err := e.Load(ctx, l.key)
	switch {
	case errors.Is(err, djangosession.ErrNoSession):
	case isUnreadable(err):
		l.record = &djangosession.Record{Key: l.key, Err: err}
	case err != nil:
		l.err = err
	default:
		l.record = r
	}
}
