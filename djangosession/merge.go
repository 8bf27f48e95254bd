package djangosession

import (
	"context"
	"maps"

	"github.com/djangobridge/djangobridge/py"
)

// changes are what was done to a session since it was loaded.
type changes struct {
	names   map[any]bool // of values that were set or deleted
	cleared bool         // all others were removed
}

// touch notes that a value was set or deleted. s.mu is held.
func (s *Session) touch(name any) {
	s.modified = true
	if s.changes.names == nil {
		s.changes.names = map[any]bool{}
	}
	s.changes.names[name] = true
}

// merge stores the changes of a session, into what is stored by now, and takes over the result. s.lifecycle is held.
func (s *Session) merge(ctx context.Context, key string) error {
	merger, ok := s.manager.engine.(Merger)
	if !ok {
		return ErrNoMerge
	}
	s.mu.Lock()
	mine, done := s.data.Copy(), changes{names: maps.Clone(s.changes.names), cleared: s.changes.cleared}
	s.mu.Unlock()
	var merged *py.Dict
	err := merger.Merge(ctx, key, func(stored *Record) error {
		merged = mine
		if stored.Data != nil && !done.cleared {
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
	s.mu.Lock()
	defer s.mu.Unlock()
	// What was changed while the engine was at work is not stored yet.
	later := changes{names: map[any]bool{}, cleared: s.changes.cleared && !done.cleared}
	for name := range s.changes.names {
		was, wasThere := mine.Get(name)
		is, isThere := s.data.Get(name)
		if !done.names[name] || wasThere != isThere || wasThere && !py.Equal(own(was), own(is)) {
			later.names[name] = true
		}
	}
	if !later.cleared {
		s.data = later.apply(s.data, merged.Copy())
	}
	s.changes, s.loaded = later, true
	return nil
}

// apply makes to the values of which mine has changed what they are in mine, and returns to.
func (c changes) apply(mine, to *py.Dict) *py.Dict {
	for name := range mine.All() { // in the order in which they were set
		if c.names[name] {
			v, _ := mine.Get(name)
			to.Set(name, v)
		}
	}
	for name := range c.names {
		if _, ok := mine.Get(name); !ok {
			to.Delete(name)
		}
	}
	return to
}
