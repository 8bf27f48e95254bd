package tables_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

func settings() djangosession.Settings { return djangosession.NewSettings("faults-secret-key") }

// engineOn returns an engine on a data source of any quality.
func engineOn(t *testing.T, dsn string) *tables.Engine {
	t.Helper()
	e, err := tables.New(openFile(t, dsn), settings(), tables.Options{Dialect: tables.SQLite{}, LockWait: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

const key = "abcdefghijklmnopqrstuvwxyz012345"

// operations are all operations on a database, each on a session of the given site.
func operations(ctx context.Context, sessions *djangosession.Manager, e *tables.Engine, s *djangosession.Session) map[string]func() error {
	return map[string]func() error{
		"load":   func() error { _, err := sessions.Load(ctx, key); return err },
		"exists": func() error { _, err := sessions.Exists(ctx, key); return err },
		"create": func() error { return sessions.New().Save(ctx) },
		"save":   func() error { return s.Save(ctx) },
		"delete": func() error { return sessions.Delete(ctx, key) },
		"clear":  func() error { _, err := sessions.ClearExpired(ctx, djangosession.ClearOptions{}); return err },
		"dry": func() error {
			_, err := sessions.ClearExpired(ctx, djangosession.ClearOptions{DryRun: true})
			return err
		},
		"rows": func() error {
			for _, err := range e.Rows(ctx) {
				return err
			}
			return nil
		},
	}
}

func TestFaultsOfTheDatabaseAreNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("this is not a database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		dsn  string
		want error
	}{
		"no such file":   {"file:" + filepath.Join(dir, "missing") + "?mode=rw", tables.ErrUnavailable},
		"a folder":       {"file:" + dir + "?mode=rw", tables.ErrUnavailable},
		"not a database": {"file:" + garbage + "?mode=rw", tables.ErrNotADatabase},
		"no table":       {"file:" + empty + "?mode=rw", tables.ErrNoTable},
	} {
		e := engineOn(t, c.dsn)
		sessions, err := djangosession.NewManager(e, settings(), djangosession.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s := sessions.Open(key)
		s.Clear()
		for op, do := range operations(t.Context(), sessions, e, s) {
			err := do()
			var typed *tables.Error
			if !errors.As(err, &typed) || !errors.Is(err, c.want) || strings.Contains(err.Error(), key) {
				t.Errorf("%s: %s: error %v, want %v", name, op, err, c.want)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "missing")); err == nil {
		t.Error("a file was made")
	}
}

func TestReadOnlyDatabaseIsReadAndNotWritten(t *testing.T) {
	t.Parallel()
	site := newTestSite(t, settings(), tables.Options{}, nil)
	s := site.sessions.New()
	s.Set("a", 1)
	if err := s.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	e := engineOn(t, "file:"+site.path+"?mode=ro")
	sessions, err := djangosession.NewManager(e, settings(), djangosession.Options{})
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := sessions.Load(t.Context(), s.Key())
	if err != nil || !loaded.Contains("a") {
		t.Fatalf("not read: %v", err)
	}
	for op, do := range operations(t.Context(), sessions, e, loaded) {
		wantsWrite := slices.Contains([]string{"create", "save", "delete", "clear"}, op)
		if err := do(); wantsWrite != errors.Is(err, tables.ErrReadOnlyDatabase) {
			t.Errorf("%s: error %v", op, err)
		}
	}
}

func TestLockedDatabaseIsNamedAndUnchanged(t *testing.T) {
	t.Parallel()
	site := newTestSite(t, settings(), tables.Options{}, nil)
	s := site.sessions.New()
	s.Set("a", 1)
	if err := s.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := site.row(t, s.Key())
	locker, err := site.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := locker.ExecContext(t.Context(), "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	e := engineOn(t, "file:"+site.path+"?mode=rw&_busy_timeout=20")
	sessions, err := djangosession.NewManager(e, settings(), djangosession.Options{})
	if err != nil {
		t.Fatal(err)
	}
	other := sessions.Open(s.Key())
	other.Clear()
	for op, do := range operations(t.Context(), sessions, e, other) {
		if err := do(); !errors.Is(err, tables.ErrLocked) {
			t.Errorf("%s: error %v, want ErrLocked", op, err)
		}
	}
	if _, err := locker.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := locker.Close(); err != nil {
		t.Fatal(err)
	}
	if after := site.row(t, s.Key()); after != before || site.count(t) != 1 {
		t.Error("something was changed")
	}
	if err := other.Save(t.Context()); err != nil {
		t.Errorf("after the lock: %v", err)
	}
}

func TestWaitingForALockEndsWithTheContext(t *testing.T) {
	t.Parallel()
	site := newTestSite(t, settings(), tables.Options{}, nil)
	locker, err := site.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer locker.Close() //nolint:errcheck // the database goes with the test
	if _, err := locker.ExecContext(t.Context(), "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	s := site.sessions.Open(key)
	s.Clear()
	if err := s.Save(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want DeadlineExceeded", err)
	}
}

const customDDL = `CREATE TABLE "shop_sessions" ("session_key" varchar(40) NOT NULL PRIMARY KEY, "session_data" text NOT NULL,
	"expire_date" datetime NOT NULL, "account_id" varchar(20) NULL, "region" varchar(2) NOT NULL, "note" text NOT NULL DEFAULT '-')`

func TestCustomModelsColumnsAreFilled(t *testing.T) {
	t.Parallel()
	site := newTestSite(t, settings(), tables.Options{
		Table: "shop_sessions", Schema: "main",
		ExtraColumns: []tables.Column{{Name: "account_id", Value: tables.LoggedInUserID}, {Name: "region", Value: tables.FromSession("region")}},
	}, []string{customDDL})
	s := site.sessions.New()
	s.Set("_auth_user_id", "42")
	s.Set("region", "eu")
	if err := s.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	site.exec(t, "UPDATE shop_sessions SET note = 'kept'")
	s.Set("region", "us")
	if err := s.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	var account, region, note string
	err := site.db.QueryRowContext(t.Context(), "SELECT account_id, region, note FROM shop_sessions").Scan(&account, &region, &note)
	if err != nil || account != "42" || region != "us" || note != "kept" {
		t.Errorf("row has %q, %q, %q, %v", account, region, note, err)
	}
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Set("region", "eu")
	if err := s.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	var none sql.NullString
	if err := site.db.QueryRowContext(t.Context(), "SELECT account_id FROM shop_sessions").Scan(&none); err != nil || none.Valid {
		t.Errorf("account of a visitor: %v, %v", none, err)
	}
}

func TestUnknownColumnsAreNotLeftEmpty(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ddl     string
		extra   []tables.Column
		column  string
		missing bool
	}{
		"a column that must be filled": {customDDL, nil, "region", false},
		"a column that is not there":   {customDDL, []tables.Column{{Name: "region", Value: tables.LoggedInUserID}, {Name: "gone", Value: tables.LoggedInUserID}}, "gone", true},
		"not a table of sessions":      {`CREATE TABLE "shop_sessions" ("session_key" text, "session_data" text)`, nil, "expire_date", true},
	} {
		site := newTestSite(t, settings(), tables.Options{Table: "shop_sessions", ExtraColumns: c.extra}, []string{c.ddl})
		err := site.sessions.New().Save(t.Context())
		var wrong *tables.ColumnError
		if !errors.As(err, &wrong) || !errors.Is(err, tables.ErrColumn) || wrong.Column != c.column || wrong.Missing != c.missing {
			t.Errorf("%s: error %v", name, err)
		}
		var n int
		if err := site.db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM shop_sessions").Scan(&n); err != nil || n != 0 {
			t.Errorf("%s: %d rows, %v", name, n, err)
		}
	}
}

func TestTheTableIsTheMigrations(t *testing.T) {
	t.Parallel()
	// sqlite_master of a database that Django 5.2's migrate has made, without line ends.
	want := map[string]string{
		"django_session": `CREATE TABLE "django_session" ("session_key" varchar(40) NOT NULL PRIMARY KEY, ` +
			`"session_data" text NOT NULL, "expire_date" datetime NOT NULL)`,
		"django_session_expire_date_a5c62663": `CREATE INDEX "django_session_expire_date_a5c62663" ON "django_session" ("expire_date")`,
	}
	site := newTestSite(t, settings(), tables.Options{}, nil)
	for name, statement := range want {
		var got string
		err := site.db.QueryRowContext(t.Context(), "SELECT sql FROM sqlite_master WHERE name = ?", name).Scan(&got)
		if err != nil || got != statement {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestRowsAreListedPageByPage(t *testing.T) {
	t.Parallel()
	site := newTestSite(t, settings(), tables.Options{}, nil)
	site.exec(t, `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i < 999)
		INSERT INTO django_session SELECT printf('key%05d', i), 'data', CASE i % 2 WHEN 0 THEN '2001-01-01 00:00:00' ELSE '2999-01-01 00:00:00' END FROM n`)
	last, count, expired := "", 0, 0
	for row, err := range site.engine.Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if row.Key <= last || row.Data != "data" || row.Expired != (row.ExpireDate.Year() == 2001) {
			t.Fatalf("row %+v after another", row)
		}
		last = row.Key
		count++
		if row.Expired {
			expired++
		}
		if count == 3 { // writing while listing is fine
			site.exec(t, "DELETE FROM django_session WHERE session_key = 'key00500'")
		}
	}
	if count != 999 || expired != 499 {
		t.Errorf("%d rows, %d expired", count, expired)
	}
	for _, err := range site.engine.Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
}

func TestRenamedColumnsAreMissingNotText(t *testing.T) {
	t.Parallel()
	// SQLite would take "session_key" in double quotes for a text if there is no such
	// column.
	site := newTestSite(t, settings(), tables.Options{Table: "shop_sessions"}, []string{
		`CREATE TABLE "shop_sessions" ("k" varchar(40) NOT NULL PRIMARY KEY, "d" text NOT NULL, "e" datetime NOT NULL)`,
	})
	site.exec(t, "INSERT INTO shop_sessions VALUES ('k', 'd', '2999-01-01')")
	s := site.sessions.Open(key)
	s.Clear()
	for op, do := range operations(t.Context(), site.sessions, site.engine, s) {
		if err := do(); !errors.Is(err, tables.ErrColumn) {
			t.Errorf("%s: error %v, want ErrColumn", op, err)
		}
	}
	var n int
	if err := site.db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM shop_sessions").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows, %v", n, err)
	}
}

func TestKeysThatSQLiteFillsAreNotAskedFor(t *testing.T) {
	t.Parallel()
	site := newTestSite(t, settings(), tables.Options{Table: "shop_sessions"}, []string{
		`CREATE TABLE "shop_sessions" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "session_key" varchar(40) NOT NULL UNIQUE,
			"session_data" text NOT NULL, "expire_date" datetime NOT NULL)`,
	})
	s := site.sessions.New()
	if err := s.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	if loaded, err := site.sessions.Load(t.Context(), s.Key()); err != nil || loaded.Key() != s.Key() {
		t.Errorf("not loaded: %v", err)
	}
}

func TestDatesInTheDatabasesZone(t *testing.T) {
	t.Parallel()
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	site := newTestSite(t, settings(), tables.Options{DatabaseTimeZone: tokyo}, nil)
	s := site.sessions.New()
	end := time.Date(2099, 7, 1, 12, 0, 0, 5000, time.UTC)
	s.SetExpiryTime(end)
	if err := s.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := site.row(t, s.Key()).expire; got != "2099-07-01 21:00:00.000005" {
		t.Errorf("stored %s", got)
	}
	r, err := site.engine.Load(t.Context(), s.Key())
	if err != nil || !r.ExpireDate.Time.Equal(end) {
		t.Errorf("loaded %v, %v", r, err)
	}
	s.SetExpiryTime(time.Date(9999, 12, 31, 20, 0, 0, 0, time.UTC)) // the year 10000 in Tokyo
	if err := s.Save(t.Context()); err == nil {
		t.Error("saved a date that Python has not")
	}
}
