package compat_test

import (
	"path/filepath"
	"testing"

	"github.com/djangobridge/djangobridge/compat_test/servers"
)

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
				return []string{"mysql://root@" + nobody + "/shop"}
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
			also: []string{"session-table", "user-table"}, // the database is empty
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
			also: []string{"session-table", "user-table"}, // as above
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
			check: "database", level: "fault", says: "the settings say", also: []string{"session-table"},
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
		{
			name: "the server cuts values off", product: "mariadb",
			breaks: func(t *testing.T, b *brokenDeployment) []string {
				t.Helper()
				b.base = databaseOn(t, ownServer(t, servers.MariaDB))
				b.base.run(t, "SET GLOBAL sql_mode = ''")
				return nil
			},
			check: "database-strict", level: "note", says: "STRICT_TRANS_TABLES",
			also: []string{"session-table", "user-table"}, // as above
		},
	}
}
