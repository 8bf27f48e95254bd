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

// What can be wrong with a database, for errors.Is. The errors that this package returns say it in words too, and never
// contain a session key or data.
var (
	ErrNoTable          = errors.New("the table does not exist; has the site been migrated, and is this its database?")
	ErrColumn           = errors.New("the table's columns are not as expected")
	ErrLocked           = errors.New("the database is locked by another process") // deadlocks and other conflicts too
	ErrReadOnlyDatabase = errors.New("the database is read-only")
	ErrNotADatabase     = errors.New("the file is damaged, or not a database of this kind")
	ErrNotDurable       = errors.New("the connection does not sync what it confirms")
	ErrAutocommit       = errors.New("autocommit is off: put autocommit=1 into the data source name")
	ErrUnavailable      = errors.New("the database cannot be reached or opened")
	ErrKept             = errors.New("rows cannot be deleted: look for triggers, rules and row security of the table")
	ErrTooLong          = errors.New("the session is longer than the database takes")
	ErrTaken            = errors.New("a value that must be unique is taken")
	ErrValue            = errors.New("a column does not take the value that Options.ExtraColumns has for it")
)

// errCharacters says that text has characters which the column's character set lacks. No row has such a key.
var errCharacters = fmt.Errorf("%w: the column's character set lacks some of its characters", ErrValue)

// errStale says that a connection has prepared a statement before the table was altered, and works again if it is repeated,
// once for each connection. PostgreSQL has the same code for what it cannot do at all.
var errStale = errors.New("the table has been altered, or the database cannot do this")

// An Error is a failure of the database.
type Error struct {
	Op   string // what was being done, such as "save session"
	Kind error  // one of this package's errors, or nil for a failure without a name
	// Err is the driver's error. It is nil if this package found the fault, or if the text
	// quotes values. Of an error of a PostgreSQL server it has the text and the method
	// SQLState alone, because its details describe rows and arguments.
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

// connectionCause tells the errors of connections that cannot be made or have broken, which are the same for all drivers.
func connectionCause(err error) error {
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		strings.Contains(err.Error(), "invalid connection") || strings.Contains(err.Error(), "conn closed") {
		return ErrUnavailable
	}
	return nil
}

// A ColumnError says which column is missing, or has to be filled and is not known. It is an [ErrColumn].
type ColumnError struct {
	Column  string
	Missing bool // the table has no such column
	Filled  bool // the site's code fills it, and Options.ExtraColumns does not name it
	// With neither the column must not be empty, has no default, and has no value in Options.ExtraColumns.
}

func (e *ColumnError) Error() string {
	const remedy = "name it in Options.ExtraColumns, with a Value for each save, or with CreateOnly for one that is written " +
		"when the row is created and never again (Value: tables.Now is auto_now, and with CreateOnly auto_now_add)"
	switch {
	case e.Missing:
		return fmt.Sprintf("the table has no column %q", e.Column)
	case e.Filled:
		return fmt.Sprintf("the site's create_model_instance may fill the column %q: %s; without a Value it is left alone",
			e.Column, remedy)
	}
	return fmt.Sprintf("the column %q must not be empty and has no default: %s", e.Column, remedy)
}

// Is makes errors.Is(err, ErrColumn) work.
func (e *ColumnError) Is(target error) bool { return target == ErrColumn }

// fail wraps an error of the driver. A driver says in its own words that the context has ended; callers want the context's.
func (c *conn) fail(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	if ended := ctx.Err(); ended != nil {
		return fmt.Errorf("tables: %s: %w", op, ended)
	}
	kind := c.dialect.cause(err)
	if errors.Is(kind, ErrTaken) || errors.Is(kind, djangosession.ErrKeyTaken) || errors.Is(kind, ErrValue) {
		err = nil // the texts quote the value, which may be of the session, or its key
	}
	var server interface{ SQLState() string }
	if errors.As(err, &server) {
		err = &serverError{text: err.Error(), state: server.SQLState()}
	}
	return &Error{Op: op, Kind: kind, Err: err}
}

// serverError is what can be told of a PostgreSQL server's error.
type serverError struct{ text, state string }

func (e *serverError) Error() string { return e.text }

// SQLState is a method of the errors of both drivers too.
func (e *serverError) SQLState() string { return e.state }
