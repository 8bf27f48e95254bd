package tables

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

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
	var stored, data, expire string
	err := e.queryRow(ctx, op, e.loadQuery, a.values, &stored, &data, &expire)
	if errors.Is(err, sql.ErrNoRows) || errors.Is(err, djangosession.ErrNoSession) {
		return nil, djangosession.ErrNoSession
	}
	if err != nil {
		return nil, err
	}
	// Some databases find "KEY" and "key " under "key". A key is a secret, and near it is not it.
	if stored != key {
		return nil, djangosession.ErrNoSession
	}
	d, err := e.codec.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("tables: %s: %w", op, err)
	}
	return &djangosession.Record{Key: key, Data: d, ExpireDate: e.date(expire)}, nil
}

// newLoadQuery is the query of Load. It is the same for all keys and at all times, for stamps of now are all of one kind.
func (e *Engine) newLoadQuery() string {
	a := args{dialect: e.dialect}
	key, now := e.loadArgs(&a, "", e.stampAt(time.Time{}))
	return fmt.Sprintf("SELECT %s, %s, %s FROM %s WHERE %s = %s AND %s > %s",
		e.names.key, e.names.data, e.dialect.timeText(e.names.expire), e.names.table,
		e.names.key, key, e.names.expire, now)
}

// loadArgs adds the arguments of Load's query, and returns the expressions for them.
func (e *Engine) loadArgs(a *args, key string, now stamp) (keyExpr, nowExpr string) {
	keyExpr = a.add(key)
	return keyExpr, e.dialect.timeExpr(a, now)
}

// Exists implements [djangosession.Engine].
func (e *Engine) Exists(ctx context.Context, key string) (bool, error) {
	if !possibleKey(key) {
		return false, nil
	}
	a := args{dialect: e.dialect}
	query := fmt.Sprintf("SELECT 1 FROM %s WHERE %s = %s", e.names.table, e.names.key, a.add(key))
	var one int
	err := e.queryRow(ctx, "look for session", query, a.values, &one)
	if errors.Is(err, sql.ErrNoRows) || errors.Is(err, djangosession.ErrNoSession) {
		return false, nil
	}
	return err == nil, err
}
