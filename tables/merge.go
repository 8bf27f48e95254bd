package tables

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/djangobridge/djangobridge/djangosession"
)

// Merge implements [djangosession.Merger]: one transaction locks and reads the row, and
// writes the change. After an [ErrUnavailable] or the end of the context, the change may
// or may not be stored; merging it again is safe.
func (e *Engine) Merge(ctx context.Context, key string, change func(*djangosession.Record) error) error {
	return e.MergeWith(ctx, key, change, nil)
}

// MergeWith is Merge with a [Hook].
func (e *Engine) MergeWith(ctx context.Context, key string, change func(*djangosession.Record) error, hook Hook) error {
	if !possibleKey(key) {
		return djangosession.ErrSessionGone
	}
	const op = "merge session"
	unsure, err := e.transact(ctx, op, func(tx *sql.Conn) (refused, err error) {
		r, err := e.lockRow(ctx, tx, op, key)
		if err != nil {
			return nil, err
		}
		if r == nil {
			return djangosession.ErrSessionGone, nil
		}
		if refused := change(r); refused != nil {
			return refused, nil
		}
		row, refused := e.update(ctx, r)
		if refused != nil {
			return refused, nil
		}
		if _, err = tx.ExecContext(ctx, row.statement, row.values...); err != nil {
			return nil, err
		}
		return callHook(e.joinable(ctx, tx), hook, row.record), nil
	})
	switch {
	case lacksCharacters(err, key):
		return djangosession.ErrSessionGone
	case unsure && (ctx.Err() != nil || errors.Is(err, ErrUnavailable)):
		return lostCommit(err)
	}
	return err
}

// lockRow reads a session, expired or not, and prevents other writes for the rest of the
// transaction. It returns nil if the session does not exist.
func (e *Engine) lockRow(ctx context.Context, tx *sql.Conn, op, key string) (*djangosession.Record, error) {
	a := args{dialect: e.dialect}
	query := fmt.Sprintf("SELECT %s, %s FROM %s WHERE %s",
		e.names.data, e.dialect.timeText(e.names.expire), e.names.table, e.dialect.keyIs(&a, e.names.key, key))
	if e.dialect.locksRows() {
		query += " FOR UPDATE"
	}
	var data, expire string
	err := tx.QueryRowContext(ctx, query, a.values...).Scan(&data, &expire)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // the session does not exist
	}
	if err != nil {
		return nil, err
	}
	r := &djangosession.Record{Key: key, ExpireDate: e.date(expire)}
	d, err := e.codec.Decode(data)
	if err != nil {
		r.Err = fmt.Errorf("tables: %s: %w", op, err)
		return r, nil
	}
	r.Data = d
	return r, nil
}
