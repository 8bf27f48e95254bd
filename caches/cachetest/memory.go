// Package cachetest is the conformance suite of caches. Every [caches.Cache] must pass
// it. If you write a cache, call [Run] from a test. The package also has a cache in
// memory and one that fails, for tests of engines.
package cachetest

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// Memory is a cache in the memory of the process. It keeps the same bytes as Django's
// Redis cache, and heeds the clock of the settings. It implements [caches.Lister] and
// [caches.Timer].
type Memory struct {
	format *caches.Pickle
	now    func() time.Time

	mu     sync.Mutex
	values map[string]stored
	limit  int
	last   uint64 // counts the values stored, to identify them
}

type stored struct {
	data    []byte
	ends    time.Time
	version uint64
}

// NewMemory returns an empty cache. The error is that of [caches.NewPickle].
func NewMemory(s djangosession.Settings) (*Memory, error) {
	format, err := caches.NewPickle(s)
	if err != nil {
		return nil, err
	}
	return &Memory{format: format, now: s.Clock, values: map[string]stored{}}, nil
}

// SetLimit makes the cache refuse values that are longer than limit in bytes.
func (m *Memory) SetLimit(limit int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.limit = limit
}

// SetRaw stores data under a key unchecked, for an hour.
func (m *Memory) SetRaw(key string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last++
	m.values[key] = stored{data: bytes.Clone(data), ends: m.now().Add(time.Hour), version: m.last}
}

// Raw returns the data under a key, and how long it has left.
func (m *Memory) Raw(key string) (data []byte, left time.Duration, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.live(key)
	return bytes.Clone(v.data), v.ends.Sub(m.now()), ok
}

// Evict removes all values, like a cache that is restarted.
func (m *Memory) Evict() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.values)
}

// live returns the value under a key unless it has expired. m.mu is held.
func (m *Memory) live(key string) (stored, bool) {
	v, ok := m.values[key]
	if ok && !v.ends.After(m.now()) {
		delete(m.values, key)
		return stored{}, false
	}
	return v, ok
}

// Get implements [caches.Cache].
func (m *Memory) Get(ctx context.Context, key string) (*caches.Item, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("cachetest: get: %w", err)
	}
	m.mu.Lock()
	v, ok := m.live(key)
	m.mu.Unlock()
	if !ok {
		return nil, caches.ErrMiss
	}
	item := &caches.Item{Version: v.version, Left: v.ends.Sub(m.now())}
	d, err := m.format.Loads(v.data)
	if err != nil {
		return item, fmt.Errorf("cachetest: get: %w", err)
	}
	item.Value = d
	return item, nil
}

// TimesLeft implements [caches.Timer].
func (m *Memory) TimesLeft() bool { return true }

// Exists implements [caches.Cache].
func (m *Memory) Exists(ctx context.Context, key string) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, fmt.Errorf("cachetest: exists: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.live(key)
	return ok, nil
}

// Add implements [caches.Cache].
func (m *Memory) Add(ctx context.Context, key string, value *py.Dict, timeout time.Duration) error {
	return m.put(ctx, key, value, timeout, func(_ stored, ok bool) error {
		if ok {
			return caches.ErrExists
		}
		return nil
	})
}

// Replace implements [caches.Cache].
func (m *Memory) Replace(ctx context.Context, key string, value *py.Dict, timeout time.Duration) error {
	return m.put(ctx, key, value, timeout, func(_ stored, ok bool) error {
		if !ok {
			return caches.ErrMiss
		}
		return nil
	})
}

// Set implements [caches.Cache].
func (m *Memory) Set(ctx context.Context, key string, value *py.Dict, timeout time.Duration) error {
	return m.put(ctx, key, value, timeout, func(stored, bool) error { return nil })
}

// Swap implements [caches.Cache].
func (m *Memory) Swap(ctx context.Context, key string, old *caches.Item, value *py.Dict, timeout time.Duration) error {
	return m.put(ctx, key, value, timeout, func(v stored, ok bool) error {
		switch {
		case !ok:
			return caches.ErrMiss
		case old.Version != v.version:
			return caches.ErrChanged
		}
		return nil
	})
}

// Delete implements [caches.Cache].
func (m *Memory) Delete(ctx context.Context, key string) error {
	return m.put(ctx, key, nil, 0, func(stored, bool) error { return nil })
}

// put stores a value if permit accepts the present one. It removes it if value is nil.
func (m *Memory) put(
	ctx context.Context, key string, value *py.Dict, timeout time.Duration, permit func(v stored, ok bool) error,
) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("cachetest: put: %w", err)
	}
	if err := m.CheckKey(key); err != nil {
		return err
	}
	var data []byte
	if value != nil {
		var err error
		if data, err = m.format.Dumps(value); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.limit > 0 && len(data) > m.limit {
		return fmt.Errorf("%w: %d bytes, and the limit is %d", caches.ErrTooLarge, len(data), m.limit)
	}
	if err := permit(m.live(key)); err != nil {
		return err
	}
	if value == nil || timeout <= 0 {
		delete(m.values, key)
		return nil
	}
	m.last++
	m.values[key] = stored{data: data, ends: m.now().Add(timeout), version: m.last}
	return nil
}

// Check implements [caches.Cache].
func (m *Memory) Check(ctx context.Context) error { return ctx.Err() }

// CheckKey implements [caches.Cache].
func (m *Memory) CheckKey(key string) error {
	if key == "" || !utf8.ValidString(key) {
		return fmt.Errorf("%w: empty, or not UTF-8", djangosession.ErrBadKey)
	}
	return nil
}

// Keys implements [caches.Lister].
func (m *Memory) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		m.mu.Lock()
		keys := make([]string, 0, len(m.values))
		for key := range m.values {
			if _, ok := m.live(key); ok && strings.HasPrefix(key, prefix) {
				keys = append(keys, key)
			}
		}
		m.mu.Unlock()
		for _, key := range keys {
			if err := ctx.Err(); err != nil {
				yield("", fmt.Errorf("cachetest: keys: %w", err))
				return
			}
			if !yield(key, nil) {
				return
			}
		}
	}
}
