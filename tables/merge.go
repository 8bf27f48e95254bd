package tables

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/djangobridge/djangobridge/djangosession"
)

// Merge implements [djangosession.Merger]: in one transaction the row is locked and read, changed and written. After an
// [ErrUnavailable] the change may be stored or not; merging it again does no harm.
func (e *Engine) Merge(ctx context.Context, key string, change func(*djangosession.Record) error) error {
	if !possibleKey(key) {
		return djangosession.ErrSessionGone
	}
	const op = "merge session"
	_, err := e.transact(ctx, op, func(tx *sql.Tx) (refused, err error) {
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
		statement, values := e.remove(key)
		if r.Data != nil {
			if statement, values, refused = e.update(ctx, r); refused != nil {
				return refused, nil
			}
		}
		_, err = tx.ExecContext(ctx, statement, values...)
		return nil, err
	})
	if errors.Is(err, djangosession.ErrNoSession) {
		return djangosession.ErrSessionGone
	}
	return err
}

// lockRow reads a session, expired or not, and keeps others from writing it while the transaction lasts; nil if it is gone.
func (e *Engine) lockRow(ctx context.Context, tx *sql.Tx, op, key string) (*djangosession.Record, error) {
	if !e.dialect.locksRows() { // then writing the row is what takes the lock, and has to come before reading
		a := args{dialect: e.dialect}
		lock := fmt.Sprintf("UPDATE %[1]s SET %[2]s = %[2]s WHERE %[2]s = %[3]s", e.names.table, e.names.key, a.add(key))
		if _, err := tx.ExecContext(ctx, lock, a.values...); err != nil {
			return nil, err
		}
	}
	a := args{dialect: e.dialect}
	query := fmt.Sprintf("SELECT %s, %s, %s FROM %s WHERE %s = %s",
		e.names.key, e.names.data, e.dialect.timeText(e.names.expire), e.names.table, e.names.key, a.add(key))
	if e.dialect.locksRows() {
		query += " FOR UPDATE"
	}
	var stored, data, expire string
	err := tx.QueryRowContext(ctx, query, a.values...).Scan(&stored, &data, &expire)
	if errors.Is(err, sql.ErrNoRows) || err == nil && stored != key {
		return nil, nil //nolint:nilnil // there is none
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
