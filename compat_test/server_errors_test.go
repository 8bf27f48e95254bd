package compat_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/compat_test/servers"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// TestAlteredTablesAreReadAgain alters the table under connections that have prepared
// their statements.
func TestAlteredTablesAreReadAgain(t *testing.T) {
	t.Parallel()
	for _, product := range serverProducts() {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			p := goSite(t, newDatabase(t, product))
			s := p.sessions.New()
			s.Set("a", 1)
			save(t, s)
			sessions := mergingOn(t, p.base.open(t), p.base.dialect, p.sessions.Settings())
			for _, kind := range []string{"varchar(9000)", "text", "varchar(8000)"} {
				change := "ALTER TABLE django_session MODIFY session_data " + kind + " NOT NULL"
				if product == "postgresql" {
					change = "ALTER TABLE django_session ALTER COLUMN session_data TYPE " + kind
				}
				if _, err := p.base.open(t).ExecContext(t.Context(), change); err != nil {
					t.Fatal(err)
				}
				again := load(t, sessions, s.Key())
				again.Set("kind", kind)
				save(t, again)
			}
		})
	}
}

// TestKeysOutsideOfTheDatabasesEncoding uses a database whose encoding lacks Cyrillic
// letters.
func TestKeysOutsideOfTheDatabasesEncoding(t *testing.T) {
	t.Parallel()
	for _, product := range serverProducts() {
		if product != "postgresql" {
			continue // TestKeysAreExactOnEveryCollation has its character sets
		}
		d := newDatabase(t, product)
		latin := *d
		latin.name += "_latin1"
		if _, err := d.open(t).ExecContext(t.Context(),
			"CREATE DATABASE "+latin.name+" ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"); err != nil {
			t.Fatal(err)
		}
		wantExactKeys(t, goSite(t, &latin).engine)
	}
}

// TestColumnsThatRefuseAValue has constraints on a column that a custom model fills.
func TestColumnsThatRefuseAValue(t *testing.T) {
	t.Parallel()
	for _, product := range serverProducts() {
		for name, constraint := range map[string]string{
			"CHECK": "CHECK (account_id <> 'never')", "foreign key": "REFERENCES accounts (id)",
		} {
			t.Run(product+"/"+name, func(t *testing.T) {
				t.Parallel()
				d := newDatabase(t, product)
				db := d.open(t)
				column := "account_id varchar(20) NULL, CONSTRAINT c " + constraint
				if name == "foreign key" {
					column = "account_id varchar(20) NULL, CONSTRAINT c FOREIGN KEY (account_id) " + constraint
				}
				date := map[string]string{"mariadb": "datetime(6)", "postgresql": "timestamp with time zone"}[product]
				for _, statement := range []string{
					"CREATE TABLE accounts (id varchar(20) NOT NULL PRIMARY KEY)",
					"CREATE TABLE shop_session (session_key varchar(40) NOT NULL PRIMARY KEY, session_data text NOT NULL, expire_date " +
						date + " NOT NULL, " + column + ")",
				} {
					if _, err := db.ExecContext(t.Context(), statement); err != nil {
						t.Fatal(err)
					}
				}
				e, err := tables.New(db, djangosession.NewSettings("compat-secret-key"), tables.Options{
					Dialect: d.dialect, Table: "shop_session", ExtraColumns: []tables.Column{{Name: "account_id", Value: tables.LoggedInUserID}},
				})
				if err != nil {
					t.Fatal(err)
				}
				sessions, err := djangosession.NewManager(e, djangosession.NewSettings("compat-secret-key"), djangosession.Options{})
				if err != nil {
					t.Fatal(err)
				}
				s := sessions.New()
				s.Set("_auth_user_id", "never")
				if err := s.Save(t.Context()); !errors.Is(err, tables.ErrValue) {
					t.Errorf("error %v, want ErrValue", err)
				}
			})
		}
	}
}

// TestConnectionsWithoutAutocommit are refused before the first row is written.
func TestConnectionsWithoutAutocommit(t *testing.T) {
	t.Parallel()
	for _, product := range serverProducts() {
		if product != "mariadb" {
			continue // PostgreSQL has none
		}
		p := goSite(t, newDatabase(t, product))
		db, dialect, err := openSource(product, p.base.server.MariaDBSource(p.base.name)+"?autocommit=0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		if err := mergingOn(t, db, dialect, p.sessions.Settings()).New().Save(t.Context()); !errors.Is(err, tables.ErrAutocommit) {
			t.Errorf("error %v, want ErrAutocommit", err)
		}
	}
}

// TestConnectionsGoOnAfterACommit uses a server that begins another transaction after
// each commit. The next save on the same connection is committed anyway.
func TestConnectionsGoOnAfterACommit(t *testing.T) {
	t.Parallel()
	for _, product := range serverProducts() {
		if product != "mariadb" {
			continue // completion_type is MySQL's
		}
		for _, completion := range []string{"1", "2"} { // CHAIN and RELEASE
			p := goSite(t, newDatabase(t, product))
			db, dialect, err := openSource(product, p.base.server.MariaDBSource(p.base.name)+"?completion_type="+completion)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			db.SetMaxOpenConns(1)
			sessions := mergingOn(t, db, dialect, p.sessions.Settings())
			s := sessions.New()
			save(t, s)
			s.Set("a", 1)
			save(t, s)
			if err := sessions.Delete(t.Context(), s.Key()); err != nil { // one statement
				t.Error(err)
			}
			if ok, err := p.sessions.Exists(t.Context(), s.Key()); ok || err != nil {
				t.Errorf("completion_type %s: the deletion is not committed: %v, %v", completion, ok, err)
			}
		}
	}
}

// TestReadOnlySchemaOfMySQL checks the error of a read-only schema, on MySQL 9 only.
func TestReadOnlySchemaOfMySQL(t *testing.T) {
	t.Parallel()
	if chosen(servers.MariaDB) != servers.MySQL9 {
		return // MariaDB has no such schemas
	}
	p := goSite(t, newDatabase(t, servers.MariaDB))
	s := p.sessions.New()
	save(t, s)
	if _, err := p.base.open(t).ExecContext(t.Context(), "ALTER SCHEMA "+p.base.name+" READ ONLY = 1"); err != nil {
		t.Fatal(err)
	}
	s.Set("at", time.Now().Unix())
	if err := s.Save(t.Context()); !errors.Is(err, tables.ErrReadOnlyDatabase) {
		t.Errorf("error %v, want ErrReadOnlyDatabase", err)
	}
}

// TestErrorsContainNoRows has the server refuse a row, which PostgreSQL describes in the
// details of its error.
func TestErrorsContainNoRows(t *testing.T) {
	t.Parallel()
	for _, product := range serverProducts() {
		sources := postgreSQLSources
		if product == servers.MariaDB {
			sources = mariaDBSources
		}
		d := newDatabase(t, product)
		p := goSite(t, d)
		alteration := "ALTER TABLE django_session ADD COLUMN account varchar(20) NULL, ADD CONSTRAINT filled CHECK (account <> 'x')"
		if _, err := d.open(t).ExecContext(t.Context(), alteration); err != nil {
			t.Fatal(err)
		}
		required := "ALTER TABLE django_session ALTER COLUMN account SET NOT NULL"
		if product == servers.MariaDB {
			required = "ALTER TABLE django_session MODIFY account varchar(20) NOT NULL"
		}
		if _, err := d.open(t).ExecContext(t.Context(), required); err != nil {
			t.Fatal(err)
		}
		for _, source := range sources(d.server, d.name) {
			db, err := sql.Open(source.driver, source.dsn)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			for _, value := range []any{nil, "x"} {
				e, err := tables.New(db, p.sessions.Settings(), tables.Options{Dialect: d.dialect, ExtraColumns: []tables.Column{{
					Name: "account", Value: func(context.Context, *py.Dict) (any, error) { return value, nil },
				}}})
				if err != nil {
					t.Fatal(err)
				}
				r := &djangosession.Record{Key: djangosession.NewKey(), Data: py.NewDict(0), ExpireDate: py.DateTime{Time: time.Now()}}
				err = e.Create(t.Context(), r)
				if err == nil {
					continue // with a lax sql_mode
				}
				for _, part := range chain(err) {
					if text := fmt.Sprintf("%v %+v %#v", part, part, part); strings.Contains(text, r.Key) {
						t.Errorf("%s: %v: a %T contains the row: %s", source.name, value, part, text)
					}
				}
			}
		}
	}
}

// chain returns an error and all that it wraps.
func chain(err error) []error {
	all := []error{err}
	switch e := err.(type) { //nolint:errorlint // walks the chain itself
	case interface{ Unwrap() error }:
		if next := e.Unwrap(); next != nil {
			all = append(all, chain(next)...)
		}
	case interface{ Unwrap() []error }:
		for _, next := range e.Unwrap() {
			all = append(all, chain(next)...)
		}
	}
	return all
}
