package tables_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// A trigger keeps some rows, the oldest ones, while others add expired rows, fewer or more
// than are removed in the same time.
func TestClearingEndsWhenRowsStay(t *testing.T) {
	t.Parallel()
	const kept, others = 10, 200
	for _, c := range []struct {
		batch  int
		adding int // rows after each batch
	}{{batch: 1}, {batch: 7}, {batch: 100}, {batch: 0}, {batch: 50, adding: 1}, {batch: 1, adding: 2}} {
		site := newTestSite(t, settings(), tables.Options{}, nil)
		site.exec(t, `CREATE TRIGGER keep BEFORE DELETE ON django_session WHEN OLD.session_key LIKE 'kept%'
			BEGIN SELECT RAISE(IGNORE); END`)
		site.exec(t, `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i < 9)
			INSERT INTO django_session SELECT printf('kept%05d', i), 'data', '2001-01-01 00:00:00' FROM n`)
		site.exec(t, `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i < 199)
			INSERT INTO django_session SELECT printf('%s%05d', CASE i % 2 WHEN 0 THEN 'before' ELSE 'other' END, i), 'data',
			'2002-01-01 00:00:00' FROM n`)
		site.insert(t, "living", "data", "2999-01-01 00:00:00")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		t.Cleanup(cancel)
		n, err := site.engine.ClearExpired(ctx, djangosession.ClearOptions{
			BatchSize: c.batch, Pause: time.Microsecond,
			Progress: func(int64) {
				for range c.adding {
					site.insert(t, djangosession.NewKey(), "data", "2003-01-01 00:00:00")
				}
			},
		})
		var typed *tables.Error
		outpaced := c.adding > c.batch // all that is certain is that it ends, and not because of the context
		if outpaced && ctx.Err() == nil {
			continue
		}
		if !errors.Is(err, tables.ErrKept) || !errors.As(err, &typed) || !strings.Contains(err.Error(), "10 expired sessions") {
			t.Errorf("%+v: error %v, want ErrKept of %d rows", c, err, kept)
		}
		if c.adding == 0 && (n != others || site.count(t) != kept+1) {
			t.Errorf("%+v: %d removed, %d left", c, n, site.count(t))
		}
		var left int
		err = site.db.QueryRowContext(t.Context(),
			"SELECT COUNT(*) FROM django_session WHERE session_key LIKE 'before%' OR session_key LIKE 'other%'").Scan(&left)
		if err != nil || left != 0 {
			t.Errorf("%+v: %d of the old rows are left, %v", c, left, err)
		}
	}
}

// Without a trigger, all rows that existed at the start are removed. New ones may be left
// to the next run.
func TestClearingEndsWhileOthersAdd(t *testing.T) {
	t.Parallel()
	site := newTestSite(t, settings(), tables.Options{}, nil)
	site.insert(t, "old", "data", "2001-01-01 00:00:00")
	added := 0
	n, err := site.engine.ClearExpired(t.Context(), djangosession.ClearOptions{
		BatchSize: 1, Pause: time.Microsecond,
		Progress: func(int64) { // as fast as it clears
			site.insert(t, djangosession.NewKey(), "data", "2002-01-01 00:00:00")
			if added++; added > 100 {
				t.Fatal("clearing does not end")
			}
		},
	})
	if err != nil || n == 0 {
		t.Errorf("%d removed, %v", n, err)
	}
}
