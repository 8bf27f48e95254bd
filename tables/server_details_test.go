package tables_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/djangobridge/djangobridge/tables"
)

// chain returns an error and all that it wraps.
func chain(err error) []error {
	all := []error{err}
	switch e := err.(type) { //nolint:errorlint // walks the chain itself
	case interface{ Unwrap() error }:
		if next := e.Unwrap(); next != nil {
			all = append(all, chain(next)...)
		}
	case interface{ Unwrap() []error }:
		for _, next := range e.Unwrap() {
			all = append(all, chain(next)...)
		}
	}
	return all
}

// PostgreSQL describes the failing row in the details of an error, and the arguments of
// the statement in its context. Programs that print an error's fields would print
// sessions.
func TestErrorsOfPostgreSQLContainNoRows(t *testing.T) {
	t.Parallel()
	const secret = "0123456789abcdefghijklmnopqrstuv"
	for _, state := range []string{"23502", "23514", "44000", "42703", "53200", "40001", "0A000", "08006", "P0001"} {
		driverError := &pgconn.PgError{
			Severity: "ERROR", Code: state, Message: "in the server's words", Detail: "Failing row contains (" + secret + ").",
			Hint: secret, InternalQuery: secret, Where: "unnamed portal with parameters: $1 = '" + secret + "'",
		}
		e := (&failing{err: fmt.Errorf("wrapped: %w", driverError)}).engine(t, tables.PostgreSQL{})
		_, err := e.Exists(t.Context(), key)
		if err == nil {
			t.Errorf("%s: no error", state)
		}
		for _, part := range chain(err) {
			if text := fmt.Sprintf("%v %+v %#v", part, part, part); strings.Contains(text, secret) {
				t.Errorf("%s: a %T contains the row: %s", state, part, text)
			}
		}
		var server interface{ SQLState() string }
		if keeps := !strings.HasPrefix(state, "23") || state == "23502"; keeps && (!errors.As(err, &server) || server.SQLState() != state) {
			t.Errorf("%s: error %v has no SQLSTATE", state, err)
		}
	}
}
