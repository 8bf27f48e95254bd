package caches

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// Merge implements [djangosession.Merger]: it reads the session, changes it, and stores
// it if nobody has changed it since; otherwise it starts again. After another error than
// the documented ones, the change may or may not be stored; merging it again is safe.
func (e *Engine) Merge(ctx context.Context, key string, change func(*djangosession.Record) error) error {
	const op = "merge session"
	at, err := e.keys.of(key)
	if err != nil {
		return djangosession.ErrSessionGone
	}
	return e.untilUnchanged(ctx, op, at, func(item *Item, unreadable error) error {
		r, err := e.changed(key, item, unreadable, change)
		if err != nil {
			return err
		}
		err = e.cache.Swap(ctx, at, item, r.Data, r.ExpireAge)
		if err != nil && !isConflict(err) {
			err = fmt.Errorf("caches: %s: %w", op, err)
		}
		return err
	})
}

// untilUnchanged passes the value under a key of the cache to do until do does not return
// an [ErrChanged]. It returns [djangosession.ErrSessionGone] if there is no value any
// more.
func (e *Engine) untilUnchanged(ctx context.Context, op, at string, do func(item *Item, unreadable error) error) error {
	for wait := time.Duration(0); ; wait = longer(wait) {
		item, err := e.cache.Get(ctx, at)
		switch {
		case err == nil || isUnreadable(err) && item != nil:
			err = do(item, err)
		case !errors.Is(err, ErrMiss):
			err = fmt.Errorf("caches: %s: %w", op, err)
		}
		switch {
		case errors.Is(err, ErrMiss):
			return djangosession.ErrSessionGone
		case !errors.Is(err, ErrChanged):
			return err
		}
		if err := pause(ctx, wait); err != nil {
			return fmt.Errorf("caches: %s: %w", op, err)
		}
	}
}

// isUnreadable reports whether Get found a value that is not a session in the format of
// the settings.
func isUnreadable(err error) bool {
	_, ok := errors.AsType[*djangosession.DecodeError](err)
	return ok
}

// isConflict reports whether Swap found another value than expected, or none.
func isConflict(err error) bool { return errors.Is(err, ErrMiss) || errors.Is(err, ErrChanged) }

// longer is the pause after the next conflict.
func longer(wait time.Duration) time.Duration { return min(2*wait+time.Microsecond, time.Millisecond) }

// pause waits, or returns the error of ctx if it ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// changed passes the session in an item to change, and returns it with data.
func (e *Engine) changed(
	key string, item *Item, unreadable error, change func(*djangosession.Record) error,
) (*djangosession.Record, error) {
	r := &djangosession.Record{Key: key, Data: item.Value, ExpireDate: e.date(item.Left)}
	if unreadable != nil {
		r.Data, r.Err = nil, fmt.Errorf("caches: load session: %w", unreadable)
	}
	if err := change(r); err != nil {
		return nil, err
	}
	if r.Data == nil {
		return nil, djangosession.ErrNoData
	}
	return r, nil
}

// Cycle implements [djangosession.Engine]. It stores the changed session under its new
// key, and then removes the old one if nobody has changed or removed it since; otherwise
// it removes the new one and starts again. The new key is not published before Cycle
// returns, so nobody sees both.
//
// If the answer to the removal is lost, Cycle tries once more for at most two seconds. If
// the old session is gone then, perhaps by a logout, Cycle removes the new one too and
// returns an error: a session that was logged out must not live on.
func (e *Engine) Cycle(ctx context.Context, old string, change func(*djangosession.Record) error) error {
	const op = "change session key"
	from, err := e.keys.of(old)
	if err != nil {
		return djangosession.ErrSessionGone
	}
	return e.untilUnchanged(ctx, op, from, func(item *Item, unreadable error) error {
		r, err := e.changed(old, item, unreadable, change)
		if err != nil {
			return err
		}
		to, err := e.keys.of(r.Key)
		switch {
		case err != nil:
			return err
		case to == from:
			return djangosession.ErrKeyTaken
		}
		err = e.add(ctx, to, r)
		switch {
		case errors.Is(err, djangosession.ErrKeyTaken):
			return err
		case err != nil:
			return fmt.Errorf("caches: %s: %w", op, err)
		}
		if err = e.removeOld(ctx, from, item); err == nil {
			return nil
		}
		ctx, cancel := settling(ctx)
		defer cancel()
		undone := e.cache.Delete(ctx, to)
		if isConflict(err) && undone == nil {
			return err
		}
		return fmt.Errorf("caches: %s: %w", op, failedCycle(err, undone))
	})
}

// failedCycle is the error of a Cycle that failed after it had stored the new session,
// and then removed it with the error undone.
func failedCycle(err, undone error) error {
	switch {
	case undone == nil:
		return err
	case isConflict(err): // not wrapped: for the caller, the removal that failed matters
		return fmt.Errorf("the old session was changed, and removing the new one failed: %w", undone)
	}
	return fmt.Errorf("%w; removing the new session failed too: %w", err, undone)
}

var errUnsureRemoval = errors.New("the session is gone, and it is unknown whether this call or a logout has removed it")

// removeOld removes the value that was read. It does so even if ctx ends, because the
// session has its new key already.
func (e *Engine) removeOld(ctx context.Context, from string, item *Item) error {
	ctx, cancel := settling(ctx)
	defer cancel()
	lost := e.cache.Swap(ctx, from, item, nil, 0)
	if lost == nil || isConflict(lost) {
		return lost
	}
	err := e.cache.Swap(ctx, from, item, nil, 0)
	switch {
	case errors.Is(err, ErrMiss):
		return fmt.Errorf("%w: %w", errUnsureRemoval, lost)
	case err != nil && !isConflict(err):
		return fmt.Errorf("%w; it is unknown whether the old session was removed, because trying again failed too: %w", lost, err)
	}
	return err
}
