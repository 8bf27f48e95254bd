package caches

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// Options describe what the settings cannot.
type Options struct {
	// KeyFunction is the site's KEY_FUNCTION. A site that has one must set it.
	KeyFunction KeyFunction
	// OnError receives each error of the cache that cached_db survives: a Load reads the
	// session from the database instead, or cannot copy it to the cache.
	OnError func(ctx context.Context, err error)
	// Logger logs these errors; slog.Default if nil.
	Logger *slog.Logger
	// ReadOnly keeps a Load of cached_db from copying sessions to the cache. To copy one,
	// it locks the row, which a user of the database with read permissions cannot.
	ReadOnly bool
	// AcceptEngine names the site's SESSION_ENGINE if it is a subclass of the engine that
	// overrides more than [djangosession.Settings.CheckEngine] permits. By setting it you
	// state that it stores sessions as the engine does.
	AcceptEngine string
}

// The modules of the engines, and their cache_key_prefix.
const (
	cacheModule    = "django.contrib.sessions.backends.cache"
	cachedDBModule = "django.contrib.sessions.backends.cached_db"
	cachePrefix    = "django.contrib.sessions.cache"
	cachedDBPrefix = "django.contrib.sessions.cached_db"
)

// settleTimeout limits what a call does after its context has ended or an answer of the
// cache was lost.
const settleTimeout = 2 * time.Second

// An Engine keeps sessions in a cache alone. It implements [djangosession.Merger] and
// [djangosession.Lister]. It matches the SESSION_ENGINE
// django.contrib.sessions.backends.cache, with these differences: a save never brings a
// deleted session back, and an unreachable cache is an error and not a missing session.
//
// A cache forgets sessions when they expire, and may do so before: when it is full or is
// restarted.
type Engine struct {
	cache Cache
	keys  *keys
	now   func() time.Time
	naive *time.Location // TIME_ZONE if USE_TZ is false, else nil
}

var errNoCache = errors.New("caches: the cache is nil")

// NewEngine returns an engine that keeps sessions in c. It does not use the cache; see
// [Engine.Check]. The error is a [*djangosession.SettingError] for a SESSION_ENGINE that
// is not django.contrib.sessions.backends.cache or a harmless subclass, for a
// KEY_FUNCTION without Options.KeyFunction, and for keys that the cache refuses.
func NewEngine(c Cache, s djangosession.Settings, o Options) (*Engine, error) {
	if err := o.checkEngine(&s, cacheModule); err != nil {
		return nil, err
	}
	if _, ok := c.(Dummy); ok {
		return nil, cacheError(&s, "is a DummyCache, which stores nothing: use Redis, memcached, files or a table")
	}
	return newEngine(c, &s, &o, cachePrefix)
}

// checkEngine reports a SESSION_ENGINE that may store sessions in another way than an
// engine of Django.
func (o *Options) checkEngine(s *djangosession.Settings, module string) error {
	err := s.CheckEngine(module)
	refused, ok := errors.AsType[*djangosession.SettingError](err)
	switch {
	case o.AcceptEngine != "" && o.AcceptEngine != s.SessionEngine:
		return &djangosession.SettingError{Setting: "Options.AcceptEngine", Problem: fmt.Sprintf(
			"names %q, but SESSION_ENGINE is %q", o.AcceptEngine, s.SessionEngine)}
	case !ok || o.AcceptEngine != "" && s.BaseEngine() == module:
		return nil
	}
	refused.Problem += ". If it stores sessions as " + module + " does, name it in Options.AcceptEngine"
	return refused
}

func newEngine(c Cache, s *djangosession.Settings, o *Options, prefix string) (*Engine, error) {
	if c == nil {
		return nil, errNoCache
	}
	if strings.HasSuffix(s.SessionCache.Backend, ".LocMemCache") {
		return nil, cacheError(s, "is a LocMemCache: its sessions are in the memory of one Django process, where no other "+
			"process can read them: use Redis, memcached, files or a table")
	}
	k, err := newKeys(c, s, o, prefix)
	if err != nil {
		return nil, err
	}
	e := &Engine{cache: c, keys: k, now: s.Clock}
	if !s.UseTZ {
		if e.naive, err = s.Location(); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// Check reports whether the cache can be reached; see [Cache].
func (e *Engine) Check(ctx context.Context) error { return e.cache.Check(ctx) }

// ReportsExpiry implements [djangosession.ExpiryReporter].
func (e *Engine) ReportsExpiry() bool {
	timer, ok := e.cache.(Timer)
	return ok && timer.TimesLeft()
}

// Load implements [djangosession.Engine].
func (e *Engine) Load(ctx context.Context, key string) (*djangosession.Record, error) {
	at, err := e.keys.of(key)
	if err != nil {
		return nil, djangosession.ErrNoSession
	}
	item, err := e.cache.Get(ctx, at)
	switch {
	case errors.Is(err, ErrMiss):
		return nil, djangosession.ErrNoSession
	case err != nil:
		return nil, fmt.Errorf("caches: load session: %w", err)
	}
	return &djangosession.Record{Key: key, Data: item.Value, ExpireDate: e.date(item.Left)}, nil
}

// date returns when a value ends that has this time left; the zero value if that is
// unknown.
func (e *Engine) date(left time.Duration) py.DateTime {
	switch {
	case left <= 0:
		return py.DateTime{}
	case e.naive != nil:
		return py.NaiveIn(e.now().Add(left), e.naive)
	}
	return py.DateTime{Time: e.now().Add(left).UTC()}
}

// Exists implements [djangosession.Engine].
func (e *Engine) Exists(ctx context.Context, key string) (bool, error) {
	at, err := e.keys.of(key)
	if err != nil {
		return false, nil //nolint:nilerr // such a key has no session
	}
	exists, err := e.cache.Exists(ctx, at)
	if err != nil {
		return false, fmt.Errorf("caches: look for session: %w", err)
	}
	return exists, nil
}

// Create implements [djangosession.Engine].
func (e *Engine) Create(ctx context.Context, r *djangosession.Record) error {
	at, err := e.keys.of(r.Key)
	if err != nil {
		return err
	}
	if r.Data == nil {
		return djangosession.ErrNoData
	}
	err = e.add(ctx, at, r)
	if err != nil && !errors.Is(err, djangosession.ErrKeyTaken) {
		return fmt.Errorf("caches: create session: %w", err)
	}
	return err
}

// add stores a session under a new key of the cache. If the answer is lost, it looks for
// the session.
func (e *Engine) add(ctx context.Context, at string, r *djangosession.Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := e.cache.Add(ctx, at, r.Data, r.ExpireAge)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrExists):
		return djangosession.ErrKeyTaken
	case isRefusal(err):
		return err
	}
	ctx, cancel := settling(ctx)
	defer cancel()
	item, asked := e.cache.Get(ctx, at)
	switch {
	case asked == nil && py.Equal(item.Value, r.Data):
		return nil
	case asked == nil:
		return djangosession.ErrKeyTaken
	case errors.Is(asked, ErrMiss):
		return err
	}
	return fmt.Errorf("%w; it is unknown whether the session was stored, because checking failed too: %w", err, asked)
}

// settling returns a context for what must be done after ctx has ended, too.
func settling(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
}

// isRefusal reports whether the cache has certainly stored nothing.
func isRefusal(err error) bool {
	_, isValue := errors.AsType[*djangosession.ValueError](err)
	return isValue || errors.Is(err, ErrTooLarge) || errors.Is(err, djangosession.ErrBadKey)
}

// Save implements [djangosession.Engine].
func (e *Engine) Save(ctx context.Context, r *djangosession.Record) error {
	at, err := e.keys.of(r.Key)
	if err != nil {
		return djangosession.ErrSessionGone
	}
	if r.Data == nil {
		return djangosession.ErrNoData
	}
	err = e.cache.Replace(ctx, at, r.Data, r.ExpireAge)
	switch {
	case errors.Is(err, ErrMiss):
		return djangosession.ErrSessionGone
	case err != nil:
		return fmt.Errorf("caches: save session: %w", err)
	}
	return nil
}

// Delete implements [djangosession.Engine].
func (e *Engine) Delete(ctx context.Context, key string) error {
	at, err := e.keys.of(key)
	if err != nil {
		return nil //nolint:nilerr // such a key has no session
	}
	if err := e.cache.Delete(ctx, at); err != nil {
		return fmt.Errorf("caches: delete session: %w", err)
	}
	return nil
}

// ClearExpired implements [djangosession.Engine]. It does nothing: most caches remove
// expired values themselves, and one of files or rows when it is full. Django's
// clear_expired does nothing either.
func (e *Engine) ClearExpired(ctx context.Context, _ djangosession.ClearOptions) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("caches: clear expired sessions: %w", err)
	}
	return 0, nil
}
