package tables

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// settleTimeout is how long a call that has lost the answer to a COMMIT asks what has become of it.
const settleTimeout = 2 * time.Second

// transact runs do in a transaction, again after each conflict with others, and commits. do returns an error of the database,
// or as refused one that is not the database's; nothing is stored then. unsure reports whether the COMMIT was sent and its
// answer lost, so that it may have taken effect, or still may.
func (c *conn) transact(
	ctx context.Context, op string, do func(tx *sql.Tx) (refused, err error),
) (unsure bool, err error) {
	var refused error
	err = c.untilUnlocked(ctx, op, func() error {
		unsure = false
		tx, err := c.db.BeginTx(ctx, c.dialect.txOptions())
		if err != nil {
			return err
		}
		defer tx.Rollback() //nolint:errcheck // after a Commit it does nothing, and else the error before it matters
		if refused, err = do(tx); refused != nil || err != nil {
			return err
		}
		err = tx.Commit()
		unsure = err != nil
		return err
	})
	if refused != nil {
		return false, refused
	}
	return unsure && !errors.Is(err, ErrLocked), err
}

// write runs a statement that writes a row, and returns how many rows it met. A server executes a statement that it has
// received although its client has given up, maybe after what the client does next. In a transaction, which Django has too,
// such a statement has no effect, since its COMMIT is not sent. Once that is sent, the row is locked, and others wait.
func (c *conn) write(ctx context.Context, op, statement string, values []any) (n int64, unsure bool, err error) {
	if !c.dialect.locksRows() { // a call into a library, which returns when the statement has ended
		n, err = c.exec(ctx, op, statement, values...)
		return n, false, err
	}
	unsure, err = c.transact(ctx, op, func(tx *sql.Tx) (refused, err error) {
		n, err = affected(tx.ExecContext(ctx, statement, values...))
		return nil, err
	})
	return n, unsure, err
}

// affected is how many rows a statement met.
func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// unsettled is the error of a call that has lost the answer to a COMMIT, and could not find out what has become of it.
func unsettled(lost, err error) error {
	return fmt.Errorf("%w; whether it took effect is not known, because looking failed too: %w", lost, err)
}

// settling is a context for finding out what has become of a COMMIT. The end of ctx may be why that is not known.
func settling(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
}
