package tables

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/djangobridge/djangobridge/djangosession"
)

// A Hook is called with a session that a transaction has stored, before the COMMIT and
// while the row is locked. If it returns an error, the transaction is rolled back and the
// call returns that error. It is called again if the transaction is repeated after a
// conflict. The transaction may also fail after the last call. A Hook keeps the session
// in another store too; it must be fast, and must not change the record. It may use this
// database only with its context and this package, for a [Cache] on the same [sql.DB],
// whose statements become part of the transaction. Package caches has one for cached_db.
type Hook = func(ctx context.Context, stored *djangosession.Record) error

// SaveWith is [Engine.Save] with a [Hook].
func (e *Engine) SaveWith(ctx context.Context, r *djangosession.Record, hook Hook) error {
	if !possibleKey(r.Key) {
		return djangosession.ErrSessionGone
	}
	row, err := e.update(ctx, r)
	if err != nil {
		return err
	}
	_, err = e.transact(ctx, "save session", func(tx *sql.Conn) (refused, err error) {
		n, err := affected(tx.ExecContext(ctx, row.statement, row.values...))
		if err != nil {
			return nil, err
		}
		if n == 0 {
			exists := false
			if e.dialect.countsChanges() {
				if exists, err = e.existsIn(ctx, tx, r.Key); err != nil {
					return nil, err
				}
			}
			if !exists {
				return djangosession.ErrSessionGone, nil
			}
		}
		return callHook(e.joinable(ctx, tx), hook, row.record), nil
	})
	if lacksCharacters(err, r.Key) {
		return djangosession.ErrSessionGone
	}
	return err
}

// existsIn reports whether a session exists, as part of a transaction.
func (e *Engine) existsIn(ctx context.Context, tx *sql.Conn, key string) (bool, error) {
	a := args{dialect: e.dialect}
	query := fmt.Sprintf("SELECT 1 FROM %s WHERE %s", e.names.table, e.dialect.keyIs(&a, e.names.key, key))
	var one int
	err := tx.QueryRowContext(ctx, query, a.values...).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// Locked calls do with the session that has this key, expired or not, while it is locked
// against other writers. It waits for their transactions to end. stored is nil if the
// session does not exist. do may be called again after a conflict. The error is that of
// do or of the database.
func (e *Engine) Locked(
	ctx context.Context, key string, do func(ctx context.Context, stored *djangosession.Record) error,
) error {
	if !possibleKey(key) {
		return do(ctx, nil)
	}
	const op = "lock session"
	_, err := e.transact(ctx, op, func(tx *sql.Conn) (refused, err error) {
		stored, err := e.lockRow(ctx, tx, op, key)
		if err != nil {
			return nil, err
		}
		return do(e.joinable(ctx, tx), stored), nil
	})
	return err
}

// callHook calls a hook that may be nil.
func callHook(ctx context.Context, hook Hook, stored *djangosession.Record) error {
	if hook == nil {
		return nil
	}
	return hook(ctx, stored)
}
