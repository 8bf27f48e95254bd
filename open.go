package djangobridge

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/files"
	"github.com/djangobridge/djangobridge/signedcookies"
	"github.com/djangobridge/djangobridge/tables"
)

// Options holds everything that a site's settings file does not contain. DB is required,
// and OpenCache for a site whose sessions are in Redis or memcached.
type Options struct {
	// DB is the database of the site's sessions and users, or of its users alone if sessions
	// are in no database. The caller closes it.
	DB *sql.DB
	// UserDB is the database of the users, if the site keeps them in another database
	// than its sessions.
	UserDB *sql.DB
	// Dialect is for a database engine that this module does not know but that creates
	// the same tables as Django's engine for that vendor. It must be the dialect of the
	// vendor in the file.
	Dialect tables.Dialect

	// ReadOnly stops all parts of the Site from writing: sessions, cookies and users
	// remain unchanged. Attempts to write return [djangosession.ErrReadOnly].
	ReadOnly bool
	// KnownOverrides lists methods of the site's user model and its manager, such as
	// "shop.models.User.has_perm", that do not change who is logged in or what users may
	// do. If the file lists others that Open does not know, its error names them.
	KnownOverrides []string

	// OpenCache opens the cache of a site whose sessions are in Redis or memcached. Set it
	// to rediscache.Open or memcached.Open, of the packages below caches: they need client
	// libraries, which other services need not link. Open calls it if the site has such a
	// cache, and [Site.Close] closes the cache.
	OpenCache func(s djangosession.Settings) (caches.Cache, error)
	// OpenEngine replaces the session engine that follows from the file. For
	// django-redis-sessions, set it to rediscache.OpenSessions. For a session engine of the
	// site's own, set it to a function that returns an engine in Go. Site.Check and
	// Site.Close call the methods Check and Close of the engine, if it has them.
	OpenEngine func(s djangosession.Settings) (djangosession.Engine, error)

	// Tables contains further options for the tables. Dialect and DatabaseTimeZone follow
	// from the file.
	Tables tables.Options
	// Cache contains options for sessions in a cache. Leave its ReadOnly unset and set
	// Options.ReadOnly.
	Cache caches.Options
	// Files contains options for sessions in files.
	Files files.Options
	// SignedCookies contains options for sessions in cookies.
	SignedCookies signedcookies.Options
	// Sessions contains options for sessions and their middleware. Leave its ReadOnly
	// unset and set Options.ReadOnly.
	Sessions djangosession.Options
	// Auth contains options for logins.
	Auth auth.Options
	// CSRF contains options for CSRF protection.
	CSRF csrf.Options
}

// A RefusedError lists the reasons why the site cannot be opened safely from its settings
// file.
type RefusedError struct {
	File     string
	Findings []djangosession.Finding // at least one
}

func (e *RefusedError) Error() string {
	lines := make([]string, 0, len(e.Findings))
	for _, f := range e.Findings {
		lines = append(lines, f.String())
	}
	return fmt.Sprintf("djangobridge: cannot open the site described by %s: %s", e.File, strings.Join(lines, "; "))
}

// Open returns the site that a settings file describes; see
// [djangosession.SettingsScript]. It does not use the database; [Site.Check] does. The
// error is a [*RefusedError] if the file does not prove that the site can be handled
// safely, a [*djangosession.SettingError] for an unusable setting or option, or an error
// of reading the file.
func Open(file string, o Options) (*Site, error) {
	s, found, err := review(file)
	if err != nil {
		return nil, err
	}
	if o.Dialect == nil {
		o.Dialect = o.Tables.Dialect
	}
	found = slices.DeleteFunc(found, func(f djangosession.Finding) bool { return !f.Refused || o.settles(&s, f) })
	if len(found) > 0 {
		return nil, &RefusedError{File: file, Findings: found}
	}
	if err := o.check(&s); err != nil {
		return nil, err
	}
	return open(s, o)
}

// review reads a settings file. Its errors name the file.
func review(file string) (djangosession.Settings, []djangosession.Finding, error) {
	const remedy = `export the site's settings (see "djangosession settings script --help")`
	f, err := os.Open(file) //nolint:gosec // the caller says which file
	if err != nil {
		return djangosession.Settings{}, nil, fmt.Errorf("djangobridge: open: %w: %s", err, remedy)
	}
	defer f.Close()                                  //nolint:errcheck // the file was only read
	s, found, err := djangosession.ReviewSettings(f) // which reads no more than 1 MiB
	if _, isSetting := errors.AsType[*djangosession.SettingError](err); isSetting {
		err = fmt.Errorf("djangobridge: open %s: %w", file, err)
	} else if err != nil {
		err = fmt.Errorf("djangobridge: open %s: %w: %s", file, err, remedy)
	}
	return s, found, err
}

// settles reports whether an option resolves a finding.
func (o *Options) settles(s *djangosession.Settings, f djangosession.Finding) bool {
	switch f.Setting {
	case "SESSION_ENGINE":
		return f.Kind == djangosession.UnknownFinding && (o.Tables.AcceptEngine != "" || o.Cache.AcceptEngine != "" ||
			o.OpenEngine != nil)
	case "SESSION_CACHE.backend":
		return o.OpenEngine != nil || f.Kind == djangosession.UnknownFinding && o.OpenCache != nil ||
			s.SessionCache.Backend == locMemBackend && o.usesTable(s) && o.ReadOnly
	case "SESSION_CACHE.key_function":
		return o.Cache.KeyFunction != nil || o.OpenEngine != nil
	case "SESSION_CACHE.database":
		return o.OpenCache != nil || o.OpenEngine != nil || o.settlesDatabase(&s.SessionCache.Database)
	case "SESSION_DATABASE":
		return o.OpenEngine != nil || o.settlesDatabase(&s.SessionDatabase)
	case "USER_DATABASE":
		return o.settlesDatabase(&s.UserDatabase)
	case "USER_MODEL":
		return f.Override != "" && slices.Contains(o.KnownOverrides, f.Override)
	}
	return false
}

// settlesDatabase reports whether the only problem is that the engine is unknown, and the
// caller has set its dialect.
func (o *Options) settlesDatabase(d *djangosession.Database) bool {
	_, known := djangosession.VendorOf(d.Engine)
	return o.Dialect != nil && !known && d.Engine != "" && d.Error == "" && d.Alias == d.WriteAlias
}

func (o *Options) check(s *djangosession.Settings) error {
	refuse := func(option, problem string) error {
		return &djangosession.SettingError{Setting: "Options." + option, Problem: problem}
	}
	sessions, users := s.SessionDatabase.Alias, s.UserDatabase.Alias
	if !o.usesTable(s) {
		sessions = users
	}
	switch {
	case o.DB == nil:
		return refuse("DB", "is nil: set it to the site's database, opened with database/sql")
	case sessions != users && o.UserDB == nil:
		return refuse("UserDB", fmt.Sprintf("is nil, but users are in the database %q and sessions in %q", users, sessions))
	case sessions == users && o.UserDB != nil && o.UserDB != o.DB:
		return refuse("UserDB", fmt.Sprintf("differs from DB, but users and sessions are both in %q", users))
	case o.Tables.Dialect != nil && o.Tables.Dialect != o.Dialect:
		return refuse("Dialect", "differs from Options.Tables.Dialect: set only Options.Dialect")
	case o.Sessions.ReadOnly && !o.ReadOnly:
		return refuse("ReadOnly", "is not set, but Options.Sessions.ReadOnly is: set only Options.ReadOnly")
	}
	return o.checkEngine(s)
}

// cacheDB returns the database of a cache that is a table; nil if it is another one than
// those of the options.
func (o *Options) cacheDB(s *djangosession.Settings) *sql.DB {
	switch alias := s.SessionCache.Database.Alias; {
	case alias == s.UserDatabase.Alias && o.UserDB != nil:
		return o.UserDB
	case alias == s.UserDatabase.Alias, o.usesTable(s) && alias == s.SessionDatabase.Alias:
		return o.DB
	}
	return nil
}

// open creates the parts.
func open(s djangosession.Settings, o Options) (_ *Site, err error) {
	o.Tables.Dialect = o.Dialect
	o.Sessions.ReadOnly, o.Cache.ReadOnly = o.ReadOnly, o.ReadOnly
	e := &engine{}
	defer func() {
		if err != nil {
			_ = e.Close() // the other error says more
		}
	}()
	if err := o.openEngine(s, e); err != nil {
		return nil, err
	}
	sessions, err := djangosession.NewManager(e.Engine, s, o.Sessions)
	if err != nil {
		return nil, err
	}
	users, err := newUsers(s, &o)
	if err != nil {
		return nil, err
	}
	login, err := auth.New(sessions, users, o.Auth)
	if err != nil {
		return nil, err
	}
	protection, err := csrf.New(s, o.CSRF)
	if err != nil {
		return nil, err
	}
	return &Site{Settings: s, Sessions: sessions, Login: login, CSRF: protection, Users: users, engine: e}, nil
}

func newUsers(s djangosession.Settings, o *Options) (*tables.Users, error) {
	db, users := o.DB, tables.UserOptions{
		Dialect: o.Dialect, LockWait: o.Tables.LockWait, ReadOnly: o.ReadOnly, KnownOverrides: o.KnownOverrides,
	}
	if o.UserDB != nil {
		db = o.UserDB
	}
	if !o.usesTable(&s) || s.UserDatabase.Alias == s.SessionDatabase.Alias { // also if UserDB is DB once more
		users.Schema = o.Tables.Schema
	}
	return tables.NewUsers(db, s, users)
}
