package doctor

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/memcached"
	"github.com/djangobridge/djangobridge/caches/rediscache"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/files"
	"github.com/djangobridge/djangobridge/internal/amount"
	"github.com/djangobridge/djangobridge/tables"
)

// Names of session engines and backends of caches.
const (
	backendsPackage = "django.contrib.sessions.backends."
	redisSessions   = "redis_sessions.session"

	cachePackage    = "django.core.cache.backends."
	redisBackend    = cachePackage + "redis.RedisCache"
	djangoRedis     = "django_redis.cache.RedisCache"
	fileBased       = cachePackage + "filebased.FileBasedCache"
	databaseCache   = cachePackage + "db.DatabaseCache"
	dummyCache      = cachePackage + "dummy.DummyCache"
	localCache      = cachePackage + "locmem.LocMemCache"
	memcachedModule = cachePackage + "memcached."
)

// store checks where the sessions are, and a sample of them.
func (d *Deployment) store(ctx context.Context, r *report) {
	engine := strings.TrimPrefix(d.Settings.BaseEngine(), backendsPackage)
	if !r.refused(d, "SESSION_ENGINE") {
		r.okf("session-engine", "Sessions are stored by %s, which is known.", d.Settings.SessionEngine)
	}
	s := &sample{}
	switch engine {
	case "signed_cookies":
		r.notef("sessions-decode", "Decode one with djangosession decode --from cookie.", "Sessions are in the cookies of "+
			"visitors, and no sample of them "+
			"can be read here.")
		return
	case "file":
		d.fileEngine(ctx, r, s)
	case "cache":
		d.cache(ctx, r, s, false)
	case redisSessions:
		d.redisSessions(ctx, r, s)
	case "cached_db":
		d.sessionTable(ctx, r, s)
		d.cache(ctx, r, s, true)
	default:
		d.sessionTable(ctx, r, s)
	}
	if len(s.random) == 0 && r.unreachable() {
		r.notef("sessions-decode", "Correct the faults, and run the command again.", "No sample of sessions can be read.")
		return
	}
	d.readable(r, s)
	d.logins(ctx, r, s)
}

// refused reports whether the review has found something about a setting.
func (*report) refused(d *Deployment, setting string) bool {
	for _, f := range d.Review {
		if f.Setting == setting {
			return true
		}
	}
	return false
}

// unreachable reports whether the store has a fault that hides the sessions.
func (r *report) unreachable() bool {
	for _, f := range r.found {
		if f.Level == Fault {
			return true
		}
	}
	return false
}

// sessionTable checks the table of sessions, and reads a sample.
func (d *Deployment) sessionTable(ctx context.Context, r *report, s *sample) {
	const check = "session-table"
	const skipped = "The table of sessions was not checked: "
	if d.Sessions == nil || d.Sessions.DB == nil {
		r.faultf(check, "Name the database of the sessions, and make it reachable.", skipped+"its database is not known, or "+
			"cannot be opened.")
		return
	}
	c := d.connection(d.Sessions, "the database of the sessions")
	if err := within(ctx, c.db.PingContext); err != nil {
		r.notef(check, "Make the database reachable, and run the command again.", skipped+"its database cannot be reached.")
		s.random = nil
		r.notef("sessions-decode", "Make the database reachable, and run the command again.", "No sample of sessions can be read.")
		return
	}
	name := d.sessionTableName()
	t, err := c.table(ctx, c, name)
	if !d.found(r, check, t, err, name, c) {
		return
	}
	d.sessionColumns(r, t, name)
	d.permitted(ctx, r, "session-rights", c, t, name, selectRight, insertRight, updateRight, deleteRight)
	if r.lacks("session-columns") {
		return
	}
	got, err := d.sampleTable(ctx, c, t, name)
	if err != nil && len(got.random) == 0 {
		r.unknown("sessions-decode", err)
		return
	}
	*s = *got
	if err := d.decode(s); err != nil {
		return // readable reports it
	}
	d.growth(ctx, r, c, t, name, s)
}

// lacks reports whether a check has a fault.
func (r *report) lacks(check string) bool {
	for _, f := range r.found {
		if f.Check == check && f.Level == Fault {
			return true
		}
	}
	return false
}

// cache checks the cache of the sessions. With a table beside it, its loss costs time
// only.
func (d *Deployment) cache(ctx context.Context, r *report, s *sample, hasTable bool) {
	const check = "cache"
	var cache caches.Cache
	var err error
	switch backend := d.Settings.SessionCache.Backend; {
	case backend == redisBackend || backend == djangoRedis:
		redis, failure := rediscache.New(d.Settings, rediscache.Options{})
		if failure == nil {
			defer redis.Close() //nolint:errcheck,contextcheck // it was only read, and closing has no context
			d.redis(ctx, r, redis.Servers, hasTable, d.Settings.SessionStoreClass.CacheKeyPrefix)
		}
		cache, err = redis, failure
	case strings.HasPrefix(backend, memcachedModule):
		m, failure := memcached.New(d.Settings, memcached.Options{Timeout: checkLimit})
		if failure == nil {
			defer m.Close() //nolint:errcheck // it was only read
			d.memcached(ctx, r, m, s, hasTable)
		}
		cache, err = m, failure
	case backend == fileBased:
		f, failure := caches.NewFileBased(d.Settings)
		if failure == nil && len(d.Settings.SessionCache.Location) > 0 {
			d.fileCache(ctx, r, d.Settings.SessionCache.Location[0])
		}
		cache, err = f, failure
	case backend == databaseCache:
		cache, err = d.databaseCache(ctx, r)
	case backend == dummyCache, backend == localCache, backend == "":
		return // is in the review
	default:
		r.notef("cache-kind", "Set Options.OpenCache to a function that opens it.", "The cache has the BACKEND %q, which cannot "+
			"be checked.", backend)
		return
	}
	if err != nil {
		r.faultf("cache-kind", "Correct the setting, and export the settings again.", "The cache cannot be used: %v.", err)
		return
	}
	r.okUnlessf("cache-kind", "The BACKEND of the cache is known.")
	r.okUnlessf(check, "The cache can be reached.")
	if hasTable || r.lacks(check) {
		return
	}
	// The review says whether the engine is known.
	o := caches.Options{ReadOnly: true, AcceptEngine: d.Settings.SessionEngine}
	engine, err := caches.NewEngine(cache, d.Settings, o)
	if err != nil {
		r.faultf("session-engine", "Correct the setting, and export the settings again.", "The session engine cannot be used: "+
			"%v.", err)
		return
	}
	d.list(ctx, r, s, engine)
}

// list reads a sample from an engine that lists its sessions.
func (d *Deployment) list(ctx context.Context, r *report, s *sample, engine djangosession.Engine) {
	lister, ok := engine.(djangosession.Lister)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	for record, err := range lister.Records(ctx) {
		switch {
		case errors.Is(err, djangosession.ErrNoList):
			r.notef("sessions-decode", "Decode one with djangosession sessions show.", "The cache has no list of its keys, so no "+
				"sample of sessions "+
				"can be read.")
			return
		case ctx.Err() != nil:
			return // the sample is what was read
		case err != nil:
			r.unknown("sessions-decode", err)
			return
		}
		s.random = append(s.random, stored{expires: record.ExpireDate.Time, dict: record.Data, err: record.Err})
		if len(s.random) == randomSample {
			return
		}
	}
}

// databaseCache checks a cache that is a table.
func (d *Deployment) databaseCache(ctx context.Context, r *report) (caches.Cache, error) {
	of := d.Sessions
	if of == nil {
		of = d.Users
	}
	if of == nil || of.DB == nil || len(d.Settings.SessionCache.Location) == 0 {
		return nil, errors.New("the database of the cache is not known, or cannot be opened")
	}
	name := d.Settings.SessionCache.Location[0]
	c := d.connection(of, "the database of the cache")
	t, err := c.table(ctx, c, name)
	if d.found(r, "cache", t, err, name, c) {
		d.permitted(ctx, r, "cache-rights", c, t, name, selectRight, insertRight, updateRight, deleteRight)
		d.cull(r, t.rows)
	} else if t == nil && err == nil {
		r.found[len(r.found)-1].Remedy = "Run manage.py createcachetable, and check that this is the database of the site."
	}
	return tables.NewCache(of.DB, d.Settings, tables.CacheOptions{Dialect: of.Dialect, Schema: d.Schema, LockWait: -1})
}

// cull checks whether the cache will remove sessions to make room.
func (d *Deployment) cull(r *report, entries int64) {
	const check = "cache-cull"
	most := int64(300) // Django's default
	switch n := d.Settings.SessionCache.Options["MAX_ENTRIES"].(type) {
	case float64:
		most = int64(n)
	case nil: // is in the review
	}
	switch {
	case entries < 0:
	case 10*entries >= 9*most:
		r.warnf(check, "Set OPTIONS[\"MAX_ENTRIES\"] of the cache well above the number of sessions, in Django and in the "+
			"exported settings.",
			"The cache has about %s entries, and MAX_ENTRIES is %s: Django removes sessions that are in "+
				"use.", amount.Number(entries), amount.Number(most))
	}
	r.okUnlessf(check, "MAX_ENTRIES of the cache is above the number of its entries.")
}

// fileCache checks the folder of a file-based cache.
func (d *Deployment) fileCache(ctx context.Context, r *report, folder string) {
	if d.folder(r, "cache", folder) {
		n, _ := count(ctx, folder, ".djcache", "", nil)
		d.cull(r, n)
	}
}

// fileEngine checks the folder of sessions in files.
func (d *Deployment) fileEngine(ctx context.Context, r *report, s *sample) {
	engine, err := files.New(d.Settings, files.Options{})
	if err != nil {
		r.faultf("session-folder", "Correct the setting, and export the settings again.", "The folder of sessions is not known: "+
			"%v.", err)
		return
	}
	if d.Settings.SessionFilePath == "" {
		r.notef("session-folder", "Set SESSION_FILE_PATH.", "SESSION_FILE_PATH is not set: the folder is the one for temporary "+
			"files, which "+
			"another process may not share, and which the system empties.")
	}
	if !d.folder(r, "session-folder", engine.Folder()) {
		return
	}
	if err := engine.Check(ctx); err != nil {
		r.faultf("session-folder", "Run the service as the user that runs Django.", "The sessions in the folder cannot be used: "+
			"%v.", err)
		return
	}
	old := 0
	n, all := count(ctx, engine.Folder(), "", d.Settings.SessionCookieName, func(info os.FileInfo) {
		if d.Now().Sub(info.ModTime()) > d.Settings.SessionCookieAge {
			old++
		}
	})
	words := "%s files"
	if !all {
		words = "more than %s files"
	}
	r.okf("session-growth", "The folder has "+words+" of sessions.", amount.Number(n))
	if n > 0 && 2*int64(old) >= n {
		r.warnf("expired-sessions", "Run clearsessions each day (manage.py clearsessions, or djangosession clearsessions).",
			"%s of the files were not written within SESSION_COOKIE_AGE: clearsessions does not run, and the folder grows without "+
				"end.", share(old, int(n)))
	} else {
		r.okf("expired-sessions", "%s of the files were not written within SESSION_COOKIE_AGE.", share(old, int(n)))
	}
	d.list(ctx, r, s, engine)
}
