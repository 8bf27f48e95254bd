package caches

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// A DB is a session engine that keeps sessions in a database, together with functions
// that keep them in a cache too. The engine of package tables is one.
//
// The methods whose names end in With are those of the engine with a hook: a function
// that is called with a session that is stored, before the COMMIT and while its row is
// locked. If the hook returns an error, nothing is stored, and the method returns that
// error. It may be called several times.
type DB interface {
	djangosession.Merger
	djangosession.UserLister
	CreateWith(ctx context.Context, r *djangosession.Record, hook func(context.Context, *djangosession.Record) error) error
	SaveWith(ctx context.Context, r *djangosession.Record, hook func(context.Context, *djangosession.Record) error) error
	MergeWith(ctx context.Context, key string, change func(*djangosession.Record) error,
		hook func(context.Context, *djangosession.Record) error) error
	CycleWith(ctx context.Context, old string, change func(*djangosession.Record) error,
		hook func(context.Context, *djangosession.Record) error) error
	// Locked calls do with the session that has this key, expired or not, while it is
	// locked against other writers, and after their transactions have ended. stored is
	// nil if the session does not exist. do may be called several times. Locked returns
	// the error of do.
	Locked(ctx context.Context, key string, do func(ctx context.Context, stored *djangosession.Record) error) error
	// Codec returns the codec of the stored text.
	Codec() *djangosession.Codec
	// Check reports whether sessions can be stored.
	Check(ctx context.Context) error
}

// A CachedDB keeps sessions in a database, and copies of them in a cache. It implements
// [djangosession.Merger] and [djangosession.UserLister]. It matches the SESSION_ENGINE
// django.contrib.sessions.backends.cached_db, with the same order of operations: the row
// is written before the cache, and deleted before it.
//
// Row and cache do not disagree for long, as they may in Django when the cache fails.
// Each write of the cache happens while the row is locked and before it is committed. If
// either fails, neither has an effect, and the copy in the cache is removed if its state
// is unknown. A Load whose session is not in the cache adds it while its row is locked,
// and never in place of another one. If the cache cannot be read, or the row cannot be
// locked within a second, the Load returns the session that it read from the row and
// reports the error to Options.OnError.
//
// Like Django, a Load does not look at the row of a session that is in the cache, unless
// the copy is empty: Django makes such a copy of a row that it cannot read. A copy lives
// no longer than its row.
type CachedDB struct {
	db       DB
	cache    *Engine
	onError  func(ctx context.Context, err error)
	logger   *slog.Logger
	location *time.Location
	readOnly bool
}

var errNoDB = errors.New("caches: the database is nil")

// NewCachedDB returns an engine on db and c. It uses neither; see [CachedDB.Check]. The
// error is that of [NewEngine], for a SESSION_ENGINE that is not
// django.contrib.sessions.backends.cached_db or a harmless subclass. To create db with
// package tables, name the SESSION_ENGINE in its Options.AcceptEngine.
func NewCachedDB(db DB, c Cache, s djangosession.Settings, o Options) (*CachedDB, error) {
	if db == nil {
		return nil, errNoDB
	}
	if err := o.checkEngine(&s, cachedDBModule); err != nil {
		return nil, err
	}
	cache, err := newEngine(c, &s, &o, cachedDBPrefix)
	if err != nil {
		return nil, err
	}
	loc, err := s.Location()
	if err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &CachedDB{db: db, cache: cache, onError: o.OnError, logger: o.Logger, location: loc, readOnly: o.ReadOnly}, nil
}

// Check reports whether the table and the cache can be used.
func (e *CachedDB) Check(ctx context.Context) error {
	return errors.Join(e.db.Check(ctx), e.cache.Check(ctx))
}

// ReportsExpiry implements [djangosession.ExpiryReporter].
func (e *CachedDB) ReportsExpiry() bool { return e.cache.ReportsExpiry() }

// report reports an error of the cache that the caller does not get.
func (e *CachedDB) report(ctx context.Context, err error) {
	e.logger.ErrorContext(ctx, "session cache failed", "error", err.Error())
	if e.onError != nil {
		e.onError(ctx, err)
	}
}

// Load implements [djangosession.Engine].
func (e *CachedDB) Load(ctx context.Context, key string) (*djangosession.Record, error) {
	at, err := e.cache.keys.of(key)
	if err != nil {
		return nil, djangosession.ErrNoSession
	}
	r, err := e.cache.Load(ctx, key)
	missing := errors.Is(err, djangosession.ErrNoSession)
	switch {
	case err == nil && r.Data.Len() > 0:
		return r, nil
	case err == nil: // perhaps made by a Django that could not read the row
	case ctx.Err() != nil:
		return nil, err
	case !missing:
		e.report(ctx, err)
	}
	if r, err = e.db.Load(ctx, key); err != nil || !missing || e.readOnly {
		return r, err
	}
	return e.copyBack(ctx, at, r)
}

// Exists implements [djangosession.Engine].
func (e *CachedDB) Exists(ctx context.Context, key string) (bool, error) {
	exists, err := e.cache.Exists(ctx, key)
	switch {
	case exists:
		return true, nil
	case err != nil && ctx.Err() != nil:
		return false, err
	case err != nil:
		e.report(ctx, err)
	}
	return e.db.Exists(ctx, key)
}

// Delete implements [djangosession.Engine]. If it returns an error, the session may still
// be in the cache; calling it again is safe and completes it.
func (e *CachedDB) Delete(ctx context.Context, key string) error {
	// The copy is removed even if the row cannot be: it must not outlive a row whose
	// deletion takes effect later, or that is gone although ctx has ended.
	err := e.db.Delete(ctx, key)
	left := e.cache.Delete(ctx, key)
	if left != nil && ctx.Err() != nil {
		settled, cancel := settling(ctx)
		defer cancel()
		left = e.cache.Delete(settled, key)
	}
	return errors.Join(err, left)
}

// ClearExpired implements [djangosession.Engine]. It removes rows. Their copies expire by
// themselves.
func (e *CachedDB) ClearExpired(ctx context.Context, o djangosession.ClearOptions) (int64, error) {
	return e.db.ClearExpired(ctx, o)
}

// Records implements [djangosession.Lister]: those of the database.
func (e *CachedDB) Records(ctx context.Context) iter.Seq2[*djangosession.Record, error] {
	return e.db.Records(ctx)
}

// RecordsOfUser implements [djangosession.UserLister]: those of the database.
func (e *CachedDB) RecordsOfUser(ctx context.Context, id string) iter.Seq2[*djangosession.Record, error] {
	return e.db.RecordsOfUser(ctx, id)
}
