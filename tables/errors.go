package tables

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
)

// Causes of database failures, for errors.Is. Errors of this package explain the cause,
// and never contain a session key or session data.
var (
	ErrNoTable          = errors.New("the table does not exist: run the site's migrations, and check that this is its database")
	ErrColumn           = errors.New("the table's columns are not as expected")
	ErrLocked           = errors.New("the database is locked by another process") // also deadlocks and other conflicts
	ErrReadOnlyDatabase = errors.New("the database is read-only")
	ErrNotADatabase     = errors.New("the file is damaged, or not a database of this kind")
	ErrNotDurable       = errors.New("the connection does not sync what it confirms")
	ErrAutocommit       = errors.New("autocommit is off: put autocommit=1 into the data source name")
	ErrUnavailable      = errors.New("the database cannot be reached or opened")
	ErrKept             = errors.New("rows cannot be deleted: check the table's triggers, rules and row security")
	ErrTooLong          = errors.New("the session is longer than the database accepts: store less in it, or raise the limit " +
		"(max_allowed_packet of MySQL and MariaDB)")
	ErrTaken = errors.New("a value that must be unique is already taken")
	ErrValue = errors.New("a column does not accept the value that Options.ExtraColumns has for it")
)

// errCharacters means that the column's character set lacks characters of a text. No row
// can have such a key.
var errCharacters = fmt.Errorf("%w: the column's character set lacks some of its characters", ErrValue)

// errStale means that a connection prepared a statement before the table was altered. The
// statement works when it is repeated, once for each connection. PostgreSQL uses the same
// code for features that it does not support.
var errStale = errors.New("the table has been altered, or the database does not support this statement")

// errPooled means that another connection of the server has prepared a statement.
var errPooled = errors.New("the connection of the server has not prepared this statement: if a pooler such as PgBouncer is in " +
	"between, add default_query_exec_mode=exec to the data source name of pgx, or binary_parameters=yes to that of lib/pq")

// An Error is a failure of the database.
type Error struct {
	Op   string // the operation, such as "save session"
	Kind error  // one of this package's errors, or nil for other failures
	// Err is the driver's error. It is nil if this package found the fault, or if the
	// text quotes values. For PostgreSQL servers it provides only the text and the method
	// SQLState, because the driver's error describes rows and arguments.
	Err error
}

func (e *Error) Error() string {
	switch {
	case e.Kind == nil:
		return fmt.Sprintf("tables: %s: %v", e.Op, e.Err)
	case e.Err == nil:
		return fmt.Sprintf("tables: %s: %v", e.Op, e.Kind)
	}
	return fmt.Sprintf("tables: %s: %v (%v)", e.Op, e.Kind, e.Err)
}

// Unwrap returns the kind and the driver's error.
func (e *Error) Unwrap() []error {
	var errs []error
	if e.Kind != nil {
		errs = append(errs, e.Kind)
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	return errs
}

// connectionCause recognizes connections that cannot be opened or are broken. These
// errors are the same for all drivers.
func connectionCause(err error) error {
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		strings.Contains(err.Error(), "invalid connection") || strings.Contains(err.Error(), "conn closed") {
		return ErrUnavailable
	}
	return nil
}

// A ColumnError names a column that is missing, or that must be filled and is unknown. It
// is an [ErrColumn].
type ColumnError struct {
	Column  string
	Missing bool // the table does not have the column
	Filled  bool // the site's code fills it, but Options.ExtraColumns does not name it
	// If neither is set, the column is NOT NULL, has no default, and has no value in
	// Options.ExtraColumns.
}

func (e *ColumnError) Error() string {
	const remedy = "name it in Options.ExtraColumns with a Value, and with CreateOnly if it is written only when " +
		"the row is created (Value: tables.Now is auto_now, and auto_now_add with CreateOnly; " +
		"use tables.Today for a DateField and tables.TimeOfDay for a TimeField)"
	switch {
	case e.Missing:
		return fmt.Sprintf("the table has no column %q", e.Column)
	case e.Filled:
		return fmt.Sprintf("the site's create_model_instance may fill the column %q: %s; without a Value it is left alone",
			e.Column, remedy)
	}
	return fmt.Sprintf("the column %q must not be empty and has no default: %s", e.Column, remedy)
}

// Is reports whether target is [ErrColumn].
func (e *ColumnError) Is(target error) bool { return target == ErrColumn }

// fail wraps an error of the driver. Drivers describe the end of a context in their own
// words; callers need the context's error.
func (c *conn) fail(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	if ended := ctx.Err(); ended != nil {
		return fmt.Errorf("tables: %s: %w", op, ended)
	}
	if _, known := errors.AsType[*Error](err); known {
		return err
	}
	kind := c.dialect.cause(err)
	if errors.Is(kind, ErrTaken) || errors.Is(kind, djangosession.ErrKeyTaken) || errors.Is(kind, ErrValue) {
		err = nil // the text quotes the value, which may be the key or part of the session
	}
	var server interface{ SQLState() string }
	if errors.As(err, &server) {
		err = &serverError{text: err.Error(), state: server.SQLState()}
	}
	return &Error{Op: op, Kind: kind, Err: err}
}

// serverError is the part of a PostgreSQL server's error that contains no data.
type serverError struct{ text, state string }

func (e *serverError) Error() string { return e.text }

// SQLState returns the code, as the errors of both drivers do.
func (e *serverError) SQLState() string { return e.state }
