package tables

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

const (
	// leastPause is longer than the pauses in which others ask for a lock.
	leastPause = 10 * time.Millisecond
	// shortBatches is how many batches in a row may be short because of others who clear, or who renew sessions, before the
	// rows are removed by their keys.
	shortBatches = 3
	// maxKeys is how many keys one statement names; databases bound its arguments.
	maxKeys = 500
)

// ClearExpired implements [djangosession.Engine]. Django does it in one statement, which on a large table holds its locks
// for as long as that takes; here it is a statement a batch, and a session that is renewed meanwhile is left alone. The
// order is by date, so that a run that is stopped goes on where it was.
//
// The error is an [ErrKept] if rows stay because of a trigger, a rule or row security; the others are removed all the same.
// ClearExpired ends although others go on adding expired rows. They may be left for the next run, and older ones too if
// batches are smaller than what others add in that time.
func (e *Engine) ClearExpired(ctx context.Context, o djangosession.ClearOptions) (int64, error) {
	c := clearing{e: e, now: e.nowStamp(), o: o}
	expired, err := c.count(ctx)
	if o.DryRun || err != nil {
		return expired, err
	}
	if c.o.BatchSize <= 0 {
		c.o.BatchSize = djangosession.DefaultBatchSize
	}
	if c.o.Pause <= 0 && !e.dialect.locksRows() {
		c.o.Pause = leastPause // a batch locks the whole database, and the next one must not be there before those who wait
	}
	done, err := c.byDate(ctx, expired)
	if err == nil && !done {
		err = c.byKey(ctx)
	}
	return c.removed, err
}

// clearing is a run of ClearExpired.
type clearing struct {
	e       *Engine
	now     stamp
	o       djangosession.ClearOptions
	removed int64
}

const opClear = "clear expired sessions"

// count returns how many rows have expired.
func (c *clearing) count(ctx context.Context) (n int64, err error) {
	a := args{dialect: c.e.dialect}
	query := fmt.Sprintf("SELECT COUNT(*) FROM %s WHERE %s", c.e.names.table, c.expired(&a))
	err = c.e.queryRow(ctx, opClear, query, a.values, &n)
	return n, err
}

// expired is the condition that a row has expired.
func (c *clearing) expired(a *args) string {
	return c.e.names.expire + " < " + c.e.dialect.timeExpr(a, c.now)
}

// byDate removes batches of the oldest rows. It reports whether that was all: it gives up when batches are short although
// there are more rows, because rows that stay are in the way.
func (c *clearing) byDate(ctx context.Context, expired int64) (done bool, err error) {
	a := args{dialect: c.e.dialect}
	statement := c.e.dialect.deleteBatch(&a, c.e.names, c.now, c.o.BatchSize)
	for short := 0; ; {
		n, err := c.batch(ctx, statement, a.values)
		if err != nil {
			return false, err
		}
		if n < int64(c.o.BatchSize) {
			left, err := c.count(ctx)
			if left == 0 || err != nil {
				return true, err
			}
			if short++; short == shortBatches {
				return false, nil
			}
		} else {
			short = 0
		}
		if c.removed >= expired {
			return true, nil
		}
		if err := c.pause(ctx); err != nil {
			return false, err
		}
	}
}

// byKey passes all expired rows once, in the order of their keys, and removes those that can be removed.
func (c *clearing) byKey(ctx context.Context) error {
	left, err := c.count(ctx)
	if err != nil {
		return err
	}
	kept := int64(0)
	var last *string
	for passed := int64(0); passed < left; {
		keys, err := c.page(ctx, last)
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			break
		}
		last = &keys[len(keys)-1]
		passed += int64(len(keys))
		a := args{dialect: c.e.dialect}
		in := make([]string, 0, len(keys))
		for _, key := range keys {
			in = append(in, a.add(key))
		}
		statement := fmt.Sprintf("DELETE FROM %s WHERE %s IN (%s) AND %s",
			c.e.names.table, c.e.names.key, strings.Join(in, ", "), c.expired(&a))
		n, err := c.batch(ctx, statement, a.values)
		if err != nil {
			return err
		}
		kept += int64(len(keys)) - n
		if err := c.pause(ctx); err != nil {
			return err
		}
	}
	if kept == 0 {
		return nil
	}
	if left, err = c.count(ctx); left == 0 || err != nil { // others have removed or renewed them
		return err
	}
	return &Error{Op: opClear, Kind: fmt.Errorf("%d expired sessions are still there: %w", min(kept, left), ErrKept)}
}

// page returns the next keys of expired rows.
func (c *clearing) page(ctx context.Context, after *string) ([]string, error) {
	a := args{dialect: c.e.dialect}
	query := fmt.Sprintf("SELECT %s FROM %s WHERE %s", c.e.names.key, c.e.names.table, c.expired(&a))
	if after != nil { // MariaDB may take "" for NULL, and then no key is greater
		query += fmt.Sprintf(" AND %s > %s", c.e.names.key, a.add(*after))
	}
	query += fmt.Sprintf(" ORDER BY %s LIMIT %d", c.e.names.key, min(c.o.BatchSize, maxKeys))
	return queryAll(ctx, &c.e.conn, opClear, query, a.values, func(rows *sql.Rows) (key string, err error) {
		err = rows.Scan(&key)
		return key, err
	})
}

// batch runs a statement that removes rows.
func (c *clearing) batch(ctx context.Context, statement string, values []any) (int64, error) {
	n, err := c.e.exec(ctx, opClear, statement, values...)
	c.removed += n
	if err == nil && c.o.Progress != nil {
		c.o.Progress(c.removed)
	}
	return n, err
}

// pause lets others use the database between two batches.
func (c *clearing) pause(ctx context.Context) error {
	if err := pause(ctx, c.o.Pause); err != nil {
		return fmt.Errorf("tables: %s: %w", opClear, err)
	}
	return nil
}
