package tables

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

const (
	// settleTimeout is how long a call that has lost the answer to a COMMIT asks what has become of it.
	settleTimeout = 2 * time.Second
	// rollbackTimeout bounds a rollback, which also happens after the caller's context has ended.
	rollbackTimeout = 500 * time.Millisecond
)

// transact runs do in a transaction, again after each conflict with others, and commits. do returns an error of the database,
// or as refused one that is not the database's; nothing is stored then. unsure reports whether the COMMIT was sent and its
// answer lost, so that it may have taken effect, or still may.
//
// The transaction is a sequence of ordinary statements on one connection. A [sql.Tx] would not do: its Commit and Rollback
// take no context, and some drivers wait for the server's answer for ever.
func (c *conn) transact(
	ctx context.Context, op string, do func(tx *sql.Conn) (refused, err error),
) (unsure bool, err error) {
	var refused error
	err = c.untilUnlocked(ctx, op, func() error {
		unsure = false
		tx, err := c.begin(ctx)
		if err != nil {
			return err
		}
		committed := false
		defer func() { // after a panic too: the connection must not go back to the pool within a transaction
			if !committed {
				c.rollback(ctx, tx)
			}
			_ = tx.Close() // an error of the connection is known by now
		}()
		if refused, err = do(tx); refused != nil || err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, c.dialect.commit())
		committed = err == nil
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
	unsure, err = c.transact(ctx, op, func(tx *sql.Conn) (refused, err error) {
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

// begin starts a transaction. The pool may hold connections that the server has closed in the meantime. database/sql
// replaces those by itself only for statements outside of a connection.
func (c *conn) begin(ctx context.Context) (*sql.Conn, error) {
	for stale := c.db.Stats().OpenConnections; ; stale-- {
		tx, err := c.db.Conn(ctx)
		if err != nil {
			return nil, err
		}
		if _, err = tx.ExecContext(ctx, c.dialect.begin()); err == nil {
			return tx, nil
		}
		c.rollback(ctx, tx) // a context that ends late makes an error of a success
		_ = tx.Close()
		if !errors.Is(err, driver.ErrBadConn) || stale <= 0 {
			return nil, err
		}
	}
}

// rollback ends a transaction without effect. A connection that does not confirm it is closed, and the server rolls back
// when it notices.
func (c *conn) rollback(ctx context.Context, tx *sql.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	if _, err := tx.ExecContext(ctx, c.dialect.rollback()); err != nil && !c.dialect.rolledBack(err) {
		_ = tx.Raw(func(any) error { return driver.ErrBadConn }) // by which database/sql closes the connection
	}
}

// lostCommit says of an error that the answer to a COMMIT did not come.
func lostCommit(err error) error {
	return fmt.Errorf("%w: no answer to the COMMIT, so the change may or may not be stored; repeating it is safe", err)
}

// settle asks what has become of a COMMIT whose answer is lost, again while the database
// cannot be reached, for at most settleTimeout. It does not end with ctx, whose end may be
// why the answer is lost.
func settle(ctx context.Context, ask func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		err := ask(ctx)
		if err == nil || !errors.Is(err, ErrUnavailable) || pause(ctx, wait) != nil {
			return err
		}
	}
}
