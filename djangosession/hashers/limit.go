package hashers

import (
	"context"
	"fmt"
)

// A limiter limits the number of calls that work at the same time.
type limiter chan struct{}

func newLimiter(n int) limiter { return make(limiter, n) }

// enter waits for a turn, which ends when leave is called. The error is that of the
// context.
func (l limiter) enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("hashers: %w", err)
	}
	select {
	case l <- struct{}{}:
		return func() { <-l }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("hashers: wait for other passwords: %w", ctx.Err())
	}
}
