package tables

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/internal/pybase64"
	"github.com/djangobridge/djangobridge/py"
)

// cacheVersion identifies a value for Swap.
type cacheVersion struct{ value string }

// newGetQuery is the query of Get.
func (c *Cache) newGetQuery() keyQuery {
	a := args{dialect: c.dialect}
	text := fmt.Sprintf("SELECT %s, %s FROM %s WHERE %s",
		c.names.data, c.dialect.timeText(c.names.expire), c.names.table, c.dialect.keyIs(&a, c.names.key, ""))
	return keyQuery{text: text, keys: len(a.values)}
}

// Get implements [caches.Cache]: one SELECT by primary key. Unlike Django's, it leaves a
// value that has expired where it is.
func (c *Cache) Get(ctx context.Context, key string) (*caches.Item, error) {
	if !c.possible(key) {
		return nil, caches.ErrMiss
	}
	value, expires, err := c.row(ctx, key)
	if err != nil {
		return nil, err
	}
	item := &caches.Item{Version: cacheVersion{value}}
	left, ok := c.left(expires)
	switch {
	case !ok:
		return item, caches.UnknownFormat(errNoDate)
	case left < 0:
		return nil, caches.ErrMiss
	}
	item.Left = left
	item.Value, err = c.decode(value)
	return item, err
}

// row returns the row of a key as it is stored, or ErrMiss.
func (c *Cache) row(ctx context.Context, key string) (value, expires string, err error) {
	query := c.get.text + c.lockInJoined(ctx)
	err = c.queryRow(ctx, "read from the cache", query, c.get.keyValues(key, 0), &value, &expires)
	if absent(err, key) {
		return "", "", caches.ErrMiss
	}
	return value, expires, err
}

var (
	errNoDate   = errors.New("the column expires contains no date")
	errNoBase64 = errors.New("the value is not base64")
)

// left returns the time until a value expires, which is negative if it has expired. As in
// Django, clock readings are compared where USE_TZ is false.
func (c *Cache) left(expires string) (left time.Duration, ok bool) {
	date := c.date(expires)
	if date.Time.IsZero() {
		return 0, false
	}
	now := c.now()
	if !c.useTZ {
		now = py.NaiveIn(now, c.loc).Time
	}
	return date.Time.Sub(now), true
}

// decode returns the dict in the column value.
func (c *Cache) decode(text string) (*py.Dict, error) {
	var data []byte
	var err error
	if c.strict {
		if strings.ContainsAny(text, "\r\n") { // which Go ignores
			return nil, caches.UnknownFormat(errNoBase64)
		}
		data, err = base64.StdEncoding.DecodeString(text)
	} else {
		data, err = pybase64.Decode(make([]byte, 0, len(text)/4*3+3), text, 0, false)
	}
	if err != nil {
		return nil, caches.UnknownFormat(errNoBase64)
	}
	return c.format.Loads(data)
}

// Exists implements [caches.Cache]. As in Django, a value no longer exists at the second
// at which it expires, although Get returns it at the beginning of that second.
func (c *Cache) Exists(ctx context.Context, key string) (bool, error) {
	if !c.possible(key) {
		return false, nil
	}
	a := args{dialect: c.dialect}
	query := fmt.Sprintf("SELECT 1 FROM %s WHERE %s AND %s > %s", c.names.table, c.dialect.keyIs(&a, c.names.key, key),
		c.names.expire, c.dialect.timeExpr(&a, c.stampAt(c.now().Truncate(time.Second))))
	var one int
	err := c.queryRow(ctx, "look into the cache", query+c.lockInJoined(ctx), a.values, &one)
	if absent(err, key) {
		return false, nil
	}
	return err == nil, err
}

// Keys implements [caches.Lister]. It reads page by page, and does not hold a connection
// while the loop body runs.
func (c *Cache) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var last *string
		for {
			page, err := c.keys(ctx, prefix, last)
			if err != nil {
				yield("", err)
				return
			}
			for _, key := range page {
				if strings.HasPrefix(key, prefix) && !yield(key, nil) {
					return
				}
			}
			if len(page) < rowsPage {
				return
			}
			last = &page[len(page)-1]
		}
	}
}

// keys returns the next keys with a prefix, and perhaps others that the database takes
// for such.
func (c *Cache) keys(ctx context.Context, prefix string, after *string) ([]string, error) {
	a := args{dialect: c.dialect}
	pattern := strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(prefix) + "%"
	query := fmt.Sprintf("SELECT %s FROM %s WHERE %s LIKE %s ESCAPE '!' AND NOT %s < %s",
		c.names.key, c.names.table, c.names.key, a.add(pattern), c.names.expire, c.dialect.timeExpr(&a, c.nowStamp()))
	if after != nil {
		query += fmt.Sprintf(" AND %s > %s", c.names.key, a.add(*after))
	}
	query += fmt.Sprintf(" ORDER BY %s LIMIT %d", c.names.key, rowsPage)
	return queryAll(ctx, &c.conn, "list the keys of the cache", query, a.values, func(rows *sql.Rows) (key string, err error) {
		err = rows.Scan(&key)
		return key, err
	})
}
