package tables

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"math/bits"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// A Row is a session as the table contains it.
type Row struct {
	Key        string
	Data       string    // the input of [Engine.Codec]; see [RowRange].MaxData
	Size       int64     // of the data, in bytes
	ExpireDate time.Time // zero if the column contains no date
	Expired    bool      // Load does not find it

	date py.DateTime // in the form that sessions use
}

// A RowRange selects rows by their keys, in the order of the database.
type RowRange struct {
	From  string // where to begin; "" for the first row
	After bool   // whether to begin after From, and not with it
	Limit int    // how many rows; 200 if 0
	// User selects the rows in which Options.UserColumn is this id or NULL. It has no
	// effect without that option.
	User string
	// MaxData leaves out the Data of rows with a larger Size, so that a few huge sessions
	// do not fill the memory. 0 means no limit.
	MaxData int64
}

// rowsPage is how many rows are read at once if their size is unknown. It is large enough
// for speed, and small enough for memory unless sessions are huge.
const rowsPage = 200

// Later pages follow the size of the rows.
const (
	pageBytes = 512 << 10 // of data that a page is meant to have
	mostRows  = 2048      // in a page, however small they are
)

// Rows yields all rows of the table ordered by key, including expired ones. An error ends
// the sequence. Rows reads page by page, and does not hold a connection while the loop
// body runs.
func (e *Engine) Rows(ctx context.Context) iter.Seq2[Row, error] { return e.RowsFrom(ctx, RowRange{}) }

// RowsFrom is [Engine.Rows] for a range. It ignores the Limit.
func (e *Engine) RowsFrom(ctx context.Context, r RowRange) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for r.Limit = rowsPage; ; {
			page, err := e.RowsIn(ctx, r)
			if err != nil {
				yield(Row{}, err)
				return
			}
			bytes := 0
			for i := range page {
				bytes += len(page[i].Data)
				if !yield(page[i], nil) {
					return
				}
			}
			if len(page) < r.Limit {
				return
			}
			r.From, r.After = page[len(page)-1].Key, true
			// A page of small rows is long, because each page is a query. Powers of two make
			// few different statements to prepare.
			length := min(max(pageBytes*len(page)/(bytes+1), 1), mostRows)
			r.Limit = 1 << (bits.Len(uint(length)) - 1)
		}
	}
}

// RowsIn returns the rows of a range, including expired ones. It reads them by the
// primary key, so that its time does not depend on the size of the table.
func (e *Engine) RowsIn(ctx context.Context, r RowRange) ([]Row, error) {
	const op = "list sessions"
	a := args{dialect: e.dialect}
	data, size := e.names.data, ""
	if r.MaxData > 0 { // otherwise the size of what was read is enough
		bytes := e.dialect.bytes(data)
		data = fmt.Sprintf("CASE WHEN %s > %d THEN NULL ELSE %s END", bytes, r.MaxData, data)
		size = ", " + bytes
	}
	query := fmt.Sprintf("SELECT %s, %s, %s, CASE WHEN %s > %s THEN 0 ELSE 1 END%s FROM %s",
		e.names.key, data, e.dialect.timeText(e.names.expire),
		e.names.expire, e.dialect.timeExpr(&a, e.nowStamp()), size, e.names.table)
	var where []string
	switch {
	case r.After: // of "" too, because a key may be empty
		where = append(where, e.names.key+" > "+a.add(r.From))
	case r.From != "":
		where = append(where, e.names.key+" >= "+a.add(r.From))
	}
	if r.User != "" && e.user != "" {
		where = append(where, e.isUser(&a, r.User))
	}
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	if r.Limit <= 0 {
		r.Limit = rowsPage
	}
	query += fmt.Sprintf(" ORDER BY %s LIMIT %d", e.names.key, r.Limit)
	var found Row // one for all rows, because Scan moves it to the heap
	var text sql.NullString
	var expire string
	into := []any{&found.Key, &text, &expire, &found.Expired}
	if r.MaxData > 0 {
		into = append(into, &found.Size)
	}
	return queryAll(ctx, &e.conn, op, query, a.values, func(rows *sql.Rows) (Row, error) {
		found = Row{}
		if err := rows.Scan(into...); err != nil {
			return Row{}, err
		}
		if found.Data = text.String; text.Valid {
			found.Size = int64(len(found.Data))
		}
		if found.date = e.date(expire); !found.date.Time.IsZero() {
			found.ExpireDate = found.date.In(e.loc)
		}
		return found, nil
	})
}
