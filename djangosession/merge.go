package djangosession

import (
	"context"
	"errors"

	"github.com/djangobridge/djangobridge/py"
)

// changes records what was done to a session and is not stored yet. Changes are numbered,
// so that those made during a save can be distinguished from those that it has stored.
type changes struct {
	last    uint64  // number of the last change
	names   py.Dict // of values that were set or deleted, each with the number of its last change
	cleared uint64  // number of the last change that removed all other values; 0 if no change did
}

// touch records that a value was set or deleted.
func (c *changes) touch(name any) {
	c.last++
	c.names.Set(name, c.last)
}

// clear records that all values were removed.
func (c *changes) clear() {
	c.last++
	c.names.Clear()
	c.cleared = c.last
}

// copy returns a copy of the changes.
func (c *changes) copy() changes {
	return changes{last: c.last, names: *c.names.Copy(), cleared: c.cleared}
}

// stored forgets the changes up to a number.
func (c *changes) stored(upTo uint64) {
	later := py.NewDict(0)
	for name, n := range c.names.All() {
		if number, ok := n.(uint64); ok && number > upTo {
			later.Set(name, number)
		}
	}
	c.names = *later
	if c.cleared <= upTo {
		c.cleared = 0
	}
}

// apply copies the changed values from mine to the dict to, deletes those that mine no
// longer has, and returns to.
func (c *changes) apply(mine, to *py.Dict) *py.Dict {
	for name := range mine.All() { // in the order in which they were set
		if _, touched := c.names.Get(name); touched {
			v, _ := mine.Get(name)
			to.Set(name, v)
		}
	}
	for name := range c.names.All() {
		if _, ok := mine.Get(name); !ok {
			to.Delete(name)
		}
	}
	return to
}

// snapshot returns copies of the values and of their changes.
func (s *Session) snapshot() (*py.Dict, changes) {
	d := s.read()
	defer s.mu.Unlock()
	return d.Copy(), s.changes.copy()
}

// merged applies changes to a stored session. mine has the values of the session that was
// changed. If the stored session does not decode, lost is the reason, and d contains
// nothing of it.
func (m *Manager) merged(done *changes, mine *py.Dict, stored *Record) (d *py.Dict, lost, err error) {
	if outdated := m.outdated(stored.Err); outdated != nil {
		return nil, nil, outdated
	}
	switch {
	case stored.Data == nil && m.options.StrictLoad:
		return nil, nil, stored.Err
	case stored.Data == nil:
		return mine, stored.Err, nil
	case done.cleared != 0:
		return mine, nil, nil
	}
	return done.apply(mine, stored.Data), nil, nil
}

// adopt gives the session the stored values and reapplies the changes after the number
// upTo. s.mu is held.
func (s *Session) adopt(stored *py.Dict, upTo uint64) {
	s.changes.stored(upTo)
	if s.changes.cleared == 0 {
		s.data = s.changes.apply(s.data, stored.Copy())
	}
	s.loaded, s.blank = true, ""
}

// merge applies the session's changes to the stored session and adopts the result. The
// caller holds s.lifecycle.
func (s *Session) merge(ctx context.Context, key string) error {
	merger, ok := s.manager.engine.(Merger)
	if !ok {
		return ErrNoMerge
	}
	mine, done := s.snapshot()
	var now *py.Dict
	var lost error
	err := merger.Merge(ctx, key, func(stored *Record) (err error) {
		if now, lost, err = s.manager.merged(&done, mine, stored); err != nil {
			return err
		}
		r, err := s.manager.record(key, now)
		if err == nil {
			*stored = *r
		}
		return err
	})
	if errors.Is(err, ErrOutdatedSettings) {
		s.manager.reportLoad(ctx, err)
	}
	if err != nil {
		return storeError(err)
	}
	if lost != nil { // after the engine's lock is released, because the hook may use the engine
		s.manager.reportLoad(ctx, lost)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.adopt(now, done.last)
	return nil
}

// progress returns whether the session is modified, and the number of its last change.
func (s *Session) progress() (modified bool, last uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.modified, s.changes.last
}

// unsaved reports whether the session has changes after this number that no save has
// stored.
func (s *Session) unsaved(after uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.modified || s.changes.cleared > after {
		return true
	}
	for _, n := range s.changes.names.All() {
		if number, ok := n.(uint64); ok && number > after {
			return true
		}
	}
	return false
}

// hasChanges reports whether the session has changes that no save has stored.
func (s *Session) hasChanges() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changes.cleared > 0 || s.changes.names.Len() > 0
}
