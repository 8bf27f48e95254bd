package tables

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// A Row is a session as the table contains it.
type Row struct {
	Key        string
	Data       string    // the input of [Engine.Codec]
	ExpireDate time.Time // zero if the column contains no date
	Expired    bool      // Load does not find it

	date py.DateTime // in the form that sessions use
}

// rowsPage is how many rows are read at once. It is large enough for speed, and small
// enough for memory unless sessions are huge.
const rowsPage = 200

// Rows yields all rows of the table ordered by key, including expired ones. An error ends
// the sequence. Rows reads page by page, and does not hold a connection while the loop
// body runs.
func (e *Engine) Rows(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		var last *string
		for {
			page, err := e.page(ctx, last)
			if err != nil {
				yield(Row{}, err)
				return
			}
			for _, row := range page {
				if !yield(row, nil) {
					return
				}
			}
			if len(page) < rowsPage {
				return
			}
			last = &page[len(page)-1].Key
		}
	}
}

// page returns the rows after a key.
func (e *Engine) page(ctx context.Context, after *string) ([]Row, error) {
	const op = "list sessions"
	a := args{dialect: e.dialect}
	query := fmt.Sprintf("SELECT %s, %s, %s, CASE WHEN %s > %s THEN 0 ELSE 1 END FROM %s",
		e.names.key, e.names.data, e.dialect.timeText(e.names.expire),
		e.names.expire, e.dialect.timeExpr(&a, e.nowStamp()), e.names.table)
	if after != nil {
		query += fmt.Sprintf(" WHERE %s > %s", e.names.key, a.add(*after))
	}
	query += fmt.Sprintf(" ORDER BY %s LIMIT %d", e.names.key, rowsPage)
	return queryAll(ctx, &e.conn, op, query, a.values, func(rows *sql.Rows) (r Row, err error) {
		var expire string
		if err := rows.Scan(&r.Key, &r.Data, &expire, &r.Expired); err != nil {
			return r, err
		}
		if r.date = e.date(expire); !r.date.Time.IsZero() {
			r.ExpireDate = r.date.In(e.loc)
		}
		return r, nil
	})
}
