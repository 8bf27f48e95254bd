package djangobridge

import (
	"database/sql"
	"fmt"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/djangosession/hashers"
	"github.com/djangobridge/djangobridge/djangosession/messages"
	"github.com/djangobridge/djangobridge/files"
	"github.com/djangobridge/djangobridge/signedcookies"
	"github.com/djangobridge/djangobridge/tables"
)

// Options holds everything that a site's settings do not contain. DB is required, unless
// Users is set and sessions are in no database. So is OpenCache for a site whose sessions
// are in Redis or memcached.
type Options struct {
	// DB is the database of the site's sessions and users, or of its users alone if
	// sessions are in no database. The caller closes it.
	DB *sql.DB
	// UserDB is the database of the users, if the site keeps them in another database
	// than its sessions.
	UserDB *sql.DB
	// Users replaces the users in the database, for a user model that this module cannot
	// read, such as one with columns in two tables, and for tests. DB is then the
	// database of the sessions, and may be nil if they are in none. Passwords and
	// permissions are what Users returns; a model that overrides get_session_auth_hash
	// remains refused. With ReadOnly, no part of the Site calls the methods of Users that
	// write. Site.Check calls its method Check, if it has one.
	Users auth.Users
	// UserFields names further fields of the user model that are read with each user; see
	// [tables.UserOptions].
	UserFields []string
	// LoginFields names the fields that the user name of a login is compared with, such
	// as "email", and LoginIgnoresCase makes these comparisons ignore case; see
	// LoginFields and IgnoreCase of [tables.UserOptions].
	LoginFields      []string
	LoginIgnoresCase bool
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

	// OpenCache opens the cache of a site whose sessions are in Redis or memcached. Set
	// it to rediscache.Open or memcached.Open, of the packages below caches: they need
	// client libraries, which other services need not link. Open calls it if the site has
	// such a cache, and [Site.Close] closes the cache.
	OpenCache func(s djangosession.Settings) (caches.Cache, error)
	// OpenEngine replaces the session engine that follows from the file. For
	// django-redis-sessions, set it to rediscache.OpenSessions. For a session engine of
	// the site's own, set it to a function that returns an engine in Go. Site.Check and
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
	// Auth contains options for logins. By default, Origin is that of package csrf, which
	// knows the site's proxies.
	Auth auth.Options
	// Hashers contains options for passwords. Auth.Hashers, if set, replaces these
	// hashers for logins.
	Hashers hashers.Options
	// CSRF contains options for CSRF protection.
	CSRF csrf.Options
	// Messages contains options for messages. Leave its ReadOnly unset and set
	// Options.ReadOnly.
	Messages messages.Options
}

func (o *Options) check(s *djangosession.Settings) error {
	refuse := func(option, problem string) error {
		return &djangosession.SettingError{Setting: "Options." + option, Problem: problem}
	}
	const unread = "is set, but Options.Users replaces the users in the database, and does not read it: unset it"
	sessions, users := s.SessionDatabase.Alias, s.UserDatabase.Alias
	if !o.usesTable(s) {
		sessions = users
	}
	switch {
	case o.DB == nil && o.needsDB(s):
		return refuse("DB", "is nil: set it to the site's database, opened with database/sql")
	case o.Users != nil && o.UserDB != nil:
		return refuse("UserDB", "is set, but Options.Users replaces the users in the database: set only one of them")
	case o.Users != nil && len(o.UserFields) > 0:
		return refuse("UserFields", unread)
	case o.Users != nil && len(o.LoginFields) > 0:
		return refuse("LoginFields", unread)
	case o.Users != nil && o.LoginIgnoresCase:
		return refuse("LoginIgnoresCase", unread)
	case o.Users == nil && sessions != users && o.UserDB == nil:
		return refuse("UserDB", fmt.Sprintf("is nil, but users are in the database %q and sessions in %q", users, sessions))
	case sessions == users && o.UserDB != nil && o.UserDB != o.DB:
		return refuse("UserDB", fmt.Sprintf("differs from DB, but users and sessions are both in %q", users))
	case o.Tables.Dialect != nil && o.Tables.Dialect != o.Dialect:
		return refuse("Dialect", "differs from Options.Tables.Dialect: set only Options.Dialect")
	case o.Sessions.ReadOnly && !o.ReadOnly:
		return refuse("ReadOnly", "is not set, but Options.Sessions.ReadOnly is: set only Options.ReadOnly")
	case o.Messages.ReadOnly && !o.ReadOnly:
		return refuse("ReadOnly", "is not set, but Options.Messages.ReadOnly is: set only Options.ReadOnly")
	}
	return o.checkEngine(s)
}

// needsDB reports whether a part of the site uses Options.DB.
func (o *Options) needsDB(s *djangosession.Settings) bool {
	return o.Users == nil || o.usesTable(s) ||
		o.usesCache(s) && s.SessionCache.Backend == databaseBackend && o.OpenCache == nil
}
