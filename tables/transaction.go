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
	// settleTimeout is how long a call that lost the response to a COMMIT tries to find
	// out what happened.
	settleTimeout = 2 * time.Second
	// rollbackTimeout limits a rollback, which also happens after the caller's context
	// has ended.
	rollbackTimeout = 500 * time.Millisecond
)

// transact runs do in a transaction and commits. It repeats both after conflicts with
// other processes. do returns an error of the database, or another error as refused; in
// both cases nothing is stored. unsure reports whether the COMMIT was sent and the
// response lost, so that it may have taken effect or may still do so.
//
// The transaction is a sequence of ordinary statements on one connection. [sql.Tx] is
// unsuitable: its Commit and Rollback take no context, and some drivers wait for the
// server's response forever.
func (c *conn) transact(
	ctx context.Context, op string, do func(tx *sql.Conn) (refused, err error),
) (unsure bool, err error) {
	var refused error
	if tx := c.joined(ctx); tx != nil {
		refused, err = do(tx)
		if err = c.fail(ctx, op, err); err == nil {
			err = refused
		}
		return false, err
	}
	err = c.untilUnlocked(ctx, op, func() error {
		unsure = false
		tx, err := c.begin(ctx)
		if err != nil {
			return err
		}
		committed := false
		defer func() { // also after a panic: the pool must not get a connection with an open transaction
			if !committed {
				c.rollback(ctx, tx)
			}
			_ = tx.Close() // an error of the connection has appeared before
		}()
		refused, err = do(tx)
		if err == nil && errors.Is(refused, ErrLocked) { // in a statement that joined the transaction
			refused, err = nil, refused
		}
		if refused != nil || err != nil {
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

// write runs a statement that writes a row, and returns the number of rows that it
// affected. A server executes a statement that it has received even if the client has
// given up, possibly after the client's next statement. In a transaction, which Django
// uses too, such a statement has no effect, because its COMMIT is not sent. Once the
// COMMIT is sent, the row is locked and other writers wait.
//
// unsure is that of transact.
func (c *conn) write(ctx context.Context, op, statement string, values []any) (n int64, unsure bool, err error) {
	if !c.dialect.locksRows() || c.joined(ctx) != nil { // the statement is a call into a library and ends with it
		n, err = c.exec(ctx, op, statement, values...)
		return n, false, err
	}
	unsure, err = c.transact(ctx, op, func(tx *sql.Conn) (refused, err error) {
		n, err = affected(tx.ExecContext(ctx, statement, values...))
		return nil, err
	})
	return n, unsure, err
}

// affected is the number of rows that a statement affected.
func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// unsettled is the error of a call that lost the response to a COMMIT and could not find
// out what happened.
func unsettled(lost, err error) error {
	return fmt.Errorf("%w; it is unknown whether the change took effect, because checking failed too: %w", lost, err)
}

// begin starts a transaction. The pool may contain connections that the server has
// closed; database/sql replaces them only for statements that are not bound to a
// connection.
func (c *conn) begin(ctx context.Context) (*sql.Conn, error) {
	for stale := c.db.Stats().OpenConnections; ; stale-- {
		tx, err := c.db.Conn(ctx)
		if err != nil {
			return nil, err
		}
		if _, err = tx.ExecContext(ctx, c.dialect.begin()); err == nil {
			return tx, nil
		}
		c.rollback(ctx, tx) // the statement may have succeeded before the context ended
		_ = tx.Close()
		if !errors.Is(err, driver.ErrBadConn) || stale <= 0 {
			return nil, err
		}
	}
}

// rollback ends a transaction without effect. A connection that does not confirm this is
// closed, and the server rolls back when it notices.
func (c *conn) rollback(ctx context.Context, tx *sql.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	if _, err := tx.ExecContext(ctx, c.dialect.rollback()); err != nil && !c.dialect.rolledBack(err) {
		_ = tx.Raw(func(any) error { return driver.ErrBadConn }) // tells database/sql to close the connection
	}
}

// lostCommit is the error of a merge whose COMMIT got no response.
func lostCommit(err error) error {
	return fmt.Errorf("%w: no response to the COMMIT, so the change may or may not be stored; repeating it is safe", err)
}

// settle tries to find out what happened to a COMMIT whose response was lost. It repeats
// ask while the database is unavailable, for at most settleTimeout. It ignores the end of
// ctx, which may be the reason why the response was lost.
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
