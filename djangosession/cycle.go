package djangosession

import (
	"context"
	"errors"

	"github.com/djangobridge/djangobridge/py"
)

// CycleKey moves the session to a new key: it stores the session under the new key and
// removes the one under the old key, atomically. Call it when the rights of a visitor
// change, so that a key that was planted or seen before becomes worthless. Load the
// session in the same request. With [Options].MergeSaves, the session includes what
// others have stored under the old key.
//
// It returns [ErrSessionGone] if the stored session was deleted. The visitor has logged
// out in another request, and a copy under a new key would undo that; Django's cycle_key
// makes that copy. It returns [ErrOutdatedSettings] if the stored session must not be
// replaced. In both cases [Session.Create] starts a new session with the values of this
// one. Use it only for values that do not log anyone in.
//
// After an error, the session has its old key and values. If the store became
// unreachable, the key may have been changed anyway. The old key is then worthless, a
// later save returns [ErrSessionGone], and [Session.Flush] removes what may be stored
// under the new key. Matches cycle_key.
func (s *Session) CycleKey(ctx context.Context) error {
	return s.locked(ctx, func(ctx context.Context) error {
		old, loaded := s.state()
		if !loaded {
			return ErrNotLoaded
		}
		if old == "" {
			return s.create(ctx)
		}
		if err := s.Outdated(); err != nil {
			return err
		}
		err := withNewKey(func(key string) error { return s.cycleTo(ctx, old, key) })
		if errors.Is(err, ErrOutdatedSettings) {
			s.manager.reportLoad(ctx, err)
		}
		return err
	})
}

// cycleTo moves the session to a key. The caller holds s.lifecycle.
func (s *Session) cycleTo(ctx context.Context, old, key string) error {
	mine, done := s.snapshot()
	var now *py.Dict  // the data under the new key
	var lost error    // why it contains nothing of the old session
	var moved *Record // as the engine stored it; nil if it was given nothing to store
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
		*stored, moved = *r, stored
		return nil
	})
	switch {
	case errors.Is(err, ErrSessionGone):
		s.mu.Lock()
		defer s.mu.Unlock()
		s.gone = old
		return err
	case err != nil:
		if moved != nil {
			s.doubt(key, err)
		}
		return storeError(err)
	}
	if lost != nil {
		s.manager.reportLoad(ctx, lost)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key, s.modified = moved.Key, true
	s.adopt(now, done.last)
	return nil
}

// isGone reports whether CycleKey found that the session was deleted.
func (s *Session) isGone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone != "" && s.gone == s.key
}
