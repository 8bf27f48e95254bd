package tables

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"sync"
)

const (
	// maxStatements is how many statements are remembered. An engine or the users of a site
	// repeat about a dozen, and servers limit how many all connections hold together.
	maxStatements = 32
	// maxStatement is the length in bytes above which statements are not remembered. Such
	// statements name many rows.
	maxStatement = 4096
)

// statements is a querier that prepares a statement when it is used for the second time.
// From then on, the statement takes one round trip, and its text is not parsed again.
// [sql.DB] prepares it on each connection that needs it, and forgets it with the
// connection. Transactions do not use it: a statement of a [sql.DB] cannot run on a
// [sql.Conn].
type statements struct {
	db      *sql.DB
	dialect Dialect

	mu    sync.Mutex
	known map[string]*statement // by their texts
}

// statement is a statement that was used at least once.
type statement struct {
	prepared *sql.Stmt // nil before the second use
	plain    bool      // it is being prepared, or works only if it is not
}

// QueryContext implements querier. A query that fails is repeated without being prepared.
// If that helps, it is never prepared again: the server refuses to prepare it, or a pooler
// has sent it to a connection of the server that has not prepared it.
func (s *statements) QueryContext(ctx context.Context, query string, values ...any) (*sql.Rows, error) {
	defer runtime.KeepAlive(s)         // or the statement would be closed
	stmt, err := s.prepare(ctx, query) //nolint:sqlclosecheck // it is held
	if stmt != nil {
		var rows *sql.Rows
		if rows, err = stmt.QueryContext(ctx, values...); err == nil { //nolint:sqlclosecheck // by the caller
			return rows, nil
		}
	}
	if err != nil && !s.mayNeedPlain(ctx, err) {
		return nil, err
	}
	rows, plainErr := s.db.QueryContext(ctx, query, values...) //nolint:sqlclosecheck // likewise
	if err != nil && plainErr == nil {
		s.refuse(query)
	}
	return rows, plainErr
}

// ExecContext implements querier. It prepares only statements for a library: a server may
// have executed a statement that failed, so it is not repeated.
func (s *statements) ExecContext(ctx context.Context, text string, values ...any) (sql.Result, error) {
	defer runtime.KeepAlive(s)
	if !s.dialect.locksRows() {
		if stmt, _ := s.prepare(ctx, text); stmt != nil { //nolint:sqlclosecheck // it is held
			return stmt.ExecContext(ctx, values...)
		}
	}
	return s.db.ExecContext(ctx, text, values...)
}

// prepare returns the prepared statement, or nil if the plain text is to be used.
func (s *statements) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	x, again := s.use(text)
	if !again {
		return x.prepared, nil
	}
	stmt, err := s.db.PrepareContext(ctx, text)
	s.mu.Lock()
	defer s.mu.Unlock()
	*s.known[text] = statement{prepared: stmt}
	if err == nil {
		// A program that reads its settings again makes other statements on the same
		// connections.
		runtime.AddCleanup(s, func(stmt *sql.Stmt) { _ = stmt.Close() }, stmt)
	}
	return stmt, err
}

// use returns what is known about a statement. prepare reports whether the caller is to
// prepare it; others use the plain text in the meantime.
func (s *statements) use(text string) (known statement, prepare bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.known[text]
	switch {
	case x != nil:
		prepare = x.prepared == nil && !x.plain
		known = *x
		x.plain = x.plain || prepare
	case len(text) <= maxStatement && len(s.known) < maxStatements:
		s.known[text] = &statement{}
	}
	return known, prepare
}

// refuse keeps a statement from being prepared again.
func (s *statements) refuse(text string) {
	s.mu.Lock()
	x := s.known[text]
	stmt := x.prepared
	*x = statement{plain: true}
	s.mu.Unlock()
	if stmt != nil {
		_ = stmt.Close() // the server may have forgotten it
	}
}

// mayNeedPlain reports whether an error may be due to the preparation of the statement.
func (s *statements) mayNeedPlain(ctx context.Context, err error) bool {
	kind := s.dialect.cause(err)
	return ctx.Err() == nil && !errors.Is(kind, ErrUnavailable) && !errors.Is(kind, ErrLocked)
}
