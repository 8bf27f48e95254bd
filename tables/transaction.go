package tables

import (
	"context"
	"database/sql"
	"errors"
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

// settling is a context for finding out what has become of a COMMIT. The end of ctx may be why that is not known.
func settling(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
}
