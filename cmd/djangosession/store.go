package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/rediscache"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/files"
	"github.com/djangobridge/djangobridge/signedcookies"
	"github.com/djangobridge/djangobridge/tables"
)

// store is an open session store of a site.
type store struct {
	djangosession.Engine
	connection // of the site's database; zero without one

	name    string         // of the engine
	table   *tables.Engine // nil if sessions are in no table
	from    string         // where rows begin in a table; "" for the first
	user    string         // of which rows of a table are read; "" for all
	since   time.Time      // rows of a table that were signed before are skipped; zero for none
	closers []io.Closer
}

// use says what a command does with a store.
type use struct {
	write bool
	rows  bool      // only lists and clears, for which the table is enough
	keys  *[]string // arguments after the database; nil if the command has none
	// userColumn is the column of the session table with the user's id, or "".
	userColumn string
}

// close closes connections. All changes are committed.
func (s *store) close() {
	for _, c := range s.closers {
		_ = c.Close()
	}
}

// open opens the store of the site.
func (f *databaseFlags) open(ctx context.Context, t *tool, s djangosession.Settings, u use) (*store, error) {
	if f.LockTimeout < 0 {
		return nil, usagef("--lock-timeout must not be negative")
	}
	name := engineName(&s)
	hasTable := name == "" || name == dbEngine || name == cachedDBEngine
	if f.Database != "" && !hasTable && !namesDatabase(f.Database) && u.keys != nil {
		*u.keys = append([]string{f.Database}, *u.keys...) // it is a session key
		f.Database = ""
	}
	opened := &store{name: name}
	open := f.openTable
	switch {
	case f.Database != "" && name == cacheEngine && s.SessionCache.Backend == databaseBackend:
		open = f.openCacheEngine
	case f.Database != "": // which may have a table of former sessions
	case hasTable, name == cacheEngine && s.SessionCache.Backend == databaseBackend:
		return nil, usagef(`expected "<database>", because sessions are in a database (see --help)`)
	case name == cacheEngine:
		open = f.openCacheEngine
	default:
		open = f.openOther
	}
	if err := open(ctx, t, s, u, opened); err != nil {
		opened.close()
		return nil, err
	}
	return opened, nil
}

// connect opens the database.
func (f *databaseFlags) connect(t *tool, s *djangosession.Settings, u use, to *store) error {
	open, err := openerOf(f.Database)
	if err != nil {
		return err
	}
	if to.connection, err = open(f.Database, u.write); err != nil {
		return err
	}
	to.closers = append(to.closers, to.db)
	return to.checkVendor(t, s, u.write)
}

// openTable opens the table and checks it. If Django may store sessions elsewhere too, a
// command that writes is refused, and others print a warning.
func (f *databaseFlags) openTable(ctx context.Context, t *tool, s djangosession.Settings, u use, to *store) error {
	accepted, known, err := f.acceptEngine(t, s, u.write)
	if err != nil {
		return err
	}
	if err := f.connect(t, &s, u, to); err != nil {
		return err
	}
	o := tables.Options{
		Dialect: to.dialect, Table: f.Table, Schema: f.Schema, LockWait: f.lockWait(), AcceptEngine: accepted,
	}
	if u.userColumn != "" {
		o.UserColumn = u.userColumn
		o.ExtraColumns = []tables.Column{{Name: u.userColumn, Value: tables.LoggedInUserID}}
	}
	to.table, err = tables.New(to.db, s, o)
	if err != nil {
		return usageError{err}
	}
	to.Engine = to.table
	if err := checkTable(ctx, to.table); err != nil {
		return err
	}
	if to.name != cachedDBEngine || !known || u.rows {
		return nil
	}
	return f.openCachedDB(ctx, s, u, to)
}

// acceptEngine returns the SESSION_ENGINE to accept, if Options.AcceptEngine must name
// it, and whether Django stores sessions in a known way.
func (f *databaseFlags) acceptEngine(t *tool, s djangosession.Settings, write bool) (accepted string, known bool, err error) {
	name := engineName(&s)
	if name != cachedDBEngine {
		name = dbEngine
	} else {
		accepted = s.SessionEngine // because package tables is for the engine db
	}
	err = s.CheckEngine(enginePackage + name)
	switch {
	case f.AcceptEngine != "" && f.AcceptEngine != s.SessionEngine:
		return "", false, usagef("--accept-engine must be the site's SESSION_ENGINE, which is %s", s.SessionEngine)
	case f.AcceptEngine != "":
		return f.AcceptEngine, true, nil
	case err == nil:
		return accepted, true, nil
	case write:
		return "", false, usagef("%w. Django may keep sessions outside the table, where they would stay valid. "+
			"If Django reads the table, repeat the command with --accept-engine %s", err, s.SessionEngine)
	}
	t.notef("warning: %s. Django may keep sessions outside the table, and those in the table may be outdated", plain(err))
	return s.SessionEngine, false, nil
}

// openCachedDB adds the cache to a table.
func (f *databaseFlags) openCachedDB(ctx context.Context, s djangosession.Settings, u use, to *store) error {
	if s.SessionCache.Backend == dummyBackend { // works as the engine db
		return nil
	}
	cache, err := to.openCache(&s)
	if err != nil {
		return err
	}
	engine, err := caches.NewCachedDB(to.table, cache, s, caches.Options{ReadOnly: !u.write, AcceptEngine: f.AcceptEngine})
	if err != nil {
		return usageError{err}
	}
	to.Engine = engine
	return cache.Check(ctx)
}

// openCacheEngine opens a store that is a cache.
func (f *databaseFlags) openCacheEngine(ctx context.Context, t *tool, s djangosession.Settings, u use, to *store) error {
	if f.Database != "" {
		if err := f.connect(t, &s, u, to); err != nil {
			return err
		}
	}
	cache, err := to.openCache(&s)
	if err != nil {
		return err
	}
	engine, err := caches.NewEngine(cache, s, caches.Options{ReadOnly: !u.write})
	if err != nil {
		return usageError{err}
	}
	to.Engine = engine
	return engine.Check(ctx)
}

// openOther opens a store of files, of cookies or of django-redis-sessions.
func (*databaseFlags) openOther(ctx context.Context, _ *tool, s djangosession.Settings, _ use, to *store) error {
	var engine interface {
		djangosession.Engine
		Check(ctx context.Context) error
	}
	var err error
	switch to.name {
	case fileEngine:
		engine, err = files.New(s, files.Options{})
	case signedCookiesEngine:
		engine, err = signedcookies.New(s, signedcookies.Options{})
	case redisSessionsEngine:
		var sessions *rediscache.Sessions
		if sessions, err = rediscache.NewSessions(s, rediscache.Options{}); err == nil { //nolint:contextcheck // closing has no context
			to.closers = append(to.closers, sessions)
		}
		engine = sessions
	}
	if err != nil {
		return usageError{err}
	}
	to.Engine = engine
	return engine.Check(ctx)
}

var errCannotList = errors.New("its sessions cannot be listed")

// cannotList is the error of a store that does not list its sessions.
func (s *store) cannotList() error { return fmt.Errorf("%w: %s", errCannotList, s.whyNoList()) }

// whyNoList says why a store does not list its sessions.
func (s *store) whyNoList() string {
	if s.name == signedCookiesEngine {
		return "they are in the cookies of the visitors' browsers"
	}
	return "the cache has no list of its keys; name session keys instead"
}
