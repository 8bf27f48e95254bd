package djangosession

import (
	"context"
	"errors"

	"github.com/djangobridge/djangobridge/py"
)

// changes are what was done to a session and is not stored yet. They are numbered, so that what was done while a save was
// on its way can be told from what it has stored.
type changes struct {
	last    uint64  // the number of the last one
	names   py.Dict // of values that were set or deleted, with the number of the last time
	cleared uint64  // the number of the last time that all others were removed; 0 if they were not
}

// touch notes that a value was set or deleted.
func (c *changes) touch(name any) {
	c.last++
	c.names.Set(name, c.last)
}

// clear notes that all values were removed.
func (c *changes) clear() {
	c.last++
	c.names.Clear()
	c.cleared = c.last
}

// copy returns changes that do not change any more.
func (c *changes) copy() changes {
	return changes{last: c.last, names: *c.names.Copy(), cleared: c.cleared}
}

// stored forgets what was done up to a number.
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

// apply makes to the values of which mine has changed what they are in mine, and returns to.
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

// snapshot returns copies of the values and of what was done to them.
func (s *Session) snapshot() (*py.Dict, changes) {
	d := s.read()
	defer s.mu.Unlock()
	return d.Copy(), s.changes.copy()
}

// merged returns what changes make of a stored session, and why nothing of it stays if it does not decode. mine are the
// values of the session that was changed.
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

// adopt makes the session what was stored of it, with all that was done since the change of this number. s.mu is held.
func (s *Session) adopt(stored *py.Dict, upTo uint64) {
	s.changes.stored(upTo)
	if s.changes.cleared == 0 {
		s.data = s.changes.apply(s.data, stored.Copy())
	}
	s.loaded = true
}

// merge stores the changes of a session into what is stored by now, and takes over the result. The caller has the lock of
// s.lifecycle.
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
	if lost != nil { // which is told when the engine's lock is free, for who is told may use the engine
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

// unsaved reports whether something was done to the session, after the change of this number, that no save has seen.
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

// hasChanges reports whether values were changed and no save has stored them.
func (s *Session) hasChanges() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changes.cleared > 0 || s.changes.names.Len() > 0
}
