package djangosession

import (
	"context"
	"errors"

	"github.com/djangobridge/djangobridge/py"
)

// CycleKey stores the session under a new key and removes what is stored under the old one. Call it when a visitor's rights
// change, so that a key planted or seen before is worth nothing. Like Django's it does not mind if the old one is gone
// already; see [Session.CycleLiveKey] for that, and load the session in the same request. With [Manager.MergeSaves] the
// session takes over what others have stored under the old key by the moment it is removed. Matches cycle_key.
func (s *Session) CycleKey(ctx context.Context) error { return s.cycle(ctx, false) }

// CycleLiveKey is [Session.CycleKey] that returns [ErrSessionGone], and leaves everything as it was, if the stored session
// was deleted before the new one was stored: then somebody has logged out meanwhile, and a copy of the session under a new
// key would undo that. Django takes that risk.
func (s *Session) CycleLiveKey(ctx context.Context) error { return s.cycle(ctx, true) }

func (s *Session) cycle(ctx context.Context, live bool) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	old, loaded := s.state()
	if !loaded {
		return ErrNotLoaded
	}
	before := s.snapshot()
	if err := s.create(ctx); err != nil || old == "" {
		return err
	}
	last, err := s.manager.take(ctx, old, live)
	switch {
	case live && errors.Is(err, ErrSessionGone):
		created := s.Key()
		s.restore(before)
		return errors.Join(err, s.manager.Delete(ctx, created))
	case err != nil && !errors.Is(err, ErrSessionGone):
		return err
	case last != nil:
		s.takeOver(before, last)
	}
	return nil
}

// take removes what is stored under a key, and returns it where saves are merged. For a live key it returns
// [ErrSessionGone] if there is nothing.
func (m *Manager) take(ctx context.Context, key string, live bool) (last *py.Dict, err error) {
	merger, ok := m.engine.(Merger)
	switch {
	case ok && (m.MergeSaves || live):
		err := merger.Merge(ctx, key, func(stored *Record) error {
			last, stored.Data = stored.Data, nil
			return nil
		})
		if err != nil {
			return nil, storeError(err)
		}
		if !m.MergeSaves {
			last = nil
		}
		return last, nil
	case live: // only a save tells whether the session is there; what it stores is worth nothing until it is removed
		r, err := m.record(key, py.NewDict(0))
		if err == nil {
			err = m.engine.Save(ctx, r)
		}
		if err != nil {
			return nil, storeError(err)
		}
	}
	return nil, m.Delete(ctx, key)
}

// snapshot is what a session was before its key was cycled.
type snapshot struct {
	key      string
	data     *py.Dict
	done     changes
	modified bool
}

func (s *Session) snapshot() snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return snapshot{key: s.key, data: s.data.Copy(), done: s.changes.copy(), modified: s.modified}
}

// isGone reports whether the session was deleted by the time it was to get another key.
func (s *Session) isGone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone != "" && s.gone == s.key
}

// restore gives the session, which is gone, its key back, and the changes that are not stored after all.
func (s *Session) restore(before snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key, s.gone = before.key, before.key
	meanwhile := s.changes
	s.modified = before.modified || meanwhile.names.Len() > 0 || meanwhile.cleared != 0
	s.changes = before.done
	for name, n := range meanwhile.names.All() {
		s.changes.names.Set(name, n)
	}
	s.changes.last = meanwhile.last
	if meanwhile.cleared != 0 {
		s.changes.cleared = meanwhile.cleared
	}
}

// takeOver makes the session what its changes make of the last that was stored under its old key. Where that is not what
// was stored under the new one, it is a change.
func (s *Session) takeOver(before snapshot, last *py.Dict) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before.done.cleared != 0 || s.changes.cleared != 0 {
		return // nothing of it was to stay
	}
	merged := before.done.apply(before.data, last)
	now := s.data.Copy() // what others have done to the session in the meantime stays
	for name, v := range merged.All() {
		if same(now, before.data, name) && !same(merged, before.data, name) {
			s.data.Set(name, v)
			s.changes.touch(name)
		}
	}
	for name := range before.data.All() {
		if _, kept := merged.Get(name); !kept && same(now, before.data, name) {
			s.data.Delete(name)
			s.changes.touch(name)
		}
	}
}

// same reports whether two dicts have equal values of this name, or none.
func same(a, b *py.Dict, name any) bool {
	x, inA := a.Get(name)
	y, inB := b.Get(name)
	return inA == inB && (!inA || py.Equal(py.Resolve(x), py.Resolve(y)))
}
