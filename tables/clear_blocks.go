package tables

import (
	"context"
	"database/sql"
)

// byBlock removes the expired rows of the table block by block, if more rows have expired
// than the table has blocks. Each block is then read and written once, and not once for
// each of its rows. It reports whether that was all: rows may remain that other processes
// moved, or that cannot be removed.
func (c *clearing) byBlock(ctx context.Context) (done bool, err error) {
	blocks, err := c.blocks(ctx)
	if err != nil || blocks == 0 || c.expired < blocks {
		return false, err
	}
	for from := int64(0); from < blocks && c.removed < c.expired; {
		to := from + int64(c.pace.size)
		a := args{dialect: c.e.dialect}
		if _, err := c.batch(ctx, c.e.dialect.deleteBlocks(&a, c.e.names, c.now, from, to), a.values); err != nil {
			return false, err
		}
		from = to
		if err := c.pause(ctx); err != nil {
			return false, err
		}
	}
	return c.removed >= c.expired, nil
}

// blocks returns the number of blocks of the table, or 0 if its rows cannot be removed by
// block.
func (c *clearing) blocks(ctx context.Context) (int64, error) {
	a := args{dialect: c.e.dialect}
	query := c.e.dialect.blocks(&a, c.e.names)
	if query == "" || c.expired == 0 || c.o.BatchSize > 0 { // which limits rows, not blocks
		return 0, nil
	}
	found, err := queryAll(ctx, &c.e.conn, opClear, query, a.values, func(rows *sql.Rows) (n int64, err error) {
		err = rows.Scan(&n)
		return n, err
	})
	switch {
	case ctx.Err() != nil:
		return 0, err
	case err != nil, len(found) == 0:
		return 0, nil //nolint:nilerr // a server that only resembles the product
	}
	return found[0], nil
}
