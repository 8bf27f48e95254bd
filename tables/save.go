package tables

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/djangosession"
)

// Create implements [djangosession.Engine]: one INSERT. If the response to the COMMIT is
// lost, Create looks for the row for at most two seconds. If that fails too, the error is
// an [ErrUnavailable] and the row may or may not exist; see "Lost responses" in the
// package documentation.
func (e *Engine) Create(ctx context.Context, r *djangosession.Record) error {
	return e.CreateWith(ctx, r, nil)
}

// CreateWith is Create with a [Hook].
func (e *Engine) CreateWith(ctx context.Context, r *djangosession.Record, hook Hook) error {
	const op = "create session"
	row, err := e.insertion(ctx, r) // may query the database, so no connection is held yet
	if err != nil {
		return err
	}
	if err := e.checkOnce(ctx); err != nil {
		return err
	}
	unsure, err := e.transact(ctx, op, func(tx *sql.Conn) (refused, err error) {
		if refused, err := e.insertIn(ctx, tx, row); refused != nil || err != nil {
			return refused, err
		}
		return callHook(e.joinable(ctx, tx), hook, row.record), nil
	})
	switch {
	case unsure:
		return e.settleCreate(ctx, op, row, err)
	case lacksCharacters(err, r.Key):
		return djangosession.ErrBadKey
	}
	return err
}

// errNotStored ends a transaction whose purpose is to find out whether a row exists.
var errNotStored = errors.New("the row was not stored")

// settleCreate finds out whether a row was created whose COMMIT failed with the error
// lost. Inserting it again waits for a transaction that has not ended yet.
func (e *Engine) settleCreate(ctx context.Context, op string, row *insertion, lost error) error {
	err := settle(ctx, func(ctx context.Context) error {
		_, err := e.transact(ctx, op, func(tx *sql.Conn) (refused, err error) {
			if refused, err = e.insertIn(ctx, tx, row); refused == nil && err == nil {
				refused = errNotStored
			}
			return refused, err
		})
		return err
	})
	switch {
	case errors.Is(err, djangosession.ErrKeyTaken):
		return nil
	case errors.Is(err, errNotStored):
		return lost
	}
	return unsettled(lost, err)
}

// canCreate reports whether a new row can have this key.
func canCreate(key string) bool {
	return possibleKey(key) && utf8.RuneCountInString(key) <= MaxKeyLength
}

// insertion is a statement that creates a session. If the key is taken, it inserts
// nothing or fails.
type insertion struct {
	record    *djangosession.Record // as stored
	statement string
	values    []any
}

// insertion returns the statement for a session. The error is ErrBadKey for a key that a
// row cannot have.
func (e *Engine) insertion(ctx context.Context, r *djangosession.Record) (*insertion, error) {
	if !canCreate(r.Key) {
		return nil, djangosession.ErrBadKey
	}
	r, err := e.prepared(ctx, r)
	if err != nil {
		return nil, err
	}
	a := args{dialect: e.dialect}
	columns, exprs := []string{e.names.key}, []string{a.add(r.Key)}
	cells, err := e.cells(ctx, &a, r, true)
	if err != nil {
		return nil, err
	}
	for _, c := range cells {
		columns, exprs = append(columns, c.column), append(exprs, c.expr)
	}
	statement := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)%s", e.names.table,
		strings.Join(columns, ", "), strings.Join(exprs, ", "), e.dialect.ignoreTaken(e.names.key))
	return &insertion{record: r, statement: statement, values: a.values}, nil
}

// Save implements [djangosession.Engine]: one UPDATE by primary key. After an error, the
// save cannot take effect later: it happened before Save returned, or it never will.
func (e *Engine) Save(ctx context.Context, r *djangosession.Record) error {
	if !possibleKey(r.Key) {
		return djangosession.ErrSessionGone
	}
	row, err := e.update(ctx, r)
	if err != nil {
		return err
	}
	n, _, err := e.write(ctx, "save session", row.statement, row.values)
	if absent(err, r.Key) {
		return djangosession.ErrSessionGone
	}
	if err != nil || n > 0 {
		return err
	}
	if e.dialect.countsChanges() {
		if exists, err := e.Exists(ctx, r.Key); exists || err != nil {
			return err
		}
	}
	return djangosession.ErrSessionGone
}

// update is a statement that replaces the stored session.
type update struct {
	record    *djangosession.Record // as stored
	statement string
	values    []any
}

// update returns the statement for a session.
func (e *Engine) update(ctx context.Context, r *djangosession.Record) (*update, error) {
	r, err := e.prepared(ctx, r)
	if err != nil {
		return nil, err
	}
	a := args{dialect: e.dialect}
	cells, err := e.cells(ctx, &a, r, false)
	if err != nil {
		return nil, err
	}
	sets := make([]string, 0, len(cells))
	for _, c := range cells {
		sets = append(sets, c.column+" = "+c.expr)
	}
	statement := fmt.Sprintf("UPDATE %s SET %s WHERE %s",
		e.names.table, strings.Join(sets, ", "), e.dialect.keyIs(&a, e.names.key, r.Key))
	return &update{record: r, statement: statement, values: a.values}, nil
}

// Delete implements [djangosession.Engine].
func (e *Engine) Delete(ctx context.Context, key string) error {
	if !possibleKey(key) {
		return nil
	}
	statement, values := e.remove(key)
	_, err := e.exec(ctx, "delete session", statement, values...)
	if absent(err, key) {
		return nil
	}
	return err
}

// remove is the statement that deletes a session.
func (e *Engine) remove(key string) (statement string, values []any) {
	a := args{dialect: e.dialect}
	statement = fmt.Sprintf("DELETE FROM %s WHERE %s", e.names.table, e.dialect.keyIs(&a, e.names.key, key))
	return statement, a.values
}
