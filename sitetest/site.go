package sitetest

import (
	"log/slog"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/tables"
)

// Host is the host of the requests of a [Client], and that of [httptest.NewRequest]. The
// site allows it, besides its ALLOWED_HOSTS.
const Host = "example.com"

// Options configure a site in memory. The zero value is a new project of the newest
// release of Django.
type Options struct {
	// File is the settings file of a site, as [djangobridge.Open] reads it. Its
	// SECRET_KEY need not be the real one.
	File string
	// Settings are the settings of a site, in place of File.
	Settings djangosession.Settings
	// Bridge contains the options of the service, such as Sessions or Auth. DB, UserDB,
	// Users and the options of session engines have no effect.
	Bridge djangobridge.Options
	// Now is the time at which the clock begins; the time of the call if zero.
	Now time.Time
}

// A Site is a Django site for tests. Handlers get the embedded site.
type Site struct {
	*djangobridge.Site
	// Clock is the clock of the site.
	Clock *Clock

	// The same site for the helpers, which write no users and call no hooks.
	arranging *djangobridge.Site
	reading   *djangobridge.Site // read-only
	users     *memory.Users      // nil in a real database
	created   created
	https     bool // a cookie requires it
}

// New returns a site in memory. Sessions are stored as SESSION_SERIALIZER and the release
// store them; with the engine signed_cookies, cookies contain them. Passwords are hashed
// by PBKDF2 with one iteration. Log messages of the parts go to the output of the test,
// unless Options.Bridge has loggers.
func New(t testing.TB, o Options) *Site {
	t.Helper()
	clock, users := newClock(o.Now), memory.NewUsers()
	s, b := o.inMemory(t, clock, users)
	site := newSite(t, s, b, clock)
	site.users = users
	return site
}

// newSite returns a site with these settings and options.
func newSite(t testing.TB, s djangosession.Settings, b djangobridge.Options, clock *Clock) *Site {
	t.Helper()
	s.Now = clock.Now
	s.AllowedHosts = append([]string{Host}, s.AllowedHosts...)
	logTo(t, &b)
	site := &Site{
		Site: open(t, s, b), Clock: clock, created: created{cookie: s.SessionCookieName},
		https: s.SessionCookieSecure || s.CSRFCookieSecure || b.Sessions.Partitioned,
	}
	b = forHelpers(s, b, site.Users)
	site.arranging = open(t, s, b)
	b.ReadOnly = true
	site.reading = open(t, s, b)
	return site
}

// open returns a site that is closed at the end of the test.
func open(t testing.TB, s djangosession.Settings, b djangobridge.Options) *djangobridge.Site {
	t.Helper()
	site, err := djangobridge.New(s, b)
	if err != nil {
		t.Fatalf("sitetest: %v", err)
	}
	t.Cleanup(func() { _ = site.Close() })
	return site
}

// logTo makes parts without a logger log to the output of the test.
func logTo(t testing.TB, b *djangobridge.Options) {
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	for _, part := range []**slog.Logger{&b.Sessions.Logger, &b.Auth.Logger, &b.CSRF.Logger, &b.Messages.Logger} {
		if *part == nil {
			*part = logger
		}
	}
}

// forHelpers returns the options for a site that writes nothing but sessions, and only if
// a helper asks for it.
func forHelpers(s djangosession.Settings, b djangobridge.Options, users auth.Users) djangobridge.Options {
	c := &s.SessionCache
	if b.UserDB != nil && b.OpenCache == nil && c.Backend == tables.CacheBackend && c.Database.Alias == s.UserDatabase.Alias {
		db, o := b.UserDB, tables.CacheOptions{
			Dialect: b.Dialect, Schema: b.Tables.Schema, LockWait: b.Tables.LockWait,
			NoPreparedStatements: b.Tables.NoPreparedStatements,
		}
		b.OpenCache = func(s djangosession.Settings) (caches.Cache, error) { return tables.NewCache(db, s, o) }
	}
	b.ReadOnly, b.Cache.ReadOnly, b.Messages.ReadOnly = false, false, false
	b.UserDB, b.Users = nil, unwritten{users}
	b.UserFields, b.LoginFields, b.LoginIgnoresCase = nil, nil, false
	quiet := slog.New(slog.DiscardHandler)
	b.Sessions = djangosession.Options{Partitioned: b.Sessions.Partitioned, Logger: quiet}
	b.CSRF = csrf.Options{Logger: quiet}
	b.Messages.Logger, b.Messages.OnError = quiet, nil
	b.Auth = auth.Options{
		InactiveBackends: b.Auth.InactiveBackends, PasswordBackends: b.Auth.PasswordBackends, IgnoredBackends: b.Auth.IgnoredBackends,
		KnownMiddleware: b.Auth.KnownMiddleware, Logger: quiet,
	}
	return b
}
