package tables

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/djangosession"
)

// Load implements [djangosession.Engine]: one SELECT by primary key.
func (e *Engine) Load(ctx context.Context, key string) (*djangosession.Record, error) {
	const op = "load session"
	if !possibleKey(key) {
		return nil, djangosession.ErrNoSession
	}
	values := e.dialect.timeValues(e.load.keyValues(key, 2), e.nowStamp())
	var row struct{ data, expire string }
	err := e.queryRow(ctx, op, e.load.text, values, &row.data, &row.expire)
	if absent(err, key) {
		return nil, djangosession.ErrNoSession
	}
	if err != nil {
		return nil, err
	}
	d, err := e.codec.Decode(row.data)
	if err != nil {
		return nil, fmt.Errorf("tables: %s: %w", op, err)
	}
	return &djangosession.Record{Key: key, Data: d, ExpireDate: e.date(row.expire)}, nil
}

// newLoadQuery is the query of Load. It is the same for all times, because all stamps of
// the current time have the same form.
func (e *Engine) newLoadQuery() keyQuery {
	a := args{dialect: e.dialect}
	keyIs := e.dialect.keyIs(&a, e.names.key, "")
	keys := len(a.values)
	return keyQuery{keys: keys, text: fmt.Sprintf("SELECT %s, %s FROM %s WHERE %s AND %s > %s", e.names.data,
		e.dialect.timeText(e.names.expire), e.names.table, keyIs, e.names.expire, e.dialect.timeExpr(&a, e.stampAt(time.Time{})))}
}

// keyQuery is a query that is built once, because almost every request needs it.
type keyQuery struct {
	text string
	keys int // how many arguments contain the key
}

// keyValues returns the arguments that contain the key, with room for more.
func (q *keyQuery) keyValues(key any, more int) []any {
	values := make([]any, q.keys, q.keys+more)
	for i := range values {
		values[i] = key
	}
	return values
}

// absent reports whether an error means that no row has this key. Use it for single
// statements only: after a transaction, sql.ErrNoRows may come from a hook that looked
// for something else.
func absent(err error, key string) bool {
	return errors.Is(err, sql.ErrNoRows) || lacksCharacters(err, key)
}

// lacksCharacters reports whether an error means that the column cannot contain such a
// key.
func lacksCharacters(err error, key string) bool {
	return errors.Is(err, errCharacters) && !isASCII(key)
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
}

// Exists implements [djangosession.Engine].
func (e *Engine) Exists(ctx context.Context, key string) (bool, error) {
	if !possibleKey(key) {
		return false, nil
	}
	a := args{dialect: e.dialect}
	query := fmt.Sprintf("SELECT 1 FROM %s WHERE %s", e.names.table, e.dialect.keyIs(&a, e.names.key, key))
	var one int
	err := e.queryRow(ctx, "look for session", query, a.values, &one)
	if absent(err, key) {
		return false, nil
	}
	return err == nil, err
}
