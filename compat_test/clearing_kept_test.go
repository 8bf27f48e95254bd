package compat_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// TestClearingEndsWhenRowsStay has triggers, rules and row security keep some rows, the
// oldest of them.
func TestClearingEndsWhenRowsStay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		product    string
		statements []string
	}{
		"sqlite, trigger": {product: "sqlite", statements: []string{
			"CREATE TRIGGER keep BEFORE DELETE ON django_session WHEN OLD.session_key < 'key" + keptUpTo + "' BEGIN SELECT RAISE(IGNORE); END",
		}},
		"postgresql, trigger": {product: "postgresql", statements: []string{
			"CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF OLD.session_key < ''key" + keptUpTo +
				"'' THEN RETURN NULL; END IF; RETURN OLD; END'",
			"CREATE TRIGGER keep BEFORE DELETE ON django_session FOR EACH ROW EXECUTE FUNCTION keep()",
		}},
		"postgresql, rule": {product: "postgresql", statements: []string{
			"CREATE RULE keep AS ON DELETE TO django_session WHERE OLD.session_key < 'key" + keptUpTo + "' DO INSTEAD NOTHING",
		}},
		"postgresql, row security": {product: "postgresql", statements: []string{
			"ALTER TABLE django_session ENABLE ROW LEVEL SECURITY",
			"CREATE POLICY see ON django_session FOR SELECT USING (true)",
			"CREATE POLICY remove ON django_session FOR DELETE USING (session_key >= 'key" + keptUpTo + "')",
			"CREATE ROLE service LOGIN",
			"GRANT SELECT, DELETE ON django_session TO service",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := goSite(t, newDatabase(t, c.product))
			const rows = 5500 // of which 5000 have expired
			p.fill(t, rows)
			db := p.base.open(t)
			for _, statement := range c.statements {
				statement = strings.ReplaceAll(statement, "service", p.base.name) // roles are the server's
				if _, err := db.ExecContext(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
			engine := p.engine
			if strings.Contains(name, "security") { // which does not bind the table's owner
				service, dialect, err := openSource(c.product,
					strings.Replace(p.base.server.PostgreSQLURL(p.base.name), "//django@", "//"+p.base.name+"@", 1))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = service.Close() })
				if engine, err = tables.New(service, p.sessions.Settings(), tables.Options{Dialect: dialect}); err != nil {
					t.Fatal(err)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			n, err := engine.ClearExpired(ctx, djangosession.ClearOptions{BatchSize: 300})
			if n != 4900 || !errors.Is(err, tables.ErrKept) || !strings.Contains(fmt.Sprint(err), "100 expired sessions") {
				t.Errorf("%d removed, %v; want 4900, and 100 that stay", n, err)
			}
			if left, err := p.engine.ClearExpired(ctx, djangosession.ClearOptions{DryRun: true}); left != 100 || err != nil {
				t.Errorf("%d are left, %v", left, err)
			}
		})
	}
}

// keptUpTo is the number in the first key of fill that may be removed: before it are 100
// rows that have expired.
const keptUpTo = "0000000000000000000000000000000000110"
