package djangosession

import (
	"context"
	"errors"
)

// engineContext is the context in which the session of a request is loaded or stored. A
// hook, a logger or an engine that requests the session from it gets an error instead of
// a deadlock.
type engineContext struct{ context.Context } //nolint:containedctx // what it takes from

var errInEngine = errors.New("djangosession: the session is being loaded or stored: " +
	"do not request it from a hook, a logger or an engine")

// withoutSession returns the context for calls to the engine. If ctx belongs to no
// request, it is ctx.
func withoutSession(ctx context.Context) context.Context {
	if _, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return &engineContext{ctx}
	}
	return ctx
}

// Value implements context.Context.
func (c *engineContext) Value(key any) any {
	if _, ok := key.(exchangeKey); ok {
		return c
	}
	return c.Context.Value(key)
}
