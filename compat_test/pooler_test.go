package compat_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// TestConformanceThroughAPooler runs the suite through a PgBouncer that gives each
// transaction another connection.
func TestConformanceThroughAPooler(t *testing.T) {
	t.Parallel()
	base := newDatabase(t, "postgresql")
	url, stop, err := base.server.Pooler(base.name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	for _, source := range []dataSource{
		{"pgx, exec", "pgx", url + "&default_query_exec_mode=exec"},
		{"lib/pq, binary parameters", "postgres", url + "&binary_parameters=yes"},
	} {
		t.Run(source.name, func(t *testing.T) {
			t.Parallel()
			db, err := sql.Open(source.driver, source.dsn)
			if err != nil {
				t.Fatal(err)
			}
			db.SetMaxOpenConns(8)
			t.Cleanup(func() {
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
			runSuite(t, db, base.dialect)
		})
	}
}

// TestSchemas finds the table in a schema that is named, and in one on the search path.
func TestSchemas(t *testing.T) {
	t.Parallel()
	base := newDatabase(t, "postgresql")
	admin := base.open(t)
	if _, err := admin.ExecContext(t.Context(), `CREATE SCHEMA "Shop schema"`); err != nil {
		t.Fatal(err)
	}
	s := djangosession.NewSettings("compat-secret-key")
	named := &pair{base: base}
	named.sessions, named.engine = named.site(t, s, tables.Options{Schema: "Shop schema", Table: "Sessions"})
	if err := named.engine.CreateTable(t.Context()); err != nil {
		t.Fatal(err)
	}
	session := named.sessions.New()
	save(t, session)
	db, err := sql.Open("pgx", base.server.PostgreSQLURL(base.name)+`&search_path=%22Shop%20schema%22`)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	engine, err := tables.New(db, s, tables.Options{Dialect: base.dialect, Table: "Sessions", LockWait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := engine.Load(t.Context(), session.Key()); err != nil {
		t.Error(err)
	}
	if n, err := named.sessions.ClearExpired(t.Context(), djangosession.ClearOptions{}); n != 0 || err != nil {
		t.Errorf("cleared %d, %v", n, err)
	}
}
