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

// merge stores the changes of a session into what is stored by now, and takes over the result. The caller has the lock of
// s.lifecycle.
func (s *Session) merge(ctx context.Context, key string) error {
	merger, ok := s.manager.engine.(Merger)
	if !ok {
		return ErrNoMerge
	}
	mine := s.read().Copy()
	done := s.changes.copy()
	s.mu.Unlock()
	var merged *py.Dict
	var lost error // why there was nothing to merge with
	err := merger.Merge(ctx, key, func(stored *Record) error {
		merged, lost = mine, nil
		if stored.Data == nil { // what there is gets lost
			if s.manager.StrictLoad {
				return stored.Err
			}
			lost = stored.Err
		} else if done.cleared == 0 {
			merged = done.apply(mine, stored.Data)
		}
		r, err := s.manager.record(key, merged)
		if err == nil {
			*stored = *r
		}
		return err
	})
	if err != nil {
		return storeError(err)
	}
	if lost != nil { // which is told when the engine's lock is free, for who is told may use the engine
		s.manager.report(ctx, lost)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes.stored(done.last)
	if s.changes.cleared == 0 {
		s.data = s.changes.apply(s.data, merged.Copy())
	}
	s.loaded = true
	return nil
}

// reason is the reason of a refusal, for a log; "" if err is none.
func reason(err error) string {
	if refused, ok := errors.AsType[*DecodeError](err); ok {
		return string(refused.Reason)
	}
	return ""
}
