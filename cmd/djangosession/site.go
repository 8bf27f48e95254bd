package main

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"os"
	"slices"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/rediscache"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// Environment variables that name databases. They are read here, not by kong, which would
// show their values in the help text.
const (
	databaseVariable      = "DATABASE_URL"
	usersDatabaseVariable = "USERS_DATABASE_URL"
)

// siteSource names what a site is opened from: its settings and its databases. Commands
// that need the whole site, and not only its sessions, embed it.
type siteSource struct {
	acceptFlags

	Settings string `help:"The site's settings (see settings script --help)." placeholder:"FILE" required:"true"`

	//nolint:lll // a help text
	Database string `arg:"" help:"The site's database (default: $$DATABASE_URL): a URL such as postgresql://user@host/name, or an SQLite file." optional:""`

	//nolint:lll // a help text
	UsersDatabase string `help:"Database of the users, if it is not that of the sessions (default: $$USERS_DATABASE_URL)." placeholder:"DATABASE"`

	Schema string `help:"Schema of the tables (default: that of the connection)." placeholder:"NAME"`
}

// siteHelp is the part of the help texts about a siteSource.
const siteHelp = `
--settings is a file that "djangosession settings script" made. DATABASE is the database of the sessions, or that of the users
if sessions are in a cache, in files, in cookies or in django-redis-sessions; the file says where those are.

DATABASE is sqlite:///absolute/path, sqlite:relative/path, or the path of an existing file; or
mysql://user:password@host:port/name (also for MariaDB) or postgresql://user:password@host:port/name. The command line is
visible in the process list: put a URL with a password into the environment variable DATABASE_URL, or only the password into
MYSQL_PWD, PGPASSWORD or ~/.pgpass. USERS_DATABASE_URL replaces --users-database in the same way.`

// openedSite is a site with its open databases.
type openedSite struct {
	*djangobridge.Site
	sessions connection // of the sessions or their cache; zero if they are in no database
	users    connection // often the same
	closers  []io.Closer
}

// close closes the site and its databases.
func (s *openedSite) close() {
	for _, c := range slices.Backward(s.closers) {
		_ = c.Close() // all changes are committed
	}
}

// open opens the site, for reading unless o.ReadOnly is false and write is true. It
// completes o with the databases, the cache and the session engine. Errors are of type
// [usageError], and name the flag to change. The caller checks whether the databases can
// be reached, with Check of the site.
func (f *siteSource) open(o djangobridge.Options, write bool) (*openedSite, error) {
	s, err := f.read()
	if err != nil {
		return nil, err
	}
	o.ReadOnly = !write
	opened := &openedSite{}
	if err := f.complete(&s, &o, opened); err != nil {
		opened.close()
		return nil, err
	}
	if opened.Site, err = djangobridge.Open(f.Settings, o); err != nil {
		opened.close()
		return nil, f.remedy(err)
	}
	opened.closers = append(opened.closers, opened.Site)
	return opened, nil
}

// read reads the settings for the first time, because they say which databases to open.
func (f *siteSource) read() (djangosession.Settings, error) {
	data, err := readUpTo(f.Settings, maxSettings)
	if err != nil {
		return djangosession.Settings{}, usagef("--settings: %w", err)
	}
	s, _, err := djangosession.ReviewSettings(bytes.NewReader(data))
	if err != nil {
		return s, usagef("--settings %s: %w: export the settings again (see djangosession settings script --help)", f.Settings, err)
	}
	return s, nil
}

// complete opens the databases, and completes o with them and with the flags.
func (f *siteSource) complete(s *djangosession.Settings, o *djangobridge.Options, to *openedSite) error {
	o.KnownOverrides = append(slices.Clone(o.KnownOverrides), f.KnownOverride...)
	o.Tables.Schema = f.Schema
	if usesTable(s) {
		o.Tables.AcceptEngine = f.AcceptEngine
	} else {
		o.Cache.AcceptEngine = f.AcceptEngine
	}
	switch {
	case f.AcceptEngine != "" && f.AcceptEngine != s.SessionEngine:
		return usagef("--accept-engine must be the site's SESSION_ENGINE, which is %s", s.SessionEngine)
	case engineName(s) == redisSessionsEngine:
		o.OpenEngine = rediscache.OpenSessions
	}
	if err := f.openDatabases(s, o, to); err != nil {
		return err
	}
	o.OpenCache = func(s djangosession.Settings) (caches.Cache, error) { return (&store{}).openCache(&s) } // the site closes it
	if s.SessionCache.Backend != databaseBackend {
		return nil
	}
	o.OpenCache = nil // the site opens it in one of its databases
	if !usesTable(s) && to.sessions.db != to.users.db {
		o.OpenCache = func(s djangosession.Settings) (caches.Cache, error) {
			return tables.NewCache(to.sessions.db, s, tables.CacheOptions{Dialect: o.Dialect, Schema: f.Schema})
		}
	}
	return nil
}

// openDatabases opens the database of the sessions and that of the users.
func (f *siteSource) openDatabases(s *djangosession.Settings, o *djangobridge.Options, to *openedSite) (err error) {
	const usersFlag, sessionsArg = "--users-database", "<database>"
	first := cmp.Or(f.Database, os.Getenv(databaseVariable))
	second := cmp.Or(f.UsersDatabase, os.Getenv(usersDatabaseVariable))
	of := sessionDatabase(s)
	switch {
	case of == nil && first != "" && second != "":
		return usagef("give %s or %s, not both: sessions are in no database", sessionsArg, usersFlag)
	case of == nil && first == "" && second == "":
		return usagef("expected %q, or %s: the site's users are in a database", sessionsArg, databaseVariable)
	case of == nil:
		to.users, err = f.openDatabase(or(first, second), sessionsArg, &s.UserDatabase, o)
		to.add(to.users)
		o.DB = to.users.db
		return err
	case first == "":
		return usagef("expected %q, or %s: the site's sessions are in a database", sessionsArg, databaseVariable)
	case of.Alias != s.UserDatabase.Alias && second == "":
		return usagef("expected %s, or %s: the site's users are in the database %q, and its sessions in %q",
			usersFlag, usersDatabaseVariable, s.UserDatabase.Alias, of.Alias)
	case of.Alias == s.UserDatabase.Alias && second != "":
		return usagef("leave out %s and %s: users and sessions are both in the database %q", usersFlag, usersDatabaseVariable, of.Alias)
	}
	to.sessions, err = f.openDatabase(first, sessionsArg, of, o)
	to.add(to.sessions)
	if err != nil {
		return err
	}
	to.users = to.sessions
	if second != "" {
		to.users, err = f.openDatabase(second, usersFlag, &s.UserDatabase, o)
		to.add(to.users)
	}
	o.DB = to.sessions.db
	if !usesTable(s) { // the other is the database of the cache
		o.DB = to.users.db
	} else if second != "" {
		o.UserDB = to.users.db
	}
	return err
}

func (s *openedSite) add(c connection) {
	if c.db != nil {
		s.closers = append(s.closers, c.db)
	}
}

// openDatabase opens one database. It must be of the kind that the settings name.
func (f *siteSource) openDatabase(url, flag string, of *djangosession.Database, o *djangobridge.Options) (connection, error) {
	open, err := openerOf(url)
	if err != nil {
		return connection{}, usagef("%s: %w", flag, err)
	}
	c, err := open(url, !o.ReadOnly)
	switch {
	case err != nil:
		return connection{}, usagef("%s: %w", flag, err)
	case of.Vendor != "" && of.Vendor != c.vendor:
		return c, usagef("%s is a %s database, but the settings say that the site's is %s: name the site's database",
			flag, c.vendor, of.Vendor)
	case f.AcceptDatabaseEngine != "" && f.AcceptDatabaseEngine != of.Engine:
		return c, usagef("--accept-database-engine must be the ENGINE of the site's database, which is %s", of.Engine)
	case f.AcceptDatabaseEngine != "":
		o.Dialect = c.dialect
	}
	return c, nil
}

// sessionDatabase returns the database of the sessions, or of their cache; nil if they
// are in none.
func sessionDatabase(s *djangosession.Settings) *djangosession.Database {
	switch {
	case usesTable(s):
		return &s.SessionDatabase
	case engineName(s) == cacheEngine && s.SessionCache.Backend == databaseBackend:
		return &s.SessionCache.Database
	}
	return nil
}

// usesTable reports whether sessions are in a table of sessions. Those of an unknown
// engine are considered to be.
func usesTable(s *djangosession.Settings) bool {
	name := engineName(s)
	return name == "" || name == dbEngine || name == cachedDBEngine
}

// remedy adds the flags that accept what the site was refused for.
func (f *siteSource) remedy(err error) error {
	refused, ok := errors.AsType[*djangobridge.RefusedError](err)
	if !ok {
		return usageError{err}
	}
	flags := map[string]string{
		engineSetting:      "--accept-engine",
		"SESSION_DATABASE": "--accept-database-engine", "USER_DATABASE": "--accept-database-engine",
	}
	for _, found := range refused.Findings {
		flag := flags[found.Setting]
		if found.Override != "" {
			flag = "--known-override " + found.Override
		}
		if flag != "" {
			return usagef("%w (see %s in --help)", err, flag)
		}
	}
	return usageError{err}
}
