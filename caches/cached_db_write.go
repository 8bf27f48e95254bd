package caches

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// Create implements [djangosession.Engine].
func (e *CachedDB) Create(ctx context.Context, r *djangosession.Record) error {
	at, err := e.cache.keys.of(r.Key)
	if err != nil {
		return err
	}
	w := &cacheWrite{e: e, at: at, isNew: true}
	return w.settle(ctx, r.Key, e.db.CreateWith(ctx, r, w.put))
}

// Save implements [djangosession.Engine].
func (e *CachedDB) Save(ctx context.Context, r *djangosession.Record) error {
	at, err := e.cache.keys.of(r.Key)
	if err != nil {
		return djangosession.ErrSessionGone
	}
	w := &cacheWrite{e: e, at: at}
	return w.settle(ctx, r.Key, e.db.SaveWith(ctx, r, w.put))
}

// Merge implements [djangosession.Merger]. It starts from the row, which is never older
// than the copy in the cache.
func (e *CachedDB) Merge(ctx context.Context, key string, change func(*djangosession.Record) error) error {
	at, err := e.cache.keys.of(key)
	if err != nil {
		return djangosession.ErrSessionGone
	}
	w := &cacheWrite{e: e, at: at}
	return w.settle(ctx, key, e.db.MergeWith(ctx, key, change, w.put))
}

// Cycle implements [djangosession.Engine].
func (e *CachedDB) Cycle(ctx context.Context, old string, change func(*djangosession.Record) error) error {
	from, err := e.cache.keys.of(old)
	if err != nil {
		return djangosession.ErrSessionGone
	}
	w := &cacheWrite{e: e, from: from, isNew: true}
	err = e.db.CycleWith(ctx, old, func(r *djangosession.Record) error {
		if err := change(r); err != nil {
			return err
		}
		var err error
		w.at, err = e.cache.keys.of(r.Key)
		return err
	}, w.put)
	if err != nil {
		return w.settle(ctx, old, err)
	}
	// A Load may have added the old session again before the row was gone.
	ctx, cancel := settling(ctx)
	defer cancel()
	if err := e.cache.cache.Delete(ctx, from); err != nil {
		e.report(ctx, fmt.Errorf("caches: change session key: removing the old copy: %w", err))
	}
	return nil
}

// A cacheWrite is the part of a write to the database that writes the cache.
type cacheWrite struct {
	e     *CachedDB
	at    string // the key in the cache
	from  string // the old key in the cache, of a session that gets a new one
	isNew bool   // at has no copy yet
	begun bool   // the cache may have been changed
}

// put is the hook. It stores the session in the cache.
func (w *cacheWrite) put(ctx context.Context, r *djangosession.Record) error {
	err := w.try(ctx, r)
	if err != nil && isRefusal(err) {
		return fmt.Errorf("caches: save session: %w", err)
	}
	w.begun = true
	if err != nil {
		return fmt.Errorf("caches: save session: %w", err)
	}
	return nil
}

func (w *cacheWrite) try(ctx context.Context, r *djangosession.Record) error {
	c, left := w.e.cache.cache, w.e.left(r)
	if w.isNew {
		var old *Item
		if w.from != "" {
			var err error
			if old, err = w.read(ctx, w.from); err != nil {
				return err
			}
		}
		if err := c.Set(ctx, w.at, w.e.typed(r.Data, old), left); err != nil || w.from == "" {
			return err
		}
		w.begun = true
		return c.Delete(ctx, w.from)
	}
	// A Swap whose answer is lost cannot take effect after a later write, but a Set can.
	for wait := time.Duration(0); ; wait = longer(wait) {
		old, err := w.read(ctx, w.at)
		switch {
		case err != nil:
			return err
		case old == nil:
			err = c.Add(ctx, w.at, w.e.typed(r.Data, nil), left)
		default:
			err = c.Swap(ctx, w.at, old, w.e.typed(r.Data, old), left)
		}
		if !isConflict(err) && !errors.Is(err, ErrExists) {
			return err
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

// read returns the copy under a key of the cache; nil if it has no copy.
func (w *cacheWrite) read(ctx context.Context, at string) (*Item, error) {
	item, err := w.e.cache.cache.Get(ctx, at)
	switch {
	case errors.Is(err, ErrMiss):
		return nil, nil //nolint:nilnil // the cache has no copy
	case errors.Is(err, djangosession.ErrUnknownFormat) && item != nil:
		return &Item{Version: item.Version}, nil // the row has what it should be
	}
	return item, err
}

// left is how long the copy of a session may live: not longer than its row, although a
// lock may have delayed it.
func (e *CachedDB) left(r *djangosession.Record) time.Duration {
	left := r.ExpireDate.In(e.location).Sub(e.cache.now())
	if r.ExpireAge-left < time.Second {
		return r.ExpireAge
	}
	return left
}

// settle returns the error of the database. If the cache may contain what the database
// does not, settle removes the copy: while the row is locked, so that no Load adds an old
// one before the outcome of the transaction is known.
func (w *cacheWrite) settle(ctx context.Context, key string, err error) error {
	if err == nil {
		return nil
	}
	if !w.begun {
		w.removeOrphan(ctx, err)
		return err
	}
	remove := func(ctx context.Context) error {
		failed := w.e.cache.cache.Delete(ctx, w.at)
		if w.from != "" {
			failed = errors.Join(failed, w.e.cache.cache.Delete(ctx, w.from))
		}
		return failed
	}
	locking, cancel := settling(ctx)
	defer cancel()
	failed := w.e.db.Locked(locking, key, func(ctx context.Context, _ *djangosession.Record) error { return remove(ctx) })
	if failed != nil { // perhaps because its time is over
		unlocked, cancel := settling(ctx)
		defer cancel()
		failed = remove(unlocked)
	}
	if failed != nil {
		return fmt.Errorf("%w; the copy in the cache could not be removed: %w", err, failed)
	}
	return err
}

// removeOrphan removes the copy of a session whose row is gone, which would be loaded until
// it expires: somebody has deleted the row without the copy.
func (w *cacheWrite) removeOrphan(ctx context.Context, err error) {
	at := cmp.Or(w.from, w.at)
	if !errors.Is(err, djangosession.ErrSessionGone) || at == "" {
		return
	}
	ctx, cancel := settling(ctx)
	defer cancel()
	if err := w.e.cache.cache.Delete(ctx, at); err != nil {
		w.e.report(ctx, fmt.Errorf("caches: removing the copy of a deleted session: %w", err))
	}
}
