package compat_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/djangobridge/djangobridge/compat_test/servers"
)

// doctorStatements matches statements that write nothing.
var doctorStatements = regexp.MustCompile(`(?i)^(SELECT |SHOW |START TRANSACTION READ ONLY|BEGIN READ ONLY|ROLLBACK|SET |-- ping)`)

// TestDoctorSendsNoStatementThatWrites reads the log of all statements on a server.
func TestDoctorSendsNoStatementThatWrites(t *testing.T) {
	t.Parallel()
	f := doctorSiteOn(t, databaseOn(t, ownServer(t, servers.MariaDB)), "")
	b := &brokenDeployment{front: *f, dir: f.shop.dir, base: f.base}
	account := b.withAccount(t, "watched", "GRANT SELECT, INSERT, UPDATE, DELETE ON "+f.base.name+".* TO ACCOUNT")
	f.base.run(t, "SET GLOBAL log_output = 'TABLE'", "SET GLOBAL general_log = ON")
	found := diagnose(t, f, account)
	f.base.run(t, "SET GLOBAL general_log = OFF")
	wantNoFault(t, found)
	rows, err := f.base.open(t).QueryContext(t.Context(), "SELECT argument FROM mysql.general_log WHERE user_host LIKE '%watched%' AND "+
		"command_type IN ('Query', 'Execute')")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // reported by Err
	n := 0
	for rows.Next() {
		var statement string
		if err := rows.Scan(&statement); err != nil {
			t.Fatal(err)
		}
		if n++; !doctorStatements.MatchString(statement) || strings.Contains(statement, "GLOBAL ") && !strings.HasPrefix(statement, "SHOW ") {
			t.Errorf("%s", statement)
		}
	}
	if err := rows.Err(); err != nil || n < 50 {
		t.Errorf("%d statements, %v", n, err)
	}
}

// TestDoctorNeedsOnlyRightsToRead runs it with accounts that cannot write.
func TestDoctorNeedsOnlyRightsToRead(t *testing.T) {
	t.Parallel()
	for _, product := range serverProducts() {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			f := doctorSite(t, product, "")
			b := &brokenDeployment{front: *f, dir: f.shop.dir, base: f.base}
			grant := "GRANT SELECT ON " + f.base.name + ".* TO ACCOUNT" //nolint:unqueryvet // no query
			if product == "postgresql" {
				grant = "GRANT SELECT ON ALL TABLES IN SCHEMA public TO ACCOUNT"
			}
			account := b.withAccount(t, "reader", grant)
			wantNoFault(t, diagnose(t, f, "--read-only", account))
			rights := map[string]bool{}
			for _, d := range diagnose(t, f, account) {
				if d.Level == "fault" {
					rights[d.Check] = true
				}
			}
			if len(rights) != 2 || !rights["session-rights"] || !rights["user-rights"] {
				t.Errorf("faults %v", rights)
			}
		})
	}
}

// TestDoctorSendsRedisNoCommandThatWrites reads what the server runs.
func TestDoctorSendsRedisNoCommandThatWrites(t *testing.T) {
	t.Parallel()
	server := newRedis(t, "--appendonly", "yes")
	f := doctorSite(t, "sqlite", "SESSION_ENGINE = \"django.contrib.sessions.backends.cache\"\n"+
		oneCache("redis.RedisCache", "redis://"+server.Addr()+"/1"))
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	if err := client.ConfigResetStat(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	wantNoFault(t, diagnose(t, f, f.base.url()))
	stats, err := client.Info(t.Context(), "commandstats").Result()
	if err != nil || !strings.Contains(stats, "cmdstat_discard") {
		t.Fatalf("%v\n%s", err, stats)
	}
	for _, command := range []string{"set", "del", "eval", "evalsha", "expire", "setex", "exec", "flushdb", "unlink"} {
		if strings.Contains(stats, "cmdstat_"+command+":calls=") && !strings.Contains(stats, "cmdstat_"+command+":calls=0,") {
			t.Errorf("%s was run\n%s", command, stats)
		}
	}
}

func wantNoFault(t *testing.T, found []diagnosis) {
	t.Helper()
	for _, d := range found {
		if d.Level == "fault" {
			t.Errorf("%s", d)
		}
	}
}

// doctorLimit is how long the doctor may take, whatever the size of the table, while
// nothing else runs.
const doctorLimit = 5 * time.Second

// TestDoctorIsFastOnManyRows measures it on a table of COMPAT_MANY_ROWS rows.
func TestDoctorIsFastOnManyRows(t *testing.T) {
	n := manyRows(t)
	if _, err := doctorTool(); err != nil {
		t.Fatal(err)
	}
	for _, product := range databases() {
		t.Run(product, func(t *testing.T) { // one after the other
			f := newManyRows(t, product, n)
			if err := os.Chmod(filepath.Join(f.shop.dir, "site.json"), 0o600); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			found := diagnoseOnce(t, f, f.base.url())
			took := time.Since(start)
			t.Logf("%s: %d rows: the doctor takes %v", product, n, took.Round(time.Millisecond))
			switch {
			case slices.ContainsFunc(found, diagnosis.late):
				found = diagnose(t, f, f.base.url())
			case took > doctorLimit && os.Getenv(manyRowsVariable) != "":
				t.Errorf("it takes %v", took)
			}
			wantNoFault(t, found)
			expired := false
			for _, d := range found {
				expired = expired || d.Check == "expired-sessions" && d.Level == "warning" && strings.Contains(d.Problem, "of a sample of")
				if strings.HasPrefix(d.Check, "session") || d.Check == "logins" || d.Check == "expired-sessions" {
					t.Log(d)
				}
			}
			if !expired {
				t.Error("the expired sessions were not found")
			}
		})
	}
}

// TestDoctorKnowsWhatServicesThatOnlyReadDoNotNeed runs it on databases that cannot be
// written, or not by a service in Go.
func TestDoctorKnowsWhatServicesThatOnlyReadDoNotNeed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, product string
		breaks        func(t *testing.T, b *brokenDeployment)
		check         string // that fails for a service that writes
	}{
		{
			name: "file", product: "sqlite", check: "database-file",
			breaks: func(t *testing.T, b *brokenDeployment) {
				t.Helper()
				change(t, b.base.name, 0o444)
			},
		},
		{
			name: "folder", product: "sqlite", check: "database-file",
			breaks: func(t *testing.T, b *brokenDeployment) {
				t.Helper()
				change(t, filepath.Dir(b.base.name), 0o555)
			},
		},
		{
			name: "role", product: "postgresql", check: "database-read-only",
			breaks: func(t *testing.T, b *brokenDeployment) {
				t.Helper()
				b.base.run(t, "ALTER DATABASE "+b.base.name+" SET default_transaction_read_only = on")
			},
		},
		{
			name: "column", product: "postgresql", check: "session-columns",
			breaks: func(t *testing.T, b *brokenDeployment) {
				t.Helper()
				b.base.run(t, "DELETE FROM django_session", "ALTER TABLE django_session ADD COLUMN note text NOT NULL")
			},
		},
		{
			name: "replica", product: "mariadb", check: "database-read-only",
			breaks: func(t *testing.T, b *brokenDeployment) {
				t.Helper()
				b.base.run(t, "SET GLOBAL read_only = 1")
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var base *database
			if c.product == "mariadb" { // the server is changed as a whole
				base = databaseOn(t, ownServer(t, servers.MariaDB))
			} else {
				base = newDatabase(t, c.product)
			}
			f := doctorSiteOn(t, base, "")
			b := &brokenDeployment{front: *f, dir: f.shop.dir, base: f.base}
			c.breaks(t, b)
			faults := func(args ...string) map[string]bool {
				t.Helper()
				found := map[string]bool{}
				for _, d := range diagnose(t, f, append(args, b.base.url())...) {
					if d.Level == "fault" {
						found[d.Check] = true
					}
				}
				return found
			}
			if !faults()[c.check] {
				t.Errorf("no fault %s for a service that writes", c.check)
			}
			if faults("--read-only")[c.check] {
				t.Errorf("a fault %s for a service that only reads", c.check)
			}
		})
	}
}
