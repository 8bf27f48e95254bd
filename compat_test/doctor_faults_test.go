package compat_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/djangobridge/djangobridge/compat_test/servers"
)

// brokenSite is a deployment with one fault, and the finding about it.
type brokenSite struct {
	name string
	// product is the database: "sqlite" by default. Each case has a copy of a healthy one,
	// with sessions and users that Django made.
	product string
	// settings are added to those of the healthy site before they are exported. Without
	// them the site is not exported again.
	settings func(t *testing.T) string
	files    map[string]string // of the project
	// breaks damages the deployment, and returns the arguments of the command if they are
	// not the database.
	breaks func(t *testing.T, b *brokenDeployment) []string

	check, level string
	says         string // part of the problem or the remedy
}

// brokenDeployment is a deployment under test.
type brokenDeployment struct {
	front

	dir  string // of the settings file
	base *database
}

// text is a brokenSite.settings.
func text(settings string) func(*testing.T) string {
	return func(*testing.T) string { return settings }
}

// healthyBases makes a healthy site on each database, once.
type healthyBases struct {
	mu   sync.Mutex
	made map[string]*front
}

func (h *healthyBases) on(t *testing.T, product string) *front {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.made[product] == nil {
		h.made[product] = doctorSite(t, product, "")
		if product == "postgresql" { // so that a copy of it can be made
			h.made[product].base.run(t, "ALTER DATABASE "+h.made[product].base.name+" SET synchronous_commit = on")
		}
	}
	return h.made[product]
}

// copyDatabase copies a database.
func copyDatabase(t *testing.T, from *database) *database {
	t.Helper()
	if from.product == "sqlite" {
		to := newDatabase(t, "sqlite")
		data, err := os.ReadFile(from.name)
		if err == nil {
			err = os.WriteFile(to.name, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return to
	}
	to := *from
	to.name = fmt.Sprintf("django%d", lastDatabase.Add(1))
	if from.product == "postgresql" {
		admin := *from
		admin.name = "postgres"
		admin.run(t, "CREATE DATABASE "+to.name+" TEMPLATE "+from.name, "ALTER DATABASE "+to.name+" SET synchronous_commit = on")
		return &to
	}
	db := from.open(t)
	rows, err := db.QueryContext(t.Context(), "SHOW TABLES")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // reported by Err
	statements := []string{"CREATE DATABASE " + to.name}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		statements = append(statements, fmt.Sprintf("CREATE TABLE %s.%[2]s LIKE %[3]s.%[2]s", to.name, name, from.name),
			fmt.Sprintf("INSERT INTO %s.%[2]s SELECT * FROM %[3]s.%[2]s", to.name, name, from.name)) //nolint:unqueryvet // a copy of the table
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	from.run(t, statements...)
	return &to
}

// edit changes the settings file.
func (b *brokenDeployment) edit(t *testing.T, changes map[string]any) {
	t.Helper()
	name := filepath.Join(b.dir, "site.json")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(data[bytes.IndexByte(data, '{'):], &all); err != nil {
		t.Fatal(err)
	}
	maps.Copy(all, changes)
	if data, err = json.Marshal(all); err == nil {
		err = os.WriteFile(name, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// doctorExport exports the settings of a module of the project.
func (b *brokenDeployment) doctorExport(t *testing.T, module string) {
	t.Helper()
	printed := b.shop.run("cat script.py | DJANGO_SETTINGS_MODULE=shop." + module + " python manage.py shell")
	if err := os.WriteFile(filepath.Join(b.dir, "site.json"), printed, 0o600); err != nil {
		t.Fatal(err)
	}
}

// withAccount makes an account with these rights, and returns the URL for it.
func (b *brokenDeployment) withAccount(t *testing.T, name string, grants ...string) string {
	t.Helper()
	name += b.base.name
	if b.base.product == "postgresql" {
		statements := append(make([]string, 0, 1+len(grants)), "CREATE ROLE "+name+" LOGIN")
		for _, g := range grants {
			statements = append(statements, strings.ReplaceAll(g, "ACCOUNT", name))
		}
		b.base.run(t, statements...)
		return strings.Replace(b.base.url(), "django@", name+"@", 1)
	}
	statements := []string{"CREATE USER '" + name + "'@'127.0.0.1' IDENTIFIED BY 'doctor-password'"}
	for _, g := range grants {
		statements = append(statements, strings.ReplaceAll(g, "ACCOUNT", "'"+name+"'@'127.0.0.1'"))
	}
	b.base.run(t, statements...)
	return strings.Replace(b.base.url(), "root@", name+":doctor-password@", 1)
}

// TestDoctorFindsEachFault breaks one thing at a time, on real servers, and expects the
// doctor to name it.
func TestDoctorFindsEachFault(t *testing.T) {
	t.Parallel()
	healthy := &healthyBases{made: map[string]*front{}}
	for _, product := range databases() {
		healthy.on(t, product)
	}
	all := append(brokenDatabases(), append(brokenStores(), brokenSettings()...)...)
	if len(all) < 25 {
		t.Fatalf("%d deployments", len(all))
	}
	for i, c := range all {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.product == "" {
				c.product = "sqlite"
			}
			from := healthy.on(t, c.product)
			b := &brokenDeployment{front: *from, dir: t.TempDir(), base: copyDatabase(t, from.base)}
			b.shop.t = t
			if c.settings == nil {
				data, err := os.ReadFile(from.file())
				if err == nil {
					err = os.WriteFile(filepath.Join(b.dir, "site.json"), data, 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			} else {
				for name, content := range c.files {
					if err := os.MkdirAll(filepath.Join(b.shop.dir, filepath.Dir(name)), 0o700); err != nil {
						t.Fatal(err)
					}
					b.shop.write(name, content)
				}
				module := fmt.Sprintf("case%d", i)
				b.shop.write("shop/"+module+".py", "from shop.front import *\n"+c.settings(t))
				b.doctorExport(t, module)
			}
			var args []string
			if c.breaks != nil {
				args = c.breaks(t, b)
			}
			if args == nil {
				args = []string{b.base.url()}
			}
			b.wantDiagnosis(t, &c, args)
		})
	}
}

// wantDiagnosis expects the finding of a case, and no fault of another name.
func (b *brokenDeployment) wantDiagnosis(t *testing.T, c *brokenSite, args []string) {
	t.Helper()
	site := b.front
	site.shop.dir = b.dir
	found := false
	all := diagnose(t, &site, args...)
	for _, d := range all {
		switch {
		case d.Check == c.check && d.Level == c.level && strings.Contains(d.Problem+d.Remedy, c.says):
			found = true
			t.Log(d)
		case d.Level == "fault" && d.Check != c.check:
			t.Logf("also %s", d)
		}
	}
	if !found {
		t.Errorf("no %s %s with %q", c.level, c.check, c.says)
		for _, d := range all {
			if d.Level != "ok" {
				t.Log(d)
			}
		}
	}
}

// brokenDatabases have a fault in a database.
func brokenDatabases() []brokenSite {
	const read = "GRANT SELECT ON ALL TABLES IN SCHEMA public TO ACCOUNT"
	run := func(statements ...string) func(*testing.T, *brokenDeployment) []string {
		return func(t *testing.T, b *brokenDeployment) []string {
			t.Helper()
			b.base.run(t, statements...)
			return nil
		}
	}
	return []brokenSite{
		{
			name: "the session table is missing", product: "postgresql", breaks: run("DROP TABLE django_session"),
			check: "session-table", level: "fault", says: "manage.py migrate",
		},
		{
			name: "the session table is in another schema", product: "postgresql",
			breaks: run("CREATE SCHEMA tenant", "ALTER TABLE django_session SET SCHEMA tenant"),
			check:  "session-table", level: "fault", says: "schema tenant",
		},
		{
			name: "the index on expire_date is missing", product: "mariadb",
			breaks: run("DROP INDEX django_session_expire_date_a5c62663 ON django_session"),
			check:  "session-index", level: "warning", says: "expire_date",
		},
		{
			name: "the primary key is missing", product: "postgresql", breaks: run("ALTER TABLE django_session DROP CONSTRAINT " +
				"django_session_pkey"),
			check: "session-index", level: "fault", says: "PRIMARY KEY",
		},
		{
			name: "session_data holds 64 KB", product: "mariadb", breaks: run("ALTER TABLE django_session MODIFY session_data text " +
				"NOT NULL"),
			check: "session-columns", level: "fault", says: "longtext",
		},
		{
			name: "a column must be filled", product: "postgresql",
			breaks: run("ALTER TABLE django_session ADD tenant integer", "UPDATE django_session SET tenant = 1",
				"ALTER TABLE django_session ALTER tenant SET NOT NULL"),
			check: "session-columns", level: "fault", says: "ExtraColumns",
		},
		{
			name: "expire_date has no time zone", product: "postgresql", breaks: run("ALTER TABLE django_session ALTER expire_date " +
				"TYPE timestamp"),
			check: "session-columns", level: "fault", says: "timestamp with time zone",
		},
		{
			name: "the storage engine has no transactions", product: "mariadb", breaks: run("ALTER TABLE django_session ENGINE=MyISAM"),
			check: "session-table", level: "fault", says: "ENGINE=InnoDB",
		},
		{
			name: "the table is unlogged", product: "postgresql", breaks: run("ALTER TABLE django_session SET UNLOGGED"),
			check: "session-table", level: "warning", says: "SET LOGGED",
		},
		{
			name: "the account may not delete sessions", product: "postgresql",
			breaks: func(t *testing.T, b *brokenDeployment) []string {
				t.Helper()
				return []string{b.withAccount(t, "reader", read, "GRANT INSERT, UPDATE ON django_session, auth_user TO ACCOUNT")}
			},
			check: "session-rights", level: "fault", says: "GRANT DELETE",
		},
		{
			name: "the account may not change users", product: "mariadb",
			breaks: func(t *testing.T, b *brokenDeployment) []string {
				t.Helper()
				return []string{b.withAccount(t, "reader", "GRANT SELECT ON "+b.base.name+".* TO ACCOUNT", //nolint:unqueryvet // no query
					"GRANT INSERT, UPDATE, DELETE ON "+b.base.name+".django_session TO ACCOUNT")}
			},
			check: "user-rights", level: "fault", says: "GRANT UPDATE",
		},
		{
			name: "row security hides sessions", product: "postgresql",
			breaks: func(t *testing.T, b *brokenDeployment) []string {
				t.Helper()
				b.base.run(t, "ALTER TABLE django_session ENABLE ROW LEVEL SECURITY")
				return []string{b.withAccount(t, "tenant", read, "GRANT INSERT, UPDATE, DELETE ON django_session, auth_user TO ACCOUNT")}
			},
			check: "session-rights", level: "fault", says: "Row security",
		},
		{
			name: "the server does not run", product: "mariadb",
			breaks: func(t *testing.T, _ *brokenDeployment) []string {
				t.Helper()
				return []string{"mysql://root@127.0.0.1:" + freePorts(t, 1)[0] + "/shop"}
			},
			check: "database", level: "fault", says: "cannot be reached",
		},
		{
			name: "the database cannot be written", product: "postgresql",
			breaks: func(t *testing.T, b *brokenDeployment) []string {
				t.Helper()
				b.base.run(t, "ALTER DATABASE "+b.base.name+" SET default_transaction_read_only = on")
				return nil
			},
			check: "database-read-only", level: "fault", says: "default_transaction_read_only",
		},
		{
			name: "commits are not synced", product: "postgresql",
			breaks: func(t *testing.T, b *brokenDeployment) []string {
				t.Helper()
				b.base.run(t, "ALTER DATABASE "+b.base.name+" SET synchronous_commit = off")
				return nil
			},
			check: "database-durability", level: "warning", says: "synchronous_commit",
		},
		{
			name: "the connection goes through a pooler", product: "postgresql",
			breaks: func(t *testing.T, b *brokenDeployment) []string {
				t.Helper()
				url, stop, err := b.base.server.Pooler(b.base.name)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := stop(); err != nil {
						t.Error(err)
					}
				})
				return []string{url}
			},
			check: "database-pooler", level: "note", says: "default_query_exec_mode=exec",
		},
		{
			name: "the clock of the database is ahead", product: "mariadb",
			breaks: func(t *testing.T, b *brokenDeployment) []string {
				t.Helper()
				// The server runs this for accounts without all rights. The clock of such a
				// connection then stops, so the difference shrinks: by less than half a minute.
				own := ownServer(t, servers.MariaDB)
				b.base = databaseOn(t, own)
				account := b.withAccount(t, "late", "GRANT SELECT, INSERT, UPDATE, DELETE ON "+b.base.name+".* TO ACCOUNT",
					"SET GLOBAL init_connect = 'SET timestamp = UNIX_TIMESTAMP() + 630'")
				return []string{account}
			},
			check: "database-clock", level: "fault", says: "The clock of the database is 10m",
		},
		{
			name: "autocommit is off", product: "mariadb",
			breaks: func(t *testing.T, b *brokenDeployment) []string {
				t.Helper()
				b.base = databaseOn(t, ownServer(t, servers.MariaDB))
				b.base.run(t, "SET GLOBAL autocommit = 0")
				return nil
			},
			check: "database-autocommit", level: "warning", says: "autocommit=1",
		},
		{
			name: "the file cannot be written",
			breaks: func(t *testing.T, b *brokenDeployment) []string {
				t.Helper()
				change(t, b.base.name, 0o444)
				return nil
			},
			check: "database-file", level: "fault", says: "The file of the database",
		},
		{
			name: "the folder of the file cannot be written",
			breaks: func(t *testing.T, b *brokenDeployment) []string {
				t.Helper()
				change(t, filepath.Dir(b.base.name), 0o555)
				return nil
			},
			check: "database-file", level: "fault", says: "journal",
		},
		{
			name: "the database is another product", product: "sqlite",
			breaks: func(t *testing.T, b *brokenDeployment) []string {
				t.Helper()
				b.edit(t, map[string]any{"SESSION_DATABASE": map[string]any{
					"alias": "default", "write_alias": "default", "engine": "django.db.backends.mysql", "vendor": "mysql",
				}})
				return nil
			},
			check: "database", level: "fault", says: "the settings say",
		},
		{
			name: "clearsessions has never run", product: "postgresql",
			breaks: run(`INSERT INTO django_session SELECT md5(i::text), 'e30:1r31eq:V0zhXyqaeSiXnlEQJVh5I3Tjp7U3uQESH5gHoaFBmW8',
				now() - interval '1 hour' * i FROM generate_series(1, 3000) i`),
			check: "expired-sessions", level: "warning", says: "clearsessions",
		},
		{
			name: "the users are those of another site", breaks: run("UPDATE auth_user SET id = id + 100"),
			check: "logins", level: "fault", says: "their user does not exist",
		},
		{
			name: "all passwords have changed", breaks: run("UPDATE auth_user SET password = 'pbkdf2_sha256$1$a$b'"),
			check: "logins", level: "fault", says: "hash",
		},
		{
			name: "a migration of the users is missing", product: "mariadb", breaks: run("ALTER TABLE auth_user DROP is_staff"),
			check: "user-table", level: "fault", says: "is_staff",
		},
	}
}

// change changes the mode of a file until the test ends.
func change(t *testing.T, name string, mode os.FileMode) {
	t.Helper()
	info, err := os.Stat(name)
	if err == nil {
		err = os.Chmod(name, mode)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(name, info.Mode()) })
}
