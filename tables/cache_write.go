package tables

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

const writesCache = "write to the cache"

// encode returns the column value.
func (c *Cache) encode(value *py.Dict) (string, error) {
	data, err := c.format.Dumps(value)
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(data), nil
}

// expires returns the second at which a value expires that is stored now.
func (c *Cache) expires(timeout time.Duration) (stamp, error) {
	at := c.stampAt(c.now().Add(timeout).Round(time.Microsecond).Truncate(time.Second))
	if at.wall.Year() > 9999 { // Python has no such date
		return stamp{}, fmt.Errorf("tables: %s: %w", writesCache, errDateRange)
	}
	return at, nil
}

// live is the condition that a row has not expired.
func (c *Cache) live(a *args) string {
	return fmt.Sprintf("NOT %s < %s", c.names.expire, c.dialect.timeExpr(a, c.nowStamp()))
}

// newRow returns the columns of a new value, and makes room for it if the cache is full.
// A value that has expired already is only checked.
func (c *Cache) newRow(ctx context.Context, key string, value *py.Dict, timeout time.Duration) (string, stamp, error) {
	if err := c.CheckKey(key); err != nil {
		return "", stamp{}, err
	}
	text, err := c.encode(value)
	if err != nil || timeout <= 0 {
		return "", stamp{}, err
	}
	expires, err := c.expires(timeout)
	if err != nil {
		return "", stamp{}, err
	}
	return text, expires, c.cull(ctx)
}

// Add implements [caches.Cache]. It makes room if the cache is full, and then stores the
// value with one INSERT, or two statements on MySQL if an expired value is in the way.
func (c *Cache) Add(ctx context.Context, key string, value *py.Dict, timeout time.Duration) error {
	text, expires, err := c.newRow(ctx, key, value, timeout)
	if err != nil {
		return err
	}
	if timeout <= 0 {
		return c.mustMiss(ctx, key)
	}
	a := args{dialect: c.dialect}
	statement := c.insert(&a, key, text, expires) +
		c.dialect.orUpdate(c.names, func() string { return c.dialect.timeExpr(&a, c.nowStamp()) })
	n, unsure, err := c.write(ctx, writesCache, statement, a.values)
	switch {
	case unsure:
		return c.settleAdd(ctx, key, text, statement, a.values, err)
	case errors.Is(err, djangosession.ErrKeyTaken): // the INSERT does nothing else then
		if n, err = c.revive(ctx, key, text, expires); err == nil && n == 0 {
			return caches.ErrExists
		}
		return tooLong(err)
	case lacksCharacters(err, key):
		return djangosession.ErrBadKey
	case err == nil && n == 0:
		return caches.ErrExists
	}
	return tooLong(err)
}

// settleAdd finds out whether a value was stored whose COMMIT failed with the error lost.
// Inserting it again waits for a transaction that has not ended yet. If the key exists
// then, the value may be that of another process.
func (c *Cache) settleAdd(ctx context.Context, key, text, statement string, values []any, lost error) error {
	stored := ""
	err := settle(ctx, func(ctx context.Context) error {
		_, err := c.transact(ctx, writesCache, func(tx *sql.Conn) (refused, err error) {
			n, err := affected(tx.ExecContext(ctx, statement, values...))
			switch {
			case err == nil && n == 0, err != nil && errors.Is(c.dialect.cause(err), djangosession.ErrKeyTaken):
				return caches.ErrExists, nil
			case err == nil:
				return errNotStored, nil
			}
			return nil, err
		})
		if errors.Is(err, caches.ErrExists) {
			var missed error
			if stored, _, missed = c.row(ctx, key); missed != nil && !errors.Is(missed, caches.ErrMiss) {
				return missed
			}
		}
		return err
	})
	switch {
	case errors.Is(err, caches.ErrExists) && stored == text:
		return nil
	case errors.Is(err, caches.ErrExists):
		return caches.ErrExists
	case errors.Is(err, errNotStored):
		return lost
	}
	return unsettled(lost, err)
}

// mustMiss returns ErrExists if a key exists.
func (c *Cache) mustMiss(ctx context.Context, key string) error {
	_, err := c.Get(ctx, key)
	switch {
	case errors.Is(err, caches.ErrMiss):
		return nil
	case err == nil, errors.Is(err, djangosession.ErrUnknownFormat):
		return caches.ErrExists
	}
	return err
}

// insert is a statement that stores a new value.
func (c *Cache) insert(a *args, key, text string, expires stamp) string {
	return fmt.Sprintf("INSERT INTO %s (%s, %s, %s) VALUES (%s, %s, %s)", c.names.table,
		c.names.key, c.names.data, c.names.expire, a.add(key), a.add(text), c.dialect.timeExpr(a, expires))
}

// revive stores a value in place of an expired one, and returns the number of rows.
func (c *Cache) revive(ctx context.Context, key, text string, expires stamp) (int64, error) {
	a := args{dialect: c.dialect}
	statement := c.update(&a, text, expires) + c.dialect.keyIs(&a, c.names.key, key) +
		fmt.Sprintf(" AND %s < %s", c.names.expire, c.dialect.timeExpr(&a, c.nowStamp()))
	n, _, err := c.write(ctx, writesCache, statement, a.values)
	return n, err
}

// update is the beginning of a statement that changes a value. The condition follows.
func (c *Cache) update(a *args, text string, expires stamp) string {
	return fmt.Sprintf("UPDATE %s SET %s = %s, %s = %s WHERE ", c.names.table,
		c.names.data, a.add(text), c.names.expire, c.dialect.timeExpr(a, expires))
}

// Set implements [caches.Cache]: one INSERT that changes an existing row, after making
// room if the cache is full.
func (c *Cache) Set(ctx context.Context, key string, value *py.Dict, timeout time.Duration) error {
	text, expires, err := c.newRow(ctx, key, value, timeout)
	if err != nil {
		return err
	}
	if timeout <= 0 {
		return c.Delete(ctx, key)
	}
	a := args{dialect: c.dialect}
	statement := c.insert(&a, key, text, expires) + c.dialect.orUpdate(c.names, nil)
	_, _, err = c.write(ctx, writesCache, statement, a.values)
	if lacksCharacters(err, key) {
		return djangosession.ErrBadKey
	}
	return tooLong(err)
}

// Replace implements [caches.Cache]: one UPDATE by primary key.
func (c *Cache) Replace(ctx context.Context, key string, value *py.Dict, timeout time.Duration) error {
	return c.replace(ctx, key, nil, value, timeout)
}

// Swap implements [caches.Cache]: one UPDATE or DELETE by primary key and value.
func (c *Cache) Swap(ctx context.Context, key string, old *caches.Item, value *py.Dict, timeout time.Duration) error {
	if old == nil {
		return caches.ErrChanged
	}
	return c.replace(ctx, key, old, value, timeout)
}

// replace stores a value in place of another, which must be old unless that is nil. It
// removes the row if value is nil or has expired already.
func (c *Cache) replace(ctx context.Context, key string, old *caches.Item, value *py.Dict, timeout time.Duration) error {
	if !c.possible(key) {
		return caches.ErrMiss
	}
	a := args{dialect: c.dialect}
	var statement, text string
	if value != nil {
		var err error
		if text, err = c.encode(value); err != nil {
			return err
		}
	}
	if value == nil || timeout <= 0 {
		statement = fmt.Sprintf("DELETE FROM %s WHERE ", c.names.table)
	} else {
		expires, err := c.expires(timeout)
		if err != nil {
			return err
		}
		statement = c.update(&a, text, expires)
	}
	statement += c.dialect.keyIs(&a, c.names.key, key) + " AND " + c.live(&a)
	if old != nil {
		version, _ := old.Version.(cacheVersion)
		statement += " AND " + c.dialect.keyIs(&a, c.names.data, version.value)
	}
	for {
		n, _, err := c.write(ctx, writesCache, statement, a.values)
		switch {
		case lacksCharacters(err, key):
			return caches.ErrMiss
		case err != nil || n > 0:
			return tooLong(err)
		}
		err = c.settleReplace(ctx, key, old, text)
		if old != nil || !errors.Is(err, caches.ErrChanged) {
			return err
		}
	}
}

// settleReplace finds out why no row was changed. MySQL does not count a row that has the
// new values already. The error is ErrChanged if there is another value now.
func (c *Cache) settleReplace(ctx context.Context, key string, old *caches.Item, text string) error {
	if old == nil && !c.dialect.countsChanges() {
		return caches.ErrMiss
	}
	stored, expires, err := c.row(ctx, key)
	if err != nil {
		return err
	}
	version := cacheVersion{text}
	if old != nil {
		version, _ = old.Version.(cacheVersion)
	}
	switch left, ok := c.left(expires); {
	case ok && left < 0, !ok && old == nil:
		return caches.ErrMiss
	case stored == text && version.value == text && c.dialect.countsChanges():
		return nil
	}
	return caches.ErrChanged
}

// Delete implements [caches.Cache]: one DELETE by primary key.
func (c *Cache) Delete(ctx context.Context, key string) error {
	if !c.possible(key) {
		return nil
	}
	a := args{dialect: c.dialect}
	statement := fmt.Sprintf("DELETE FROM %s WHERE %s", c.names.table, c.dialect.keyIs(&a, c.names.key, key))
	_, err := c.exec(ctx, "delete from the cache", statement, a.values...)
	if absent(err, key) {
		return nil
	}
	return err
}
