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
	// shortBatches is how many consecutive batches may be short, because other processes
	// delete or renew sessions, before the rows are removed by key.
	shortBatches = 3
	// maxKeys is how many keys one statement names, because databases limit arguments.
	maxKeys = 500
)

// ClearExpired implements [djangosession.Engine]. Django uses one statement, which holds
// its locks on a large table for as long as it runs. ClearExpired uses one statement per
// batch, and leaves sessions alone that are renewed in between. It removes the oldest
// sessions first, or goes through the table in its physical order where that is faster. A
// run that was stopped can be continued by another.
//
// The error is an [ErrKept] if rows remain because of a trigger, a rule or row security.
// The other rows are removed nevertheless. ClearExpired ends even while other processes
// keep adding expired rows. These rows, and older ones if batches are smaller than what
// is added in the same time, may be left to the next run.
func (e *Engine) ClearExpired(ctx context.Context, o djangosession.ClearOptions) (int64, error) {
	c := clearing{e: e, now: e.nowStamp(), o: o}
	var err error
	c.expired, err = c.count(ctx)
	if o.DryRun || err != nil {
		return c.expired, err
	}
	if o.Counted != nil {
		o.Counted(c.expired)
	}
	c.pace = newPace(o, e.dialect.locksRows())
	done, err := c.byBlock(ctx)
	if err == nil && !done {
		done, err = c.byDate(ctx)
	}
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
	pace    pace
	expired int64 // rows at the start
	removed int64
	oldest  *stamp // no expired row is older; nil if that is unknown
}

const opClear = "clear expired sessions"

// count returns how many rows have expired.
func (c *clearing) count(ctx context.Context) (n int64, err error) {
	a := args{dialect: c.e.dialect}
	query := fmt.Sprintf("SELECT COUNT(*) FROM %s WHERE %s", c.e.names.table, c.isExpired(&a))
	err = c.e.queryRow(ctx, opClear, query, a.values, &n)
	return n, err
}

// isExpired is the condition that a row has expired.
func (c *clearing) isExpired(a *args) string {
	return c.e.names.expire + " < " + c.e.dialect.timeExpr(a, c.now)
}

// byDate removes batches of the oldest rows. It reports whether that was all. It gives up
// if batches are short although more rows have expired, because the oldest rows cannot be
// removed.
func (c *clearing) byDate(ctx context.Context) (done bool, err error) {
	for short := 0; ; {
		a := args{dialect: c.e.dialect}
		size := c.pace.size
		n, err := c.batch(ctx, c.e.dialect.deleteBatch(&a, c.e.names, c.oldest, c.now, size), a.values)
		if err != nil {
			return false, err
		}
		if n < int64(size) {
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
		if c.removed >= c.expired {
			return true, nil
		}
		if err := c.pause(ctx); err != nil {
			return false, err
		}
		if err := c.findOldest(ctx); err != nil {
			return false, err
		}
	}
}

// findOldest finds the date at which the next batch begins. Without it, databases with row
// locks search all that was removed again, because it stays in the index until a cleanup.
func (c *clearing) findOldest(ctx context.Context) error {
	if !c.e.dialect.locksRows() {
		return nil
	}
	a := args{dialect: c.e.dialect}
	query := fmt.Sprintf("SELECT %s FROM %s WHERE %s ORDER BY %s LIMIT 1", c.e.dialect.timeText(c.e.names.expire), c.e.names.table,
		c.e.names.expiredSince(&a, c.oldest, c.now), c.e.names.expire)
	dates, err := queryAll(ctx, &c.e.conn, opClear, query, a.values, func(rows *sql.Rows) (text string, err error) {
		err = rows.Scan(&text)
		return text, err
	})
	c.oldest = nil
	if err != nil || len(dates) == 0 {
		return err
	}
	if d, ok := c.e.dialect.parseTime(dates[0]); ok {
		c.oldest = &stamp{wall: d.Time, instant: d.Time}
	}
	return nil
}

// byKey visits all expired rows once, ordered by key, and removes those that can be
// removed.
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
			c.e.names.table, c.e.names.key, strings.Join(in, ", "), c.isExpired(&a))
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
	if left, err = c.count(ctx); left == 0 || err != nil { // other processes removed or renewed them
		return err
	}
	return &Error{Op: opClear, Kind: fmt.Errorf("%d expired sessions are still there: %w", min(kept, left), ErrKept)}
}

// page returns the next keys of expired rows.
func (c *clearing) page(ctx context.Context, after *string) ([]string, error) {
	a := args{dialect: c.e.dialect}
	query := fmt.Sprintf("SELECT %s FROM %s WHERE %s", c.e.names.key, c.e.names.table, c.isExpired(&a))
	if after != nil { // MariaDB can take "" for NULL, and then no key is greater
		query += fmt.Sprintf(" AND %s > %s", c.e.names.key, a.add(*after))
	}
	query += fmt.Sprintf(" ORDER BY %s LIMIT %d", c.e.names.key, min(c.pace.size, maxKeys))
	return queryAll(ctx, &c.e.conn, opClear, query, a.values, func(rows *sql.Rows) (key string, err error) {
		err = rows.Scan(&key)
		return key, err
	})
}

// batch runs a statement that removes rows. Where it locks the whole database, the time of
// the batch is that of the lock, without the time to get it.
func (c *clearing) batch(ctx context.Context, statement string, values []any) (n int64, err error) {
	start := time.Now()
	if c.e.dialect.locksRows() {
		n, err = c.e.exec(ctx, opClear, statement, values...)
	} else {
		_, err = c.e.transact(ctx, opClear, func(tx *sql.Conn) (refused, err error) {
			start = time.Now()
			n, err = affected(tx.ExecContext(ctx, statement, values...))
			return nil, err
		})
	}
	if err != nil {
		return 0, err
	}
	c.pace.took(time.Since(start))
	c.removed += n
	if c.o.Progress != nil {
		c.o.Progress(c.removed)
	}
	return n, nil
}

// pause lets other processes use the database between two batches.
func (c *clearing) pause(ctx context.Context) error {
	if err := pause(ctx, c.pace.pause); err != nil {
		return fmt.Errorf("tables: %s: %w", opClear, err)
	}
	return nil
}
