package tables

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// Create implements [djangosession.Engine]: one INSERT. If the answer is lost, Create looks for the row, for at most two
// seconds; only if that fails too is the outcome unknown after an [ErrUnavailable].
func (e *Engine) Create(ctx context.Context, r *djangosession.Record) error {
	const op = "create session"
	if !canCreate(r.Key) {
		return djangosession.ErrBadKey
	}
	if err := e.checkOnce(ctx); err != nil {
		return err
	}
	statement, values, err := e.insert(r)
	if err != nil {
		return err
	}
	n, unsure, err := e.write(ctx, op, statement, values)
	switch {
	case unsure:
		return e.settleCreate(ctx, op, r, err)
	case err == nil && n == 0, errors.Is(err, djangosession.ErrKeyTaken):
		return djangosession.ErrKeyTaken
	}
	return err
}

// errNotStored ends a transaction that was to find out whether a row is there.
var errNotStored = errors.New("the row was not stored")

// settleCreate finds out whether a row was created, whose COMMIT has failed with lost. To insert it again waits for a
// transaction that has not ended yet.
func (e *Engine) settleCreate(ctx context.Context, op string, r *djangosession.Record, lost error) error {
	ctx, cancel := settling(ctx)
	defer cancel()
	_, err := e.transact(ctx, op, func(tx *sql.Tx) (refused, err error) {
		if refused, err = e.insertIn(ctx, tx, r); refused == nil && err == nil {
			refused = errNotStored
		}
		return refused, err
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

// insert is the statement that creates a session. Where the key is taken, it inserts nothing, or fails.
func (e *Engine) insert(r *djangosession.Record) (statement string, values []any, err error) {
	a := args{dialect: e.dialect}
	columns, exprs := []string{e.names.key}, []string{a.add(r.Key)}
	cells, err := e.cells(&a, r)
	if err != nil {
		return "", nil, err
	}
	for _, c := range cells {
		columns, exprs = append(columns, c.column), append(exprs, c.expr)
	}
	statement = fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)%s", e.names.table,
		strings.Join(columns, ", "), strings.Join(exprs, ", "), e.dialect.ignoreTaken(e.names.key))
	return statement, a.values, nil
}

// Save implements [djangosession.Engine]: one UPDATE by primary key. After an error it has no effect on what a later save
// stores: either it has taken effect before, or it never does.
func (e *Engine) Save(ctx context.Context, r *djangosession.Record) error {
	if !possibleKey(r.Key) {
		return djangosession.ErrSessionGone
	}
	statement, values, err := e.update(r)
	if err != nil {
		return err
	}
	n, _, err := e.write(ctx, "save session", statement, values)
	if errors.Is(err, djangosession.ErrNoSession) {
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

// update is the statement that replaces what is stored.
func (e *Engine) update(r *djangosession.Record) (statement string, values []any, err error) {
	a := args{dialect: e.dialect}
	cells, err := e.cells(&a, r)
	if err != nil {
		return "", nil, err
	}
	sets := make([]string, 0, len(cells))
	for _, c := range cells {
		sets = append(sets, c.column+" = "+c.expr)
	}
	statement = fmt.Sprintf("UPDATE %s SET %s WHERE %s = %s",
		e.names.table, strings.Join(sets, ", "), e.names.key, a.add(r.Key))
	return statement, a.values, nil
}

// Delete implements [djangosession.Engine].
func (e *Engine) Delete(ctx context.Context, key string) error {
	if !possibleKey(key) {
		return nil
	}
	statement, values := e.remove(key)
	_, err := e.exec(ctx, "delete session", statement, values...)
	if errors.Is(err, djangosession.ErrNoSession) {
		return nil
	}
	return err
}

// remove is the statement that removes a session.
func (e *Engine) remove(key string) (statement string, values []any) {
	a := args{dialect: e.dialect}
	statement = fmt.Sprintf("DELETE FROM %s WHERE %s = %s", e.names.table, e.names.key, a.add(key))
	return statement, a.values
}

// cell is a column, quoted, and what it is to hold: an expression, whose value is among the arguments.
type cell struct{ column, expr string }

// cells are what a save writes besides the key.
func (e *Engine) cells(a *args, r *djangosession.Record) ([]cell, error) {
	data, err := e.codec.Encode(r.Data)
	if err != nil {
		return nil, err
	}
	expire, err := e.stamp(r.ExpireDate)
	if err != nil {
		return nil, &djangosession.ValueError{Name: djangosession.ExpiryName, Err: err}
	}
	cells := make([]cell, 0, 2+len(e.extra))
	cells = append(cells, cell{e.names.data, a.add(data)}, cell{e.names.expire, e.dialect.timeExpr(a, expire)})
	for _, c := range e.extra {
		value, err := c.Value(r.Data)
		if err != nil {
			return nil, fmt.Errorf("tables: column %q: %w", c.Name, err)
		}
		cells = append(cells, cell{e.dialect.quote(c.Name), a.add(value)})
	}
	return cells, nil
}

// UserID is a [Column] Value for the column that sites add most often: the id of the user who is logged in, as the text
// that the session holds, or NULL.
func UserID(d *py.Dict) (any, error) { return Text("_auth_user_id")(d) }

// Text returns a [Column] Value that copies the session's value of this name, a str or an int, NULL if there is none.
func Text(name string) func(d *py.Dict) (any, error) {
	return func(d *py.Dict) (any, error) {
		v, _ := d.Get(name)
		switch v := py.Resolve(v).(type) {
		case string, int64, nil:
			return v, nil
		case py.Str2: // what Python 2 has pickled
			return string(v), nil
		default:
			return nil, fmt.Errorf("the session value %q is a %s", name, py.TypeName(v))
		}
	}
}
