package compat_test

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/compat_test/servers"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// collations are those of key columns, by dialect: what a text column is declared with.
func collations(d tables.Dialect) []string {
	switch d.(type) {
	case tables.MySQL:
		return []string{
			"utf8mb4 COLLATE utf8mb4_general_ci", "utf8mb4 COLLATE utf8mb4_unicode_ci", "utf8mb4 COLLATE utf8mb4_bin",
			"utf8mb3 COLLATE utf8mb3_general_ci", "latin1 COLLATE latin1_swedish_ci", "latin1 COLLATE latin1_bin", "ascii", "ucs2",
		}
	case tables.PostgreSQL:
		return []string{`"C"`, "near", "same"}
	}
	return nil
}

// similarKeys are texts that one of the collations takes for the key.
func similarKeys(key string) []string {
	return []string{
		strings.ToUpper(key), key + " ", "á" + key[1:], "ａ" + key[1:], key + "\u00ad", strings.Replace(key, "k", "\u212a", 1),
		"😀" + key[1:], "ключ-сессии-из-букв",
	}
}

// TestKeysAreExactOnEveryCollation creates, finds, changes and removes nothing under a
// key that is only similar.
func TestKeysAreExactOnEveryCollation(t *testing.T) {
	t.Parallel()
	for _, product := range serverProducts() {
		d := newDatabase(t, product)
		db := d.open(t)
		if product == "postgresql" {
			for _, statement := range []string{
				"CREATE COLLATION near (provider = icu, locale = 'und-u-ks-level1', deterministic = false)",
				"CREATE COLLATION same (provider = icu, locale = 'und', deterministic = false)",
			} {
				if _, err := db.ExecContext(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
		}
		for i, collation := range collations(d.dialect) {
			t.Run(product+"/"+collation, func(t *testing.T) {
				t.Parallel()
				e := collatedTable(t, d, db, fmt.Sprintf("collated_%d", i), collation)
				wantExactKeys(t, e)
			})
		}
		if product == "mariadb" { // where characters are replaced, instead of an error
			t.Run("mariadb/lax sql_mode", func(t *testing.T) {
				t.Parallel()
				lax, err := sql.Open("mysql", d.server.MariaDBSource(d.name)+"?sql_mode=%27%27")
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = lax.Close() })
				wantExactKeys(t, collatedTable(t, d, lax, "collated_lax", "latin1"))
			})
		}
	}
}

// collatedTable is an engine on a new table whose keys have this collation.
func collatedTable(t *testing.T, d *database, db *sql.DB, table, collation string) *tables.Engine {
	t.Helper()
	s := djangosession.NewSettings("compat-secret-key")
	e, err := tables.New(db, s, tables.Options{Dialect: d.dialect, Table: table, LockWait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	text := map[bool]string{true: "CHARACTER SET " + collation, false: "COLLATE " + collation}[d.product == "mariadb"]
	for _, statement := range e.DDL() {
		if strings.Contains(statement, "varchar_pattern_ops") {
			continue // which there is not for such collations
		}
		statement = strings.Replace(statement, "varchar(40)", "varchar(40) "+text, 1)
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func wantExactKeys(t *testing.T, e *tables.Engine) {
	t.Helper()
	sessions, err := djangosession.NewManager(e, djangosession.NewSettings("compat-secret-key"), djangosession.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := sessions.New()
	s.Set("a", 1)
	save(t, s)
	key := "k" + strings.Repeat("abcs", 7) + s.Key()[:3] // letters for each of the similar ones
	s = sessions.Open(key)
	s.Clear()
	s.Set("a", 1)
	if err := s.SaveMustCreate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, other := range similarKeys(key) {
		r := &djangosession.Record{Key: other, Data: s.Dict(), ExpireDate: inAnHour()}
		if _, err := e.Load(t.Context(), other); !errors.Is(err, djangosession.ErrNoSession) {
			t.Errorf("Load(%q): %v", other, err)
		}
		if ok, err := e.Exists(t.Context(), other); ok || err != nil {
			t.Errorf("Exists(%q): %v, %v", other, ok, err)
		}
		if err := e.Save(t.Context(), r); !errors.Is(err, djangosession.ErrSessionGone) {
			t.Errorf("Save(%q): %v", other, err)
		}
		if err := e.Delete(t.Context(), other); err != nil {
			t.Errorf("Delete(%q): %v", other, err)
		}
		if err := e.Merge(t.Context(), other, nil); !errors.Is(err, djangosession.ErrSessionGone) {
			t.Errorf("Merge(%q): %v", other, err)
		}
		err := e.Cycle(t.Context(), other, func(r *djangosession.Record) error { return r.Err })
		if !errors.Is(err, djangosession.ErrSessionGone) {
			t.Errorf("Cycle(%q): %v", other, err)
		}
		err = e.Create(t.Context(), r)
		exists, existsErr := e.Exists(t.Context(), other)
		refused := errors.Is(err, djangosession.ErrKeyTaken) || errors.Is(err, djangosession.ErrBadKey)
		if exists != (err == nil) || existsErr != nil || err != nil && !refused {
			t.Errorf("Create(%q): %v; it exists: %v, %v", other, err, exists, existsErr)
		}
		if err := e.Delete(t.Context(), other); err != nil {
			t.Errorf("Delete(%q): %v", other, err)
		}
	}
	if got, err := djangosession.Value[int](load(t, sessions, key), "a"); got != 1 || err != nil {
		t.Errorf("the session has %d, %v", got, err)
	}
	rows := 0
	for _, err := range e.Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		rows++
	}
	if rows != 2 {
		t.Errorf("%d rows, want 2", rows)
	}
}

const (
	readByMySQL = "SELECT CAST(VARIABLE_VALUE AS SIGNED) FROM "
	readNext    = " WHERE VARIABLE_NAME = 'HANDLER_READ_RND_NEXT'"
)

// TestKeysAreFoundByTheIndex counts what the servers read for each operation in a table
// of many rows.
func TestKeysAreFoundByTheIndex(t *testing.T) {
	t.Parallel()
	for _, product := range serverProducts() {
		// PostgreSQL reports counters late: this query first adds up what was counted.
		count := "SELECT seq_tup_read FROM pg_stat_user_tables, (SELECT pg_stat_force_next_flush()) f WHERE relname = 'django_session'"
		switch chosen(product) {
		case servers.MySQL9:
			count = readByMySQL + "performance_schema.session_status" + readNext
		case servers.MariaDB, servers.MariaDB11:
			count = readByMySQL + "information_schema.SESSION_STATUS" + readNext
		}
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			p := goSite(t, newDatabase(t, product))
			p.fill(t, 5500)
			db := p.base.open(t)
			db.SetMaxOpenConns(1)
			sessions := mergingOn(t, db, p.base.dialect, p.sessions.Settings())
			whole := managerOn(t, db, p.base.dialect, p.sessions.Settings(), djangosession.Options{})
			if product == "postgresql" {
				if _, err := db.ExecContext(t.Context(), "ANALYZE django_session"); err != nil {
					t.Fatal(err)
				}
			}
			read := func() (n int64) {
				t.Helper()
				for range 2 { // PostgreSQL's first answer asks for the second
					if err := db.QueryRowContext(t.Context(), count).Scan(&n); err != nil {
						t.Fatal(err)
					}
				}
				return n
			}
			s := sessions.New()
			save(t, s)
			before := read()
			between := read() - before // what asking reads itself
			for range 3 {
				s = load(t, sessions, s.Key())
				s.Set("a", 1)
				_, existsErr := sessions.Exists(t.Context(), s.Key())
				if err := errors.Join(existsErr, s.Save(t.Context()), s.CycleKey(t.Context())); err != nil {
					t.Fatal(err)
				}
				sessions, whole = whole, sessions
			}
			if err := s.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := read() - before - 2*between; n > 1000 {
				t.Errorf("%d rows were read", n)
			}
		})
	}
}

// TestTextIDsAreExactOnServers has users whose ids the server takes for equal.
func TestTextIDsAreExactOnServers(t *testing.T) {
	t.Parallel()
	for _, product := range serverProducts() {
		kind := map[string]string{"mariadb": "varchar(50)", "postgresql": `varchar(50) COLLATE "near"`}[product]
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			d := newDatabase(t, product)
			db := d.open(t)
			statements := []string{
				"CREATE TABLE shop_user (email " + kind + " NOT NULL PRIMARY KEY, password " + kind + " NULL, last_login timestamp NULL)",
				"INSERT INTO shop_user VALUES ('ann@example.com', 'encoded', NULL), ('bob@example.com', NULL, NULL)",
			}
			if product == "postgresql" {
				statements = append([]string{
					"CREATE COLLATION near (provider = icu, locale = 'und-u-ks-level1', deterministic = false)",
				}, statements...)
			}
			for _, statement := range statements {
				if _, err := db.ExecContext(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
			users, err := tables.NewUsers(db, djangosession.NewSettings("compat-secret-key"), tables.UserOptions{
				Dialect: d.dialect, Model: "shop.User", IDColumn: "email", IDType: tables.TextKey, UsernameColumn: "email",
				Without: tables.IsActiveField | tables.IsStaffField | tables.IsSuperuserField | tables.PermissionFields,
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, other := range []string{"Ann@Example.com", "ann@example.com ", "änn@example.com"} {
				if _, err := users.Get(t.Context(), other); !errors.Is(err, auth.ErrNoUser) {
					t.Errorf("Get(%q): %v", other, err)
				}
				if err := users.SetLastLogin(t.Context(), other, time.Now()); !errors.Is(err, auth.ErrNoUser) {
					t.Errorf("SetLastLogin(%q): %v", other, err)
				}
				if err := users.ReplacePassword(t.Context(), other, "encoded", "new"); !errors.Is(err, auth.ErrNoUser) {
					t.Errorf("ReplacePassword(%q): %v", other, err)
				}
			}
			if u, err := users.Get(t.Context(), "ann@example.com"); err != nil || !u.LastLogin.IsZero() {
				t.Errorf("Get: %+v, %v", u, err)
			}
			if err := users.SetLastLogin(t.Context(), "ann@example.com", time.Now()); err != nil {
				t.Error(err)
			}
			wantExactPasswords(t, users)
		})
	}
}

// wantExactPasswords replaces a password only if it is the same text, whatever the server
// takes for equal.
func wantExactPasswords(t *testing.T, users *tables.Users) {
	t.Helper()
	const ann, bob = "ann@example.com", "bob@example.com"
	for _, old := range []auth.Secret{"Encoded", "encoded ", "ëncoded", "encoded\u00ad", "😀ncoded", "encode\x00d", ""} {
		if err := users.ReplacePassword(t.Context(), ann, old, "wrong"); !errors.Is(err, auth.ErrPasswordChanged) {
			t.Errorf("ReplacePassword of %q: %v", string(old), err)
		}
	}
	for _, c := range []struct {
		id           string
		old, encoded auth.Secret
	}{
		{ann, "encoded", "encoded"}, {ann, "encoded", "new"}, {ann, "new", ""}, {ann, "", ""}, {ann, "", "newer"}, {bob, "", "new"},
	} {
		if err := users.ReplacePassword(t.Context(), c.id, c.old, c.encoded); err != nil {
			t.Errorf("ReplacePassword of %q by %q: %v", string(c.old), string(c.encoded), err)
		}
		if u, err := users.Get(t.Context(), c.id); err != nil || u.Password != c.encoded {
			t.Errorf("stored %q, %v, want %q", string(u.Password), err, string(c.encoded))
		}
	}
}

// load loads a session that is there.
func load(t *testing.T, sessions *djangosession.Manager, key string) *djangosession.Session {
	t.Helper()
	s, err := sessions.Load(t.Context(), key)
	if err != nil || s.Key() != key {
		t.Fatalf("the session is not loaded: %v", err)
	}
	return s
}

// inAnHour is a date as sessions have it where USE_TZ is true.
func inAnHour() py.DateTime { return py.DateTime{Time: time.Now().Add(time.Hour)} }
