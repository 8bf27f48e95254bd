package tables

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// defaultLockWait is Django's timeout for SQLite.
const defaultLockWait = 5 * time.Second

// untilUnlocked repeats an operation while the database is locked or a deadlock makes it
// fail, for as long as Options.LockWait and the context allow. The operation is one
// statement or one transaction, which then had no effect. The waiting happens here
// because a driver that waits for locks itself ignores the context.
func (c *conn) untilUnlocked(ctx context.Context, op string, do func() error) error {
	deadline := time.Now().Add(c.lockWait)
	stale := c.db.Stats().OpenConnections
	// SQLite has no queue: long intervals mean long waits.
	for wait := time.Millisecond; ; wait = min(2*wait, 5*time.Millisecond) {
		err := c.fail(ctx, op, do())
		switch {
		case errors.Is(err, errStale) && stale > 0:
			stale--
			continue
		case !errors.Is(err, ErrLocked) || time.Now().Add(wait).After(deadline):
			return err
		}
		if err := pause(ctx, wait); err != nil {
			return fmt.Errorf("tables: %s: %w", op, err)
		}
	}
}

// pause waits, or returns the context's error if the context ends first.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
