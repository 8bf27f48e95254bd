package tables

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// leastPause is longer than the pauses in which others ask for a lock.
const leastPause = 10 * time.Millisecond

// ClearExpired implements [djangosession.Engine]. Django does it in one statement, which on a large table holds its locks
// for as long as that takes; here it is a statement a batch, and a session that is renewed meanwhile is left alone. The
// order is by date, so that a run that is stopped goes on where it was.
func (e *Engine) ClearExpired(ctx context.Context, o djangosession.ClearOptions) (int64, error) {
	const op = "clear expired sessions"
	now := e.nowStamp()
	if o.DryRun {
		a := args{dialect: e.dialect}
		query := fmt.Sprintf("SELECT COUNT(*) FROM %s WHERE %s < %s",
			e.names.table, e.names.expire, e.dialect.timeExpr(&a, now))
		var n int64
		err := e.queryRow(ctx, op, query, a.values, &n)
		return n, err
	}
	batch := o.BatchSize
	if batch <= 0 {
		batch = djangosession.DefaultBatchSize
	}
	if o.Pause <= 0 && !e.dialect.locksRows() {
		o.Pause = leastPause // a batch locks the whole database, and the next one must not be there before those who wait
	}
	a := args{dialect: e.dialect}
	statement := e.dialect.deleteBatch(&a, e.names, now, batch)
	var removed int64
	for {
		n, err := e.exec(ctx, op, statement, a.values...)
		removed += n
		if err != nil {
			return removed, err
		}
		if o.Progress != nil {
			o.Progress(removed)
		}
		if n < int64(batch) {
			// Rows that were renewed while the statement waited for them make a batch short, and so does somebody else who clears.
			more, err := e.anyExpired(ctx, op, now)
			if err != nil || !more {
				return removed, err
			}
		}
		if err := pause(ctx, o.Pause); err != nil {
			return removed, fmt.Errorf("tables: %s: %w", op, err)
		}
	}
}

func (e *Engine) anyExpired(ctx context.Context, op string, now stamp) (bool, error) {
	a := args{dialect: e.dialect}
	query := fmt.Sprintf("SELECT 1 FROM %s WHERE %s < %s LIMIT 1", e.names.table, e.names.expire, e.dialect.timeExpr(&a, now))
	var one int
	err := e.queryRow(ctx, op, query, a.values, &one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
