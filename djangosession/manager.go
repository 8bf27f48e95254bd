package djangosession

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/signing"
)

// A Manager loads the sessions of a site, and provides the middleware for them. It is
// immutable and safe for concurrent use.
type Manager struct {
	options    Options
	settings   *resolved
	settingsOf time.Time // when the settings were known to be the site's
	engine     Engine
	stateless  bool // the engine is Stateless
}

// NewManager returns a manager of the sessions in engine. The error is
// [ErrIncompleteSettings], [ErrNoMerge], [ErrNoExpiry] or a [*SettingError], or reports a
// nil engine.
func NewManager(engine Engine, s Settings, o Options) (*Manager, error) {
	if engine == nil {
		return nil, errNoEngine
	}
	r, err := s.resolve()
	if err != nil {
		return nil, err
	}
	if err := o.fill(); err != nil {
		return nil, err
	}
	if reporter, ok := engine.(ExpiryReporter); ok && o.RenewBelow > 0 && !reporter.ReportsExpiry() {
		return nil, ErrNoExpiry
	}
	_, stateless := engine.(Stateless)
	if o.ReadOnly {
		engine = readOnly{engine}
	}
	if _, ok := engine.(Merger); o.MergeSaves && !ok {
		return nil, ErrNoMerge
	}
	m := &Manager{options: o, settings: r, settingsOf: newestSettings(r.Settings), stateless: stateless}
	m.engine = m.observe(engine)
	return m, nil
}

// Settings returns the settings passed to [NewManager].
func (m *Manager) Settings() Settings { return *m.settings.Settings }

// ReadOnly reports whether the manager was created with [Options].ReadOnly.
func (m *Manager) ReadOnly() bool { return m.options.ReadOnly }

// Stateless reports whether the engine is [Stateless]: the sessions are in the cookies of
// the browsers.
func (m *Manager) Stateless() bool { return m.stateless }

var errNoEngine = errors.New("djangosession: the engine is nil")

// New returns an empty session without a key, like that of a visitor without a cookie.
// Saving it gives it a key.
func (m *Manager) New() *Session { return newSession(m, "") }

// Open returns the session with this key without loading it. Until [Session.Load] it
// contains no values, and saving it is refused with [ErrNotLoaded]. If the key has fewer
// than 8 characters, Open returns a new session, as Django does. Matches
// SessionStore(session_key).
func (m *Manager) Open(key string) *Session {
	if !isKey(key) {
		return m.New()
	}
	return newSession(m, key)
}

// Load returns the session with this key. If it does not exist or has expired, or if the
// key is invalid, the session returned is new and has no key. If it does not decode, it
// is empty and keeps its key; see [Options].OnLoadError, [Options].StrictLoad and
// [ErrOutdatedSettings]. Other errors are the engine's.
func (m *Manager) Load(ctx context.Context, key string) (*Session, error) {
	s := m.Open(key)
	if err := s.Load(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Exists reports whether a session with this key exists, even if it has expired.
func (m *Manager) Exists(ctx context.Context, key string) (bool, error) {
	return m.engine.Exists(ctx, key)
}

// Delete removes the session with this key, if it exists. The error is [ErrStateless] if
// only the browser has the session, or the engine's.
func (m *Manager) Delete(ctx context.Context, key string) error { return m.engine.Delete(ctx, key) }

// ClearExpired removes expired sessions and returns their number. Matches the command
// clearsessions.
func (m *Manager) ClearExpired(ctx context.Context, o ClearOptions) (int64, error) {
	return m.engine.ClearExpired(ctx, o)
}

// Records yields every stored session that has not expired, in no particular order. An
// error ends it and comes last: the engine's, or [ErrNoList], which also wraps
// [ErrStateless] if only the browsers have the sessions. If data does not decode,
// Data is nil and Err has the reason; see [ErrOutdatedSettings].
func (m *Manager) Records(ctx context.Context) iter.Seq2[*Record, error] {
	return m.records(func(l Lister) iter.Seq2[*Record, error] { return l.Records(ctx) })
}

// RecordsOfUser is [Manager.Records] for an engine that is not a [UserLister], and
// otherwise its RecordsOfUser. It yields at least the sessions in which the user with this
// id is logged in.
func (m *Manager) RecordsOfUser(ctx context.Context, id string) iter.Seq2[*Record, error] {
	return m.records(func(l Lister) iter.Seq2[*Record, error] { return recordsOfUser(ctx, l, id) })
}

func recordsOfUser(ctx context.Context, l Lister, id string) iter.Seq2[*Record, error] {
	if users, ok := l.(UserLister); ok {
		return users.RecordsOfUser(ctx, id)
	}
	return l.Records(ctx)
}

func (m *Manager) records(list func(Lister) iter.Seq2[*Record, error]) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		if m.stateless {
			yield(nil, fmt.Errorf("%w: %w", ErrNoList, ErrStateless))
			return
		}
		lister, ok := m.engine.(Lister)
		if !ok {
			yield(nil, ErrNoList)
			return
		}
		for r, err := range list(lister) {
			if r != nil {
				if outdated := m.outdated(r.Err); outdated != nil {
					r.Err = outdated
				}
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// load returns the stored session with this key, or an empty record. The record's key is
// empty if the session must drop it. The error is exactly [ErrStartOver] if a new
// session must take its place.
func (m *Manager) load(ctx context.Context, key string) (*Record, error) {
	r, err := m.engine.Load(ctx, key)
	_, corrupt := errors.AsType[*DecodeError](err)
	outdated := m.outdated(err)
	if outdated != nil {
		err = outdated
	}
	switch {
	case err == nil:
		return r, nil
	case errors.Is(err, ErrNoSession):
		return &Record{Data: py.NewDict(0)}, nil
	case errors.Is(err, ErrStartOver) && outdated == nil && !(corrupt && m.options.StrictLoad):
		if corrupt {
			m.reportLoad(ctx, err)
		}
		return nil, ErrStartOver
	case (corrupt || outdated != nil) && !m.options.StrictLoad:
		m.reportLoad(ctx, err)
		return &Record{Key: key, Data: py.NewDict(0), Err: outdated}, nil
	case outdated != nil: // the caller is not the only one to be told
		m.reportLoad(ctx, err)
	}
	return nil, fmt.Errorf("djangosession: load session: %w", err)
}

// reportLoad reports stored data that does not decode.
func (m *Manager) reportLoad(ctx context.Context, err error) {
	level, message := slog.LevelWarn, "session data corrupted"
	switch refused, _ := errors.AsType[*DecodeError](err); {
	case errors.Is(err, ErrMaxInflated):
		level, message = slog.LevelError, "session larger than MaxInflated"
	case errors.Is(err, ErrUnknownFormat):
		level, message = slog.LevelError, "session in an unknown format"
	case errors.Is(err, ErrOutdatedSettings) && m.stateless: // any client can make such a cookie
		message = "settings outdated, or the cookie of a session forged"
	case errors.Is(err, ErrOutdatedSettings):
		level, message = slog.LevelError, "settings outdated"
	case refused != nil && refused.Reason == signing.BadSignature:
		// One such session may be an attack or have a key long gone. Many come from the
		// settings of another site, and each save costs a visitor the session.
		message += ": if this happens often, SECRET_KEY or the session store of the settings is not the site's; " +
			"export the settings again, and set Options.StrictLoad to keep such sessions"
	}
	m.options.Logger.Log(ctx, level, message, "reason", reason(err), "error", err.Error())
	if m.options.OnLoadError != nil {
		m.options.OnLoadError(ctx, err)
	}
}
