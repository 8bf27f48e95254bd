package cachetest

import (
	"context"
	"iter"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/py"
)

// Faulty is a cache that fails when a test wants it to. Each function gets the name of
// the method, such as "Add", and the key. Functions that are nil do nothing.
type Faulty struct {
	caches.Cache

	// Before is called before a method takes effect. If it returns an error, the method
	// does nothing and returns that.
	Before func(method, key string) error
	// After is called after a method took effect. If it returns an error, the method
	// returns that: its answer is lost.
	After func(method, key string) error
}

func (f *Faulty) call(method, key string, do func() error) error {
	if f.Before != nil {
		if err := f.Before(method, key); err != nil {
			return err
		}
	}
	err := do()
	if f.After != nil {
		if lost := f.After(method, key); lost != nil {
			return lost
		}
	}
	return err
}

// Get implements [caches.Cache].
func (f *Faulty) Get(ctx context.Context, key string) (item *caches.Item, err error) {
	err = f.call("Get", key, func() error {
		item, err = f.Cache.Get(ctx, key)
		return err
	})
	return item, err
}

// Exists implements [caches.Cache].
func (f *Faulty) Exists(ctx context.Context, key string) (exists bool, err error) {
	err = f.call("Exists", key, func() error {
		exists, err = f.Cache.Exists(ctx, key)
		return err
	})
	return exists, err
}

// Add implements [caches.Cache].
func (f *Faulty) Add(ctx context.Context, key string, value *py.Dict, timeout time.Duration) error {
	return f.call("Add", key, func() error { return f.Cache.Add(ctx, key, value, timeout) })
}

// Replace implements [caches.Cache].
func (f *Faulty) Replace(ctx context.Context, key string, value *py.Dict, timeout time.Duration) error {
	return f.call("Replace", key, func() error { return f.Cache.Replace(ctx, key, value, timeout) })
}

// Set implements [caches.Cache].
func (f *Faulty) Set(ctx context.Context, key string, value *py.Dict, timeout time.Duration) error {
	return f.call("Set", key, func() error { return f.Cache.Set(ctx, key, value, timeout) })
}

// Swap implements [caches.Cache].
func (f *Faulty) Swap(ctx context.Context, key string, old *caches.Item, value *py.Dict, timeout time.Duration) error {
	return f.call("Swap", key, func() error { return f.Cache.Swap(ctx, key, old, value, timeout) })
}

// Delete implements [caches.Cache].
func (f *Faulty) Delete(ctx context.Context, key string) error {
	return f.call("Delete", key, func() error { return f.Cache.Delete(ctx, key) })
}

// TimesLeft implements [caches.Timer] if the cache does.
func (f *Faulty) TimesLeft() bool {
	timer, ok := f.Cache.(caches.Timer)
	return ok && timer.TimesLeft()
}

// Keys implements [caches.Lister]. The cache must be one.
func (f *Faulty) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	lister, _ := f.Cache.(caches.Lister)
	return lister.Keys(ctx, prefix)
}
