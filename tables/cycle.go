package tables

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/djangobridge/djangobridge/djangosession"
)

const opCycle = "change session key"

// errKept refuses a change of key after which the old key would still work.
var errKept = fmt.Errorf("the old key would still work: %w", ErrKept)

// Cycle implements [djangosession.Engine]: one transaction locks and reads the old row,
// inserts the new one, and deletes the old one. If the response to the COMMIT is lost,
// Cycle looks for the two rows for at most two seconds. If that fails too, the error is
// an [ErrUnavailable] and the change may or may not have happened; see "Lost responses"
// in the package documentation.
func (e *Engine) Cycle(ctx context.Context, old string, change func(*djangosession.Record) error) error {
	return e.CycleWith(ctx, old, change, nil)
}

// CycleWith is Cycle with a [Hook].
func (e *Engine) CycleWith(ctx context.Context, old string, change func(*djangosession.Record) error, hook Hook) error {
	if !possibleKey(old) {
		return djangosession.ErrSessionGone
	}
	if err := e.checkOnce(ctx); err != nil {
		return err
	}
	var created string
	unsure, err := e.transact(ctx, opCycle, func(tx *sql.Conn) (refused, err error) {
		r, err := e.lockRow(ctx, tx, opCycle, old)
		if err != nil {
			return nil, err
		}
		if r == nil {
			return djangosession.ErrSessionGone, nil
		}
		if refused := change(r); refused != nil {
			return refused, nil
		}
		created = r.Key
		row, refused := e.insertion(ctx, r)
		if refused != nil {
			return refused, nil
		}
		if refused, err := e.insertIn(ctx, tx, row); refused != nil || err != nil {
			return refused, err
		}
		if err := e.deleteIn(ctx, tx, old); err != nil {
			return nil, err
		}
		return callHook(e.joinable(ctx, tx), hook, row.record), nil
	})
	switch {
	case unsure:
		return e.settleCycle(ctx, old, created, err)
	case lacksCharacters(err, old):
		return djangosession.ErrSessionGone
	}
	return err
}

// insertIn inserts a row as part of a transaction.
func (e *Engine) insertIn(ctx context.Context, tx *sql.Conn, row *insertion) (refused, err error) {
	n, err := affected(tx.ExecContext(ctx, row.statement, row.values...))
	if err == nil && n == 0 || err != nil && errors.Is(e.dialect.cause(err), djangosession.ErrKeyTaken) {
		return djangosession.ErrKeyTaken, nil
	}
	if err == nil && e.dialect.changesText() && !isASCII(row.record.Key) {
		return e.keptIn(ctx, tx, row.record.Key)
	}
	return nil, err
}

// keptIn refuses a key that the database altered when it stored it.
func (e *Engine) keptIn(ctx context.Context, tx *sql.Conn, key string) (refused, err error) {
	a := args{dialect: e.dialect}
	query := fmt.Sprintf("SELECT 1 FROM %s WHERE %s", e.names.table, e.dialect.keyIs(&a, e.names.key, key))
	var one int
	err = tx.QueryRowContext(ctx, query, a.values...).Scan(&one)
	if absent(err, key) || err != nil && errors.Is(e.dialect.cause(err), errCharacters) {
		return djangosession.ErrBadKey, nil
	}
	return nil, err
}

// deleteIn deletes a row that exists, as part of a transaction.
func (e *Engine) deleteIn(ctx context.Context, tx *sql.Conn, key string) error {
	statement, values := e.remove(key)
	n, err := affected(tx.ExecContext(ctx, statement, values...))
	if err == nil && n == 0 {
		return errKept
	}
	return err
}

// settleCycle finds out whether a change of key took effect whose COMMIT failed with the
// error lost.
func (e *Engine) settleCycle(ctx context.Context, old, created string, lost error) error {
	kept, moved := false, false
	err := settle(ctx, func(ctx context.Context) error {
		// Locking the old row waits for a transaction that has not ended yet.
		_, err := e.transact(ctx, opCycle, func(tx *sql.Conn) (refused, err error) {
			r, err := e.lockRow(ctx, tx, opCycle, old)
			kept = r != nil
			return nil, err
		})
		if err == nil && !kept {
			moved, err = e.Exists(ctx, created)
		}
		return err
	})
	switch {
	case err != nil:
		return unsettled(lost, err)
	case moved:
		return nil
	}
	return lost
}
