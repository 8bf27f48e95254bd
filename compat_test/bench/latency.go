package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/djangobridge/djangobridge/compat_test/servers"
)

// A curve is the time of a load with more and more rows in the table.
type curve struct {
	name  string // of the engine
	label string
	stops []stop
}

// stop is the time of a load with this number of rows, in microseconds.
type stop struct {
	rows     int
	p50, p99 float64
}

// The numbers of rows go up tenfold from fewestRows.
const fewestRows = 1000

// latency measures the curve of each database, draws them, and prints a row for each
// stop. All rows are live sessions. The keys are random, and everything is in the memory
// of the database or of the operating system: it was read once.
func (b *bench) latency(ctx context.Context) error {
	for _, e := range engines() {
		if e.module != dbModule || !b.only.MatchString(e.name) {
			continue
		}
		c := curve{name: e.name, label: e.product}
		if err := withSite(ctx, b.python, &e, func(s *site) error { return s.curve(ctx, b, &c) }); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		b.curves = append(b.curves, c)
	}
	if b.plot == "" {
		return nil
	}
	return plot(b.plot, b.curves)
}

// curve measures a curve.
func (s *site) curve(ctx context.Context, b *bench, c *curve) error {
	if s.engine.database == servers.MariaDB {
		// Its default is smaller than the table.
		if _, err := s.db.ExecContext(ctx, "SET GLOBAL innodb_buffer_pool_size = 6 * 1024 * 1024 * 1024"); err != nil {
			return err
		}
	}
	var text string
	if err := s.db.QueryRowContext(ctx, "SELECT session_data FROM django_session").Scan(&text); err != nil {
		return err
	}
	for rows := fewestRows; rows <= b.most; rows *= 10 {
		if err := s.fillRows(ctx, text, rows); err != nil {
			return err
		}
		at, err := s.loads(ctx, rows, b.plan.rounds)
		if err != nil {
			return err
		}
		c.stops = append(c.stops, at)
		if _, err := fmt.Fprintf(b.out, "latency/%s/%d p50_us=%.1f p99_us=%.1f\n", s.engine.name, rows, at.p50, at.p99); err != nil {
			return err
		}
	}
	return nil
}

// loads measures loads of random sessions. The quickest of many short rounds counts.
func (s *site) loads(ctx context.Context, rows, rounds int) (stop, error) {
	const loads, parts = 1000, 30
	best := stop{rows: rows}
	pick := rand.New(rand.NewPCG(1, uint64(rows))) //nolint:gosec // no secret
	spent := make([]time.Duration, loads)
	for range parts * rounds {
		for i := range spent {
			key := rowKey(pick.IntN(rows), rows)
			start := time.Now()
			if _, err := s.store.Load(ctx, key); err != nil {
				return best, err
			}
			spent[i] = time.Since(start)
		}
		slices.Sort(spent)
		at := func(share float64) float64 { return float64(spent[int(share*loads)].Nanoseconds()) / 1e3 }
		best.p50, best.p99 = quicker(best.p50, at(0.50)), quicker(best.p99, at(0.99))
	}
	return best, nil
}

// rowKey returns the key of one of so many rows. Keys are evenly distributed over all
// keys.
func rowKey(i, rows int) string { return fmt.Sprintf("%015x", i*distance(rows)) + keyEnd }

const keyEnd = "kkkkkkkkkkkkkkkkk"

// distance is that of the first 15 characters of neighbouring keys.
func distance(rows int) int { return 1 << 60 / rows }

// fillRows replaces the rows of the table by so many, and reads them once.
func (s *site) fillRows(ctx context.Context, text string, rows int) error {
	const part = 500_000 // of the rows, in one transaction
	clearing, filling := fillStatements(s.engine.database)
	if _, err := s.db.ExecContext(ctx, clearing); err != nil {
		return err
	}
	for from := 0; from < rows; from += part {
		statement := fmt.Sprintf(filling, from, min(from+part, rows)-1, distance(rows), keyEnd, text)
		if _, err := s.db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	if s.engine.database == servers.PostgreSQL { // as its own maintenance does in time
		if _, err := s.db.ExecContext(ctx, "VACUUM ANALYZE django_session"); err != nil {
			return err
		}
	}
	var count, size int
	err := s.db.QueryRowContext(ctx, "SELECT COUNT(*), SUM(LENGTH(session_data)) FROM django_session").Scan(&count, &size)
	if err == nil && count != rows {
		err = fmt.Errorf("the table has %d rows, not %d", count, rows)
	}
	return err
}

// fillStatements return the statements of a product. The numbers in filling are the first
// row, the last one, and the distance of the keys. The texts are the end of a key and the
// data of a session, whose characters are those of base64.
func fillStatements(product string) (clearing, filling string) {
	const insert = "INSERT INTO django_session (session_key, session_data, expire_date) "
	switch product {
	case servers.PostgreSQL:
		return "TRUNCATE django_session", insert +
			"SELECT lpad(to_hex(i * %[3]d), 15, '0') || '%[4]s', '%[5]s', now() + interval '14 days' " +
			"FROM generate_series(%[1]d::bigint, %[2]d) i"
	case servers.MariaDB:
		return "TRUNCATE django_session", insert +
			"SELECT CONCAT(LPAD(LOWER(HEX(seq * %[3]d)), 15, '0'), '%[4]s'), '%[5]s', UTC_TIMESTAMP(6) + INTERVAL 14 DAY " +
			"FROM seq_%[1]d_to_%[2]d"
	default:
		return "DELETE FROM django_session", insert +
			"WITH RECURSIVE s(i) AS (SELECT %[1]d UNION ALL SELECT i + 1 FROM s WHERE i < %[2]d) " +
			"SELECT printf('%%015x', i * %[3]d) || '%[4]s', '%[5]s', strftime('%%Y-%%m-%%d %%H:%%M:%%S', 'now', '+14 days') FROM s"
	}
}
