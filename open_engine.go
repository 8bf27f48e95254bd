package djangobridge

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/files"
	"github.com/djangobridge/djangobridge/signedcookies"
	"github.com/djangobridge/djangobridge/tables"
)

// Names of session engines: Django's without their package.
const (
	dbEngine            = "db"
	cachedDBEngine      = "cached_db"
	cacheEngine         = "cache"
	fileEngine          = "file"
	signedCookiesEngine = "signed_cookies"
	redisSessionsEngine = "redis_sessions.session"

	backendsPackage = "django.contrib.sessions.backends."
)

// Backends of caches.
const (
	cachePackage     = "django.core.cache.backends."
	redisBackend     = cachePackage + "redis.RedisCache"
	djangoRedis      = "django_redis.cache.RedisCache"
	fileBasedBackend = cachePackage + "filebased.FileBasedCache"
	databaseBackend  = cachePackage + "db.DatabaseCache"
	locMemBackend    = cachePackage + "locmem.LocMemCache"
	dummyBackend     = cachePackage + "dummy.DummyCache"
	memcachedModule  = cachePackage + "memcached."
)

// engineOf returns the name of the engine that SESSION_ENGINE is or extends. An unknown
// engine is like db.
func engineOf(s *djangosession.Settings) string {
	return cmp.Or(strings.TrimPrefix(s.BaseEngine(), backendsPackage), dbEngine)
}

// usesTable reports whether sessions are in a table.
func (o *Options) usesTable(s *djangosession.Settings) bool {
	name := engineOf(s)
	return o.OpenEngine == nil && (name == dbEngine || name == cachedDBEngine)
}

// usesCache reports whether sessions are in a cache of CACHES.
func (o *Options) usesCache(s *djangosession.Settings) bool {
	name := engineOf(s)
	return o.OpenEngine == nil && (name == cacheEngine || name == cachedDBEngine)
}

// cacheDB returns the database of a cache that is a table; nil if it is another one than
// those of the options.
func (o *Options) cacheDB(s *djangosession.Settings) *sql.DB {
	switch alias := s.SessionCache.Database.Alias; {
	case o.Users != nil && !o.usesTable(s): // DB has no other purpose
		return o.DB
	case o.Users != nil && alias != s.SessionDatabase.Alias:
		return nil
	case alias == s.UserDatabase.Alias && o.UserDB != nil:
		return o.UserDB
	case alias == s.UserDatabase.Alias, o.usesTable(s) && alias == s.SessionDatabase.Alias:
		return o.DB
	}
	return nil
}

// engine is a session engine with what is needed to check and to close it.
type engine struct {
	djangosession.Engine
	checks  []func(context.Context) error
	closers []io.Closer
}

// checker is a part that can be checked when the service starts.
type checker interface {
	Check(ctx context.Context) error
}

// add takes over the checks and the connections of a part.
func (e *engine) add(part any) {
	if c, ok := part.(checker); ok {
		e.checks = append(e.checks, c.Check)
	}
	if closer, ok := part.(io.Closer); ok {
		e.closers = append(e.closers, closer)
	}
}

// Close closes the connections that Open has opened.
func (e *engine) Close() error {
	errs := make([]error, 0, len(e.closers))
	for _, c := range e.closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// openEngine completes e with the session engine of the site. It has to be closed even if
// the error is not nil.
func (o *Options) openEngine(s djangosession.Settings, e *engine) error {
	switch name := engineOf(&s); {
	case o.OpenEngine != nil:
		made, err := o.OpenEngine(s)
		return e.take(made, err)
	case name == cachedDBEngine:
		return o.openCachedDB(s, e)
	case name == cacheEngine:
		return o.openCacheEngine(s, e)
	case name == fileEngine:
		made, err := files.New(s, o.Files)
		return e.take(made, err)
	case name == signedCookiesEngine:
		made, err := signedcookies.New(s, o.SignedCookies)
		return e.take(made, err)
	}
	made, err := tables.New(o.DB, s, o.Tables)
	return e.take(made, err)
}

// take makes an engine this one, unless its constructor has failed.
func (e *engine) take(made djangosession.Engine, err error) error {
	if err != nil {
		return err
	}
	e.Engine = made
	e.add(made)
	return nil
}

func (o *Options) openCacheEngine(s djangosession.Settings, e *engine) error {
	cache, err := o.openCache(s, e)
	if err != nil {
		return err
	}
	made, err := caches.NewEngine(cache, s, o.Cache)
	if err != nil {
		return err
	}
	e.Engine = made
	e.checks = append(e.checks, made.Check)
	return nil
}

func (o *Options) openCachedDB(s djangosession.Settings, e *engine) error {
	t := o.Tables
	t.AcceptEngine = cmp.Or(t.AcceptEngine, s.SessionEngine) // package caches checks the engine
	o.Cache.AcceptEngine = cmp.Or(o.Cache.AcceptEngine, o.Tables.AcceptEngine)
	table, err := tables.New(o.DB, s, t)
	if err != nil {
		return err
	}
	e.add(table)
	if b := s.SessionCache.Backend; b == dummyBackend || b == locMemBackend { // the latter for reading alone
		e.Engine = table
		return nil
	}
	cache, err := o.openCache(s, e)
	if err != nil {
		return err
	}
	made, err := caches.NewCachedDB(table, cache, s, o.Cache)
	if err != nil {
		return err
	}
	e.Engine = made
	e.checks = append(e.checks, cache.Check) // the table's is there
	return nil
}

// openCache opens the cache of sessions.
func (o *Options) openCache(s djangosession.Settings, e *engine) (cache caches.Cache, err error) {
	switch db := o.cacheDB(&s); {
	case s.SessionCache.Backend == fileBasedBackend:
		cache, err = caches.NewFileBased(s)
	case s.SessionCache.Backend == databaseBackend && o.OpenCache == nil:
		cache, err = tables.NewCache(db, s, tables.CacheOptions{
			Dialect: o.Dialect, Schema: o.Tables.Schema, LockWait: o.Tables.LockWait,
			NoPreparedStatements: o.Tables.NoPreparedStatements,
		})
	default: // check has seen that OpenCache is set
		cache, err = o.OpenCache(s)
	}
	if err != nil {
		return nil, err
	}
	if closer, ok := cache.(io.Closer); ok {
		e.closers = append(e.closers, closer)
	}
	return cache, nil
}

// checkEngine reports options that the session engine lacks or cannot have.
func (o *Options) checkEngine(s *djangosession.Settings) error {
	name := engineOf(s)
	refuse := func(option, problem string) error {
		return &djangosession.SettingError{Setting: "Options." + option, Problem: problem}
	}
	t := &o.Tables
	switch {
	case o.OpenEngine != nil:
		return nil
	case name == redisSessionsEngine:
		return refuse("OpenEngine", "is nil, but SESSION_ENGINE is "+s.SessionEngine+": set it to rediscache.OpenSessions, of package "+
			redisPackage)
	case name == signedCookiesEngine && o.Sessions.MergeSaves:
		return refuse("Sessions.MergeSaves", "is set, but SESSION_ENGINE is signed_cookies, where each response has a session of its "+
			"own and the last one wins: unset it")
	case !o.usesTable(s) && describesTable(t):
		return refuse("Tables", fmt.Sprintf("names a table of sessions, but SESSION_ENGINE is %q: leave out Table, ExtraColumns, "+
			"UserColumn, Prepare and AcceptEngine", s.SessionEngine))
	case o.Cache.ReadOnly && !o.ReadOnly:
		return refuse("ReadOnly", "is not set, but Options.Cache.ReadOnly is: set only Options.ReadOnly")
	case o.usesCache(s):
		if problem := o.cacheProblem(s); problem != "" {
			return refuse("OpenCache", problem)
		}
	}
	return nil
}

// describesTable reports whether there are options of the table of sessions.
func describesTable(t *tables.Options) bool {
	return t.Table != "" || t.ExtraColumns != nil || t.UserColumn != "" || t.Prepare != nil || t.AcceptEngine != ""
}

const (
	redisPackage     = "github.com/djangobridge/djangobridge/caches/rediscache"
	memcachedPackage = "github.com/djangobridge/djangobridge/caches/memcached"
)

// cacheProblem says what OpenCache has to be; "" if it is not needed, or set.
func (o *Options) cacheProblem(s *djangosession.Settings) string {
	c := &s.SessionCache
	if o.OpenCache != nil {
		return ""
	}
	const remedy = "is nil, but the sessions are in a cache with the BACKEND %q: set it to %s"
	switch b := c.Backend; {
	case b == redisBackend || b == djangoRedis:
		return fmt.Sprintf(remedy, b, "rediscache.Open, of package "+redisPackage)
	case strings.HasPrefix(b, memcachedModule):
		return fmt.Sprintf(remedy, b, "memcached.Open, of package "+memcachedPackage)
	case b == databaseBackend && o.cacheDB(s) == nil:
		return fmt.Sprintf("is nil, but the cache of the sessions is a table in the database %q, and users are in %q: set it to a "+
			"function that calls tables.NewCache with that database", c.Database.Alias, s.UserDatabase.Alias)
	case b == fileBasedBackend, b == databaseBackend, b == dummyBackend, b == locMemBackend:
		return ""
	default:
		return fmt.Sprintf(remedy, b, "a function that opens it")
	}
}
