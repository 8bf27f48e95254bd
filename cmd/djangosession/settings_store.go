package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/rediscache"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/files"
	"github.com/djangobridge/djangobridge/signedcookies"
	"github.com/djangobridge/djangobridge/tables"
)

// storeErrors returns the settings with which the session engine cannot be built, with an
// accepted SESSION_ENGINE or "". It connects to nothing, and leaves tables of sessions to
// the review.
func storeErrors(s djangosession.Settings, accepted string) []error {
	var err error
	switch engineName(&s) {
	case cacheEngine, cachedDBEngine:
		err = cacheError(s, accepted)
	case fileEngine:
		_, err = files.New(s, files.Options{})
	case signedCookiesEngine:
		_, err = signedcookies.New(s, signedcookies.Options{})
	case redisSessionsEngine:
		var e *rediscache.Sessions
		if e, err = rediscache.NewSessions(s, rediscache.Options{}); err == nil {
			err = e.Close()
		}
	}
	if _, is := errors.AsType[*djangosession.SettingError](err); !is {
		return nil // not about the settings
	}
	return []error{err}
}

// cacheError returns why the cache of the sessions, or the engine on it, cannot be built.
func cacheError(s djangosession.Settings, accepted string) error {
	if s.SessionCache.Backend == dummyBackend { // beside a table
		return nil
	}
	db := sql.OpenDB(nowhere{})
	dialect := map[string]tables.Dialect{
		vendorSQLite: tables.SQLite{}, vendorPostgreSQL: tables.PostgreSQL{}, vendorMySQL: tables.MySQL{},
	}[s.SessionCache.Database.Vendor]
	built := &store{connection: connection{db: db, dialect: dialect}, closers: []io.Closer{db}}
	cache, err := built.openCache(&s)
	if err == nil && engineName(&s) == cacheEngine {
		_, err = caches.NewEngine(cache, s, caches.Options{AcceptEngine: accepted})
	}
	for _, c := range built.closers {
		err = errors.Join(err, c.Close())
	}
	return err
}

// nowhere is a database that cannot be reached.
type nowhere struct{}

var errNowhere = errors.New("settings check connects to no database")

// Connect implements [driver.Connector].
func (nowhere) Connect(context.Context) (driver.Conn, error) { return nil, errNowhere }

// Driver implements [driver.Connector].
func (nowhere) Driver() driver.Driver { return nil }
