package djangosession

import (
	"context"
	"errors"

	"github.com/djangobridge/djangobridge/py"
)

// CycleKey stores the session under a new key and removes what is stored under the old
// one, both or neither. Call it when the rights of a visitor change, so that a key that
// was planted or seen before is worthless. Load the session in the same request. With
// [Options].MergeSaves the session takes over what others have stored under the old key.
//
// It returns [ErrSessionGone] if the stored session was deleted: the visitor has logged
// out in another request, and a copy under a new key would undo that. Django's cycle_key
// makes that copy. It returns [ErrOutdatedSettings] if the stored session must not be
// replaced. In both cases [Session.Create] starts a new session with the values of this
// one; use it for values that are nobody's login.
//
// After an error the session is what it was before, under its old key. If the store could
// not be reached any more, the key may have been changed nevertheless: then the old key is
// worthless, a later save returns [ErrSessionGone], and [Session.Flush] removes what may
// be stored under the new key. Matches cycle_key.
func (s *Session) CycleKey(ctx context.Context) error {
	return s.locked(ctx, func() error {
		old, loaded := s.state()
		if !loaded {
			return ErrNotLoaded
		}
		if old == "" {
			return s.create(ctx)
		}
		if err := s.unreadable(); err != nil {
			return err
		}
		err := withNewKey(func(key string) error { return s.cycleTo(ctx, old, key) })
		if errors.Is(err, ErrOutdatedSettings) {
			s.manager.reportLoad(ctx, err)
		}
		return err
	})
}

// cycleTo moves the session to a key. The caller has the lock of s.lifecycle.
func (s *Session) cycleTo(ctx context.Context, old, key string) error {
	mine, done := s.snapshot()
	var now *py.Dict // what is stored under the new key
	var lost error   // why nothing of the old one is in it
	tried := false   // the engine was given something to store
	err := s.manager.engine.Cycle(ctx, old, func(stored *Record) error {
		if outdated := s.manager.outdated(stored.Err); outdated != nil {
			return outdated
		}
		now, lost = mine, nil
		if s.manager.options.MergeSaves {
			var err error
			if now, lost, err = s.manager.merged(&done, mine, stored); err != nil {
				return err
			}
		}
		r, err := s.manager.record(key, now)
		if err != nil {
			return err
		}
		*stored, tried = *r, true
		return nil
	})
	switch {
	case errors.Is(err, ErrSessionGone):
		s.mu.Lock()
		defer s.mu.Unlock()
		s.gone = old
		return err
	case err != nil:
		if tried {
			s.doubt(key, err)
		}
		return storeError(err)
	}
	if lost != nil {
		s.manager.reportLoad(ctx, lost)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key, s.modified = key, true
	s.adopt(now, done.last)
	return nil
}

// isGone reports whether the session was found to be deleted when its key was to change.
func (s *Session) isGone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone != "" && s.gone == s.key
}
