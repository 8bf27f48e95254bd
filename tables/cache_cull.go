package tables

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const cullsCache = "make room in the cache"

// cull removes values if the cache has more than MAX_ENTRIES. Matches the beginning of
// _base_set, and _cull.
func (c *Cache) cull(ctx context.Context) error {
	full, err := c.count(ctx, fmt.Sprintf("(SELECT 1 FROM %s LIMIT %d) AS counted", c.names.table, max(0, c.maxEntries)+1))
	if err != nil || full <= int64(c.maxEntries) {
		return err
	}
	if c.frequency == 0 {
		_, err := c.exec(ctx, cullsCache, "DELETE FROM "+c.names.table)
		return err
	}
	count, err := c.count(ctx, c.names.table)
	if err != nil {
		return err
	}
	a := args{dialect: c.dialect}
	expired := fmt.Sprintf("DELETE FROM %s WHERE %s < %s", c.names.table, c.names.expire,
		c.dialect.timeExpr(&a, c.stampAt(c.now().Truncate(time.Second))))
	removed, err := c.exec(ctx, cullsCache, expired, a.values...)
	if err != nil {
		return err
	}
	if count -= removed; count <= int64(c.maxEntries) {
		return nil
	}
	return c.cullFirst(ctx, count/int64(c.frequency))
}

// count returns the number of rows of a table.
func (c *Cache) count(ctx context.Context, table string) (n int64, err error) {
	err = c.queryRow(ctx, cullsCache, "SELECT COUNT(*) FROM "+table, nil, &n)
	return n, err
}

// cullFirst removes the first n values in the order of their keys.
func (c *Cache) cullFirst(ctx context.Context, n int64) error {
	if n < 0 {
		return nil
	}
	var key string
	query := fmt.Sprintf("SELECT %[1]s FROM %[2]s ORDER BY %[1]s LIMIT 1 OFFSET %[3]d", c.names.key, c.names.table, n)
	err := c.queryRow(ctx, cullsCache, query, nil, &key)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	a := args{dialect: c.dialect}
	smaller := fmt.Sprintf("DELETE FROM %s WHERE %s < %s", c.names.table, c.names.key, a.add(key))
	_, err = c.exec(ctx, cullsCache, smaller, a.values...)
	return err
}
