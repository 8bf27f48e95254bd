package djangosession

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/py"
)

// A Manager gives out the sessions of a site. Set its fields before the first use; after that several goroutines may use
// it.
type Manager struct {
	// Logger is told what OnLoadError is told; slog.Default if nil.
	Logger *slog.Logger
	// OnLoadError, if set, is called when a session was stored but does not decode and an empty one takes its place, or a
	// merged save replaces it. The error wraps a [*DecodeError]. A rise in these is an attack, a wrong SECRET_KEY or a
	// damaged table. An error that wraps [ErrOutdatedSettings] is logged at level error and needs attention at once: nothing
	// of the session was replaced.
	OnLoadError func(ctx context.Context, err error)
	// StrictLoad makes Load, and a merged save, fail with that error instead of going on with an empty session, which the
	// next save would store over the data. Django has no such setting.
	StrictLoad bool

	// MergeSaves makes Save write only what was set and deleted since the session was loaded, into what is stored by then. In
	// Django's way, the default, a save writes the whole session, and what another request has stored meanwhile is lost.
	// Merged, two requests lose something only where both change the same value. A merged save is safe to repeat after a
	// timeout or a broken connection, because it does not undo what others have stored in between; a whole save may. Create,
	// and a save after Clear, still write everything. The engine has to be a [Merger], or Save returns [ErrNoMerge].
	MergeSaves bool

	settings   *resolved
	settingsOf time.Time // when the settings were those of the site
	engine     Engine
}

// NewManager returns a manager of the sessions in engine. The error is [ErrIncompleteSettings] or a [*SettingError], or
// says that there is no engine.
func NewManager(engine Engine, s Settings) (*Manager, error) {
	if engine == nil {
		return nil, errNoEngine
	}
	r, err := s.resolve()
	if err != nil {
		return nil, err
	}
	return &Manager{settings: r, settingsOf: newestSettings(r.Settings), engine: engine}, nil
}

// Settings returns the settings that the manager was made with.
func (m *Manager) Settings() Settings { return *m.settings.Settings }

var errNoEngine = errors.New("djangosession: there is no engine")

// minKeyLength is what Django demands of a key, in characters.
const minKeyLength = 8

// New returns an empty session without a key, as a visitor without a cookie has it. It gets a key when it is saved.
func (m *Manager) New() *Session { return newSession(m, "") }

// Open returns the session of this key without loading it: until [Session.Load] its values are unknown, so that reading
// finds nothing and saving is refused with [ErrNotLoaded]. A key of less than 8 characters is none, as in Django: the
// session is new then. Matches SessionStore(session_key).
func (m *Manager) Open(key string) *Session {
	if utf8.RuneCountInString(key) < minKeyLength {
		return m.New()
	}
	return newSession(m, key)
}

// Load returns the session of this key. If there is none of it, if it has expired, or if the key cannot be one, the
// session returned is new and has no key; if it does not decode it is empty and has its key (see [Manager.OnLoadError] and
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
	case corrupt && !m.StrictLoad:
		m.report(ctx, err)
		return &Record{Key: key, Data: py.NewDict(0), Err: outdated}, nil
	case outdated != nil: // which is told to more people than the caller
		m.report(ctx, err)
	}
	return nil, fmt.Errorf("djangosession: load session: %w", err)
}

func (m *Manager) report(ctx context.Context, err error) {
	logger := m.Logger
	if logger == nil {
		logger = slog.Default()
	}
	level, message := slog.LevelWarn, "session data corrupted"
	if errors.Is(err, ErrOutdatedSettings) {
		level, message = slog.LevelError, "settings outdated"
	}
	logger.Log(ctx, level, message, "reason", reason(err), "error", err.Error())
	if m.OnLoadError != nil {
		m.OnLoadError(ctx, err)
	}
}
