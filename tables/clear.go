package tables

import (
	"context"
	"fmt"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// ClearExpired implements [djangosession.Engine]. Django does it in one statement, which on a large table holds its locks
// for as long as that takes; here it is a statement a batch, and a session that is renewed meanwhile is left alone. The
// order is by date, so that a run that is stopped goes on where it was.
func (e *Engine) ClearExpired(ctx context.Context, o djangosession.ClearOptions) (int64, error) {
	const op = "clear expired sessions"
	now := e.nowArg()
	if o.DryRun {
		a := args{dialect: e.dialect}
		query := fmt.Sprintf("SELECT COUNT(*) FROM %s WHERE %s < %s", e.names.table, e.names.expire, a.add(now)) //nolint:gosec // names of ours, quoted
		var n int64
		err := e.db.QueryRowContext(ctx, query, a.values...).Scan(&n)
		return n, e.fail(ctx, op, err)
	}
	batch := o.BatchSize
	if batch <= 0 {
		batch = djangosession.DefaultBatchSize
	}
	statement := e.dialect.deleteBatch(e.names)
	var removed int64
	for {
		n, err := e.exec(ctx, op, statement, now, batch)
		removed += n
		if err != nil {
			return removed, err
		}
		if o.Progress != nil {
			o.Progress(removed)
		}
		if n < int64(batch) {
			return removed, nil
		}
		if err := pause(ctx, o.Pause); err != nil {
			return removed, fmt.Errorf("tables: %s: %w", op, err)
		}
	}
}

// pause waits, or returns the context's error if it ends first.
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
