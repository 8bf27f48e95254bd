package tables

import "context"

// Count returns the number of rows in the table, including expired ones. It can take
// seconds for a table of millions of rows.
func (e *Engine) Count(ctx context.Context) (n int64, err error) {
	err = e.queryRow(ctx, "count sessions", "SELECT COUNT(*) FROM "+e.names.table, nil, &n)
	return n, err
}
