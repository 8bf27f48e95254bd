package caches

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// Dummy is a cache that stores nothing. With it, [CachedDB] keeps sessions in the
// database alone. Matches django.core.cache.backends.dummy.DummyCache.
type Dummy struct{}

var (
	_ Lister = Dummy{}
	_ Timer  = Dummy{}
)

// TimesLeft implements [Timer]. The dates of [CachedDB] are then those of the database.
func (Dummy) TimesLeft() bool { return true }

// Get implements [Cache]. It returns [ErrMiss].
func (Dummy) Get(ctx context.Context, _ string) (*Item, error) { return nil, ended(ctx, ErrMiss) }

// Exists implements [Cache].
func (Dummy) Exists(ctx context.Context, _ string) (bool, error) { return false, ended(ctx, nil) }

// Add implements [Cache].
func (Dummy) Add(ctx context.Context, _ string, _ *py.Dict, _ time.Duration) error {
	return ended(ctx, nil)
}

// Replace implements [Cache]. It returns [ErrMiss].
func (Dummy) Replace(ctx context.Context, _ string, _ *py.Dict, _ time.Duration) error {
	return ended(ctx, ErrMiss)
}

// Set implements [Cache].
func (Dummy) Set(ctx context.Context, _ string, _ *py.Dict, _ time.Duration) error {
	return ended(ctx, nil)
}

// Swap implements [Cache]. It returns [ErrMiss].
func (Dummy) Swap(ctx context.Context, _ string, _ *Item, _ *py.Dict, _ time.Duration) error {
	return ended(ctx, ErrMiss)
}

// Delete implements [Cache].
func (Dummy) Delete(ctx context.Context, _ string) error { return ended(ctx, nil) }

// Check implements [Cache].
func (Dummy) Check(ctx context.Context) error { return ended(ctx, nil) }

// CheckKey implements [Cache].
func (Dummy) CheckKey(string) error { return nil }

// Keys implements [Lister].
func (Dummy) Keys(ctx context.Context, _ string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if err := ended(ctx, nil); err != nil {
			yield("", err)
		}
	}
}

// ended returns the error of a context that has ended, else otherwise.
func ended(ctx context.Context, otherwise error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("caches: %w", err)
	}
	return otherwise
}
