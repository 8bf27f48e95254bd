package tables_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// Without the error, a listing of a missing table would look like a site without
// sessions.
func TestListingOfAMissingTableIsOneError(t *testing.T) {
	t.Parallel()
	site := newTestSite(t, settings(), tables.Options{}, []string{"CREATE TABLE other (id integer)"})
	n := 0
	for r, err := range site.engine.Records(t.Context()) {
		if n++; !errors.Is(err, tables.ErrNoTable) || r != nil {
			t.Errorf("Records: %v, %v", r, err)
		}
	}
	for r, err := range site.sessions.Records(t.Context()) {
		if n++; !errors.Is(err, tables.ErrNoTable) || r != nil {
			t.Errorf("Manager.Records: %v, %v", r, err)
		}
	}
	for _, err := range site.engine.Rows(t.Context()) {
		if n++; !errors.Is(err, tables.ErrNoTable) {
			t.Errorf("Rows: %v", err)
		}
	}
	if n != 3 {
		t.Errorf("%d answers, want one each", n)
	}
}

// The context ends inside the loop, while pages are left.
func TestListingThatFailsOnTheWaySaysSo(t *testing.T) {
	t.Parallel()
	site := newTestSite(t, settings(), tables.Options{}, nil)
	site.exec(t, `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i < 2999)
		INSERT INTO django_session SELECT printf('key%05d', i), 'data', '2999-01-01 00:00:00' FROM n`)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	records, failures := 0, 0
	for r, err := range site.engine.Records(ctx) {
		if err == nil {
			records++
			cancel()
			if r.Data != nil || r.Err == nil {
				t.Fatalf("text that is no session: %v, %v", r.Data, r.Err)
			}
			continue
		}
		if failures++; !errors.Is(err, context.Canceled) || r != nil {
			t.Errorf("%v, %v", r, err)
		}
	}
	if records == 3000 || failures != 1 {
		t.Errorf("%d records and %d errors", records, failures)
	}
}

func TestListingsEndWithTheLoop(t *testing.T) {
	t.Parallel()
	site := newTestSite(t, settings(), tables.Options{}, nil)
	for range 3 {
		s := site.sessions.New()
		s.Set("_auth_user_id", "1")
		if err := s.Save(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for _, err := range site.engine.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d records", n)
	}
}

// The rows make several pages, which are short where rows are large. Some do not decode.
func TestRecordsComeInTheOrderOfTheRows(t *testing.T) {
	t.Parallel()
	site := newTestSite(t, settings(), tables.Options{}, nil)
	s := site.sessions.New()
	s.Set("_auth_user_id", "1")
	if err := s.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	const rows = 5000
	site.exec(t, `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i < 4999)
		INSERT INTO django_session SELECT printf('key%05d', i),
			CASE WHEN i % 7 = 0 THEN 'damaged' WHEN i / 100 = 20 THEN printf('%20000d', i) ELSE session_data END,
			CASE WHEN i % 11 = 0 THEN '1999-01-01 00:00:00' ELSE expire_date END FROM n, django_session`)
	site.exec(t, `DELETE FROM django_session WHERE session_key NOT LIKE 'key%'`)
	i := 0
	for r, err := range site.engine.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if i%11 == 0 {
			i++
		}
		damaged := i%7 == 0 || i/100 == 20
		if want := fmt.Sprintf("key%05d", i); r.Key != want || damaged != (r.Err != nil) || damaged != (r.Data == nil) {
			t.Fatalf("%s has the error %v; want %s", r.Key, r.Err, want)
		}
		i++
	}
	if i != rows {
		t.Errorf("%d rows, want %d", i, rows)
	}
	for from, want := range map[string]int{"": rows, "key": rows, "key00100": rows - 100, "key04999": 1, "kez": 0} {
		n := rows - want
		for r, err := range site.engine.RowsFrom(t.Context(), tables.RowRange{From: from}) {
			if key := fmt.Sprintf("key%05d", n); err != nil || r.Key != key {
				t.Fatalf("from %q: %s, %v; want %s", from, r.Key, err, key)
			}
			n++
		}
		if n != rows {
			t.Errorf("from %q: %d rows, want %d", from, n-rows+want, want)
		}
	}
}

// No database is asked for keys that no database contains.
func TestMergesOfImpossibleKeysAskNothing(t *testing.T) {
	t.Parallel()
	site := newTestSite(t, settings(), tables.Options{}, []string{"CREATE TABLE other (id integer)"}) // a query would fail
	for _, key := range []string{"", "with\x00zero", "\xff\xfe"} {
		err := site.engine.Merge(t.Context(), key, func(*djangosession.Record) error {
			t.Error("there is something to merge with")
			return nil
		})
		if key != "" && !errors.Is(err, djangosession.ErrSessionGone) {
			t.Errorf("%q: error %v, want ErrSessionGone", key, err)
		}
	}
	err := site.engine.Merge(t.Context(), key, func(*djangosession.Record) error { return nil })
	if !errors.Is(err, tables.ErrNoTable) || errors.Is(err, djangosession.ErrSessionGone) {
		t.Errorf("without a table: %v", err)
	}
}

// TestRowsInARange reads parts of a table with a large row.
func TestRowsInARange(t *testing.T) {
	t.Parallel()
	site := newTestSite(t, settings(), tables.Options{}, nil)
	site.exec(t, `INSERT INTO django_session VALUES ('b', printf('%1000d', 7), '2999-01-01 00:00:00'), ('a', 'é', '1999-01-01 00:00:00'),
		('c', 'x', '2999-01-01 00:00:00'), ('', 'y', '2999-01-01 00:00:00')`)
	for name, c := range map[string]struct {
		in   tables.RowRange
		keys string
	}{
		"all":         {in: tables.RowRange{}, keys: " a b c"},
		"limit":       {in: tables.RowRange{Limit: 2}, keys: " a"},
		"after empty": {in: tables.RowRange{After: true}, keys: "a b c"},
		"from":        {in: tables.RowRange{From: "b"}, keys: "b c"},
		"after":       {in: tables.RowRange{From: "b", After: true}, keys: "c"},
		"between":     {in: tables.RowRange{From: "aa", Limit: 1}, keys: "b"},
		"beyond":      {in: tables.RowRange{From: "d"}, keys: ""},
		"not large":   {in: tables.RowRange{From: "a", MaxData: 999}, keys: "a b c"},
	} {
		rows, err := site.engine.RowsIn(t.Context(), c.in)
		if err != nil {
			t.Fatal(err)
		}
		keys := make([]string, 0, len(rows))
		for _, r := range rows {
			keys = append(keys, r.Key)
			size, expired := int64(1), r.Key == "a"
			switch r.Key {
			case "a":
				size = 2 // in bytes
			case "b":
				size = 1000
			}
			if r.Size != size || r.Expired != expired || r.ExpireDate.IsZero() {
				t.Errorf("%s: row %q: size %d, expired %v", name, r.Key, r.Size, r.Expired)
			}
			if want := r.Key != "b" || c.in.MaxData == 0; (r.Data != "") != want {
				t.Errorf("%s: row %q: data %v, want %v", name, r.Key, r.Data != "", want)
			}
		}
		if got := strings.Join(keys, " "); got != c.keys {
			t.Errorf("%s: keys %q, want %q", name, got, c.keys)
		}
	}
}
