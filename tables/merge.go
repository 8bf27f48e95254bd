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
	var refused error // by what is no fault of the database
	err := e.untilUnlocked(ctx, "merge session", func() error {
		tx, err := e.db.BeginTx(ctx, e.dialect.txOptions())
		if err != nil {
			return err
		}
		defer tx.Rollback() //nolint:errcheck // after a Commit it does nothing, and else the error before it matters
		if refused, err = e.mergeIn(ctx, tx, key, change); refused != nil || err != nil {
			return err
		}
		return tx.Commit()
	})
	switch {
	case refused != nil:
		return refused
	case errors.Is(err, djangosession.ErrNoSession):
		return djangosession.ErrSessionGone
	}
	return err
}

func (e *Engine) mergeIn(
	ctx context.Context, tx *sql.Tx, key string, change func(*djangosession.Record) error,
) (refused, err error) {
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
	err = tx.QueryRowContext(ctx, query, a.values...).Scan(&stored, &data, &expire)
	if errors.Is(err, sql.ErrNoRows) || err == nil && stored != key {
		return djangosession.ErrSessionGone, nil
	}
	if err != nil {
		return nil, err
	}
	r := &djangosession.Record{Key: key, ExpireDate: e.date(expire)}
	if d, err := e.codec.Decode(data); err == nil {
		r.Data = d
	} else {
		r.Err = fmt.Errorf("tables: merge session: %w", err)
	}
	if refused := change(r); refused != nil {
		return refused, nil
	}
	if r.Data == nil {
		statement, values := e.remove(key)
		_, err := tx.ExecContext(ctx, statement, values...)
		return nil, err
	}
	statement, values, refused := e.update(r)
	if refused != nil {
		return refused, nil
	}
	_, err = tx.ExecContext(ctx, statement, values...)
	return nil, err
}
