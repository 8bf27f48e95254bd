package rediscache

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"
)

// lateContext is a context whose deadline has passed, before its timer has noticed.
type lateContext struct{ context.Context } //nolint:containedctx // it is a context

func (lateContext) Deadline() (time.Time, bool) { return time.Now(), true }

func TestTimeoutAtTheDeadlineIsTheDeadline(t *testing.T) {
	t.Parallel()
	if err := wrap(lateContext{t.Context()}, "get", os.ErrDeadlineExceeded); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a connection that ended with the context: %v", err)
	}
	if err := wrap(t.Context(), "get", os.ErrDeadlineExceeded); errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a connection that ended without one: %v", err)
	}
}
