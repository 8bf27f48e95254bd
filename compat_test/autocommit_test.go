package compat_test

import (
	"database/sql"
	"errors"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// TestConnectionsWithoutAutocommitAreRefused checks that a logout does not report success
// on a connection that never commits. Such a connection is not read from either, because
// it would keep showing the state of its first read.
func TestConnectionsWithoutAutocommitAreRefused(t *testing.T) {
	t.Parallel()
	p := goSite(t, newDatabase(t, "mariadb"))
	first := p.sessions.New()
	first.Set("_auth_user_id", "1")
	save(t, first)

	db, err := sql.Open("mysql", p.base.server.MariaDBSource(p.base.name)+"?autocommit=0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s := p.sessions.Settings()
	engine, err := tables.New(db, s, tables.Options{Dialect: p.base.dialect})
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := djangosession.NewManager(engine, s, djangosession.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	_, loadErr := sessions.Load(ctx, first.Key())
	_, existsErr := sessions.Exists(ctx, first.Key())
	_, clearErr := sessions.ClearExpired(ctx, djangosession.ClearOptions{})
	for name, err := range map[string]error{
		"Load": loadErr, "Exists": existsErr, "ClearExpired": clearErr,
		"Delete": sessions.Delete(ctx, first.Key()), "Save": sessions.New().Save(ctx),
	} {
		if !errors.Is(err, tables.ErrAutocommit) {
			t.Errorf("%s: error %v, want ErrAutocommit", name, err)
		}
	}
	if there, err := p.sessions.Exists(ctx, first.Key()); !there || err != nil {
		t.Errorf("the session is there: %v, %v", there, err)
	}
}
