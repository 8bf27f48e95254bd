package djangosession

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// A Manager gives out the sessions of a site, and is the middleware for them. It cannot be
// changed, and several goroutines may use it.
type Manager struct {
	options    Options
	settings   *resolved
	settingsOf time.Time // when the settings were those of the site
	engine     Engine
}

// NewManager returns a manager of the sessions in engine. The error is
// [ErrIncompleteSettings], [ErrNoMerge] or a [*SettingError], or says that there is no engine.
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
	if o.ReadOnly {
		engine = readOnly{engine}
	}
	if _, ok := engine.(Merger); o.MergeSaves && !ok {
		return nil, ErrNoMerge
	}
	return &Manager{options: o, settings: r, settingsOf: newestSettings(r.Settings), engine: engine}, nil
}

// Settings returns the settings that the manager was made with.
func (m *Manager) Settings() Settings { return *m.settings.Settings }

// ReadOnly reports whether the manager was made with Options.ReadOnly.
func (m *Manager) ReadOnly() bool { return m.options.ReadOnly }

var errNoEngine = errors.New("djangosession: there is no engine")

// New returns an empty session without a key, as a visitor without a cookie has it. It gets a key when it is saved.
func (m *Manager) New() *Session { return newSession(m, "") }

// Open returns the session of this key without loading it: until [Session.Load] its values are unknown, so that reading
// finds nothing and saving is refused with [ErrNotLoaded]. A key of less than 8 characters is none, as in Django: the
// session is new then. Matches SessionStore(session_key).
func (m *Manager) Open(key string) *Session {
	if !isKey(key) {
		return m.New()
	}
	return newSession(m, key)
}

// Load returns the session of this key. If there is none of it, if it has expired, or if the key cannot be one, the
// session returned is new and has no key; if it does not decode it is empty and has its key (see [Options].OnLoadError and
// [ErrOutdatedSettings]).
// The error is the engine's.
func (m *Manager) Load(ctx context.Context, key string) (*Session, error) {
	s := m.Open(key)
	if err := s.Load(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Exists reports whether there is a session of this key, expired ones included.
func (m *Manager) Exists(ctx context.Context, key string) (bool, error) {
	return m.engine.Exists(ctx, key)
}

// Delete removes the session of this key, if there is one.
func (m *Manager) Delete(ctx context.Context, key string) error { return m.engine.Delete(ctx, key) }

// ClearExpired removes the sessions that have expired and returns their number. Matches the command clearsessions.
func (m *Manager) ClearExpired(ctx context.Context, o ClearOptions) (int64, error) {
	return m.engine.ClearExpired(ctx, o)
}

// Records yields every stored session that has not expired, in no order to rely on, until an error, which comes last: the
// engine's, or [ErrNoList]. Data that does not decode is nil, with the reason in Err; see [ErrOutdatedSettings].
func (m *Manager) Records(ctx context.Context) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		lister, ok := m.engine.(Lister)
		if !ok {
			yield(nil, ErrNoList)
			return
		}
		for r, err := range lister.Records(ctx) {
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

// load returns the session of this key, without one if the session does not keep it.
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
	case corrupt && !m.options.StrictLoad:
		m.reportLoad(ctx, err)
		return &Record{Key: key, Data: py.NewDict(0), Err: outdated}, nil
	case outdated != nil: // which is told to more people than the caller
		m.reportLoad(ctx, err)
	}
	return nil, fmt.Errorf("djangosession: load session: %w", err)
}

// reportLoad tells of stored data that does not decode.
func (m *Manager) reportLoad(ctx context.Context, err error) {
	level, message := slog.LevelWarn, "session data corrupted"
	if errors.Is(err, ErrOutdatedSettings) {
		level, message = slog.LevelError, "settings outdated"
	}
	m.options.Logger.Log(ctx, level, message, "reason", reason(err), "error", err.Error())
	if m.options.OnLoadError != nil {
		m.options.OnLoadError(ctx, err)
	}
}
