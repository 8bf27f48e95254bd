package main

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// databaseFlags name the store of the sessions: the database, if they are in one, and
// else what the settings describe.
type databaseFlags struct {
	storeFlags

	//nolint:lll // a help text
	Database string `arg:"" help:"The site's database: a URL such as postgresql://user@host/name, or an SQLite file. Leave it out if --settings describe a store without one." optional:""`

	Table string `help:"Table of the sessions (default: the site's, or django_session)." placeholder:"NAME"`

	Schema string `help:"Schema of the table (default: that of the connection)." placeholder:"NAME"`

	AcceptEngine string `help:"The site's SESSION_ENGINE, to write although it may not read the table." placeholder:"ENGINE"`

	LockTimeout time.Duration `default:"5s" help:"How long to wait for a locked database."`
}

// databaseHelp is the part of the help texts about databases.
const databaseHelp = `
Sites of the engines db and cached_db need a DATABASE. Those with sessions in a cache, in files, in cookies or in
django-redis-sessions need --settings instead, with a file that "djangosession settings script" made. For cached_db, the cache
is that of the settings.

DATABASE is sqlite:///absolute/path, sqlite:relative/path, or the path of an existing file. "?mode=ro" at the end of such a
URL ensures that the database is not changed. sqlite:///name is also accepted for a relative path, as in dj-database-url, if
/name does not exist. No database is ever created. In WAL mode, SQLite makes -wal and -shm files even for reading: run the
command as the user that runs Django.

mysql://user:password@host:port/name (also for MariaDB) and postgresql://user:password@host:port/name are databases on a
server. The command line is visible in the process list: put the password into MYSQL_PWD, PGPASSWORD or ~/.pgpass instead.`

// opener opens the database of a URL, read-only unless write is set. There is a file for
// each database product.
type opener func(url string, write bool) (connection, error)

// connection is an open database.
type connection struct {
	db      *sql.DB
	dialect tables.Dialect
	vendor  string // Django's name of the product
}

// checkVendor compares the database with the one that the settings describe. If they
// differ, a command that writes is refused, because the site would not see its changes.
// Other commands print a warning, because the database may be a copy.
func (c connection) checkVendor(t *tool, s *djangosession.Settings, write bool) error {
	vendor := s.SessionDatabase.Vendor
	if !slices.Contains([]string{vendorSQLite, vendorPostgreSQL, vendorMySQL}, vendor) || vendor == c.vendor {
		return nil
	}
	const problem = "the settings say that the site's sessions are in a %s database, and this one is %s"
	if write {
		return usagef(problem+": name the site's database, or leave SESSION_DATABASE out of the settings", vendor, c.vendor)
	}
	t.notef("warning: "+problem, vendor, c.vendor)
	s.SessionDatabase = djangosession.Database{}
	return nil
}

// Names of products in Django, which calls MariaDB mysql too.
const (
	vendorSQLite     = "sqlite"
	vendorPostgreSQL = "postgresql"
	vendorMySQL      = "mysql"
)

// openerOf finds the opener by the scheme of the URL.
func openerOf(url string) (opener, error) {
	scheme, _, found := strings.Cut(url, ":")
	switch scheme = strings.ToLower(scheme); {
	case !found, isFile(url):
		return openSQLiteFile, nil
	case scheme == "sqlite", scheme == "sqlite3":
		return openSQLiteURL, nil
	case scheme == "mysql", scheme == "mariadb":
		return openMySQLURL, nil
	case scheme == "postgres", scheme == "postgresql":
		return openPostgreSQLURL, nil
	}
	return nil, usagef("the database must be a URL (sqlite:, mysql: or postgresql:) or the path of an existing file")
}

// namesDatabase reports whether an argument is a database. Session keys are neither URLs
// nor files.
func namesDatabase(text string) bool {
	_, err := openerOf(text)
	return err == nil && (strings.Contains(text, ":") || isFile(text))
}

func isFile(name string) bool {
	_, err := os.Stat(name) //nolint:gosec // the caller names the file
	return err == nil
}

// lockWait is --lock-timeout in the form of package tables.
func (f *databaseFlags) lockWait() time.Duration {
	if f.LockTimeout == 0 {
		return -1 // not at all
	}
	return f.LockTimeout
}

// checkTable refuses a table without Django's columns. Other columns are harmless,
// because no session is created.
func checkTable(ctx context.Context, engine *tables.Engine) error {
	err := engine.Check(ctx)
	if column, ok := errors.AsType[*tables.ColumnError](err); ok && !column.Missing {
		return nil
	}
	return err
}
