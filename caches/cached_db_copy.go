package caches

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// copyTimeout limits how long a Load waits for the lock of a row to copy it to the cache.
// Other writers, such as a request of Django with ATOMIC_REQUESTS, may keep it for long.
const copyTimeout = time.Second

// copyBack adds a session that was read from the database to the cache, and returns what
// the row contains when it does. The row is locked in the meantime: a logout comes
// before, and then there is no copy, or after, and then it removes the copy.
func (e *CachedDB) copyBack(ctx context.Context, at string, r *djangosession.Record) (*djangosession.Record, error) {
	w, gone := &cacheWrite{e: e, at: at}, false
	limited, cancel := context.WithTimeout(ctx, copyTimeout)
	defer cancel()
	err := e.db.Locked(limited, r.Key, func(ctx context.Context, stored *djangosession.Record) error {
		if w.begun { // the last transaction has failed, and was not locked to its end
			if err := e.cache.cache.Delete(ctx, at); err != nil {
				return err
			}
		}
		var left time.Duration
		if stored != nil {
			left = stored.ExpireDate.In(e.location).Sub(e.cache.now())
		}
		gone = left <= 0
		if !gone && stored.Err == nil {
			r = stored
			return w.add(ctx, stored, left.Truncate(time.Second)) // as Django does
		}
		return nil
	})
	if err = w.settle(ctx, r.Key, err); err != nil && (w.begun || ctx.Err() == nil) {
		e.report(ctx, fmt.Errorf("caches: load session: copy it to the cache: %w", err))
	}
	if gone {
		return nil, djangosession.ErrNoSession
	}
	return r, nil
}

// add stores the copy of a session unless there is one.
func (w *cacheWrite) add(ctx context.Context, r *djangosession.Record, left time.Duration) error {
	err := w.e.cache.cache.Add(ctx, w.at, r.Data, left)
	switch {
	case errors.Is(err, ErrExists):
		return nil
	case err == nil, !isRefusal(err):
		w.begun = true
	}
	return err
}
