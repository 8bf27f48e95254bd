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
	a := args{dialect: e.dialect}
	e.loadArgs(&a, key, e.nowStamp())
	var data, expire string
	err := e.queryRow(ctx, op, e.loadQuery, a.values, &data, &expire)
	if absent(err, key) {
		return nil, djangosession.ErrNoSession
	}
	if err != nil {
		return nil, err
	}
	d, err := e.codec.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("tables: %s: %w", op, err)
	}
	return &djangosession.Record{Key: key, Data: d, ExpireDate: e.date(expire)}, nil
}

// newLoadQuery is the query of Load. It is the same for all keys and times, because all
// stamps of the current time have the same form.
func (e *Engine) newLoadQuery() string {
	a := args{dialect: e.dialect}
	keyIs, now := e.loadArgs(&a, "", e.stampAt(time.Time{}))
	return fmt.Sprintf("SELECT %s, %s FROM %s WHERE %s AND %s > %s",
		e.names.data, e.dialect.timeText(e.names.expire), e.names.table, keyIs, e.names.expire, now)
}

// loadArgs adds the arguments of Load's query. It returns the condition on the key and
// the expression for the time.
func (e *Engine) loadArgs(a *args, key string, now stamp) (keyIs, nowExpr string) {
	keyIs = e.dialect.keyIs(a, e.names.key, key)
	return keyIs, e.dialect.timeExpr(a, now)
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
