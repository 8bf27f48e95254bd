package djangosession

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// Options are what Django has no setting for. The zero value behaves as Django does.
type Options struct {
	// MergeSaves makes Save write only what was set and deleted since the session was loaded,
	// into what is stored at that moment. In Django's way, the default, a save writes the whole
	// session, and changes that another request has stored in the meantime are lost. Merged,
	// two requests lose something only where both change the same value. A merged save is safe
	// to repeat after a timeout or a broken connection, because it does not undo what others
	// have stored in between; a whole save may. Create, and a save after Clear, still write
	// everything. The engine has to be a [Merger].
	MergeSaves bool

	// ReadOnly keeps the service from writing. Sessions are loaded, but every way to store,
	// delete or extend one returns [ErrReadOnly], and cookies are neither set nor deleted. The
	// response of a handler that changes a session is replaced.
	ReadOnly bool

	// StrictLoad makes Load, and a merged save, fail with the error that OnLoadError is told,
	// instead of continuing with an empty session, which the next save would store over the
	// data.
	StrictLoad bool

	// RenewBelow is the share of its lifetime, between 0 and 1, below which a session that is
	// used but not changed is saved, so that it lives on: with 0.5 and two weeks it is written
	// once a week at most, where SESSION_SAVE_EVERY_REQUEST writes it at every request. If the
	// engine is a [Merger], that keeps what others store at the same time. A session with an
	// expiry date of its own is not renewed. 0 renews none.
	RenewBelow float64

	// Partitioned adds the attribute Partitioned to the cookie, and Secure, which browsers
	// require with it. A site that is embedded in others then has a session for each of them.
	// Django's cookies lack the attribute, so that such a cookie is a different one.
	Partitioned bool

	// SaveTimeout bounds how long the middleware may take to save a session, which goes on if
	// the client has gone away; [DefaultSaveTimeout] if not positive.
	SaveTimeout time.Duration

	// ErrorHandler answers in place of the handler if the session could not be saved. The
	// error is [ErrSessionGone], usually for a user who has logged out elsewhere, or what
	// [Session.Save] returns. The default is a line of text with status 400 for the first,
	// Django's SessionInterrupted, and 500 for others. An ErrorHandler that sets no status
	// answers with the same. Its changes to the session are not saved.
	ErrorHandler func(w http.ResponseWriter, r *http.Request, err error)

	// OnError is told each error that keeps the middleware from saving a session or from
	// sending its cookie. Calls of the handler return their errors themselves.
	OnError func(ctx context.Context, err error)
	// OnSave is told when the middleware has saved a session or deleted its cookie.
	OnSave func(ctx context.Context, e SaveEvent)
	// OnLoadError is told when a stored session does not decode, so that an empty one takes
	// its place or a merged save replaces it. The error wraps a [*DecodeError]. A rise in these
	// is an attack, a wrong SECRET_KEY or a damaged table. An error that wraps
	// [ErrOutdatedSettings] is logged at level error and needs attention at once: nothing of
	// the session was replaced.
	OnLoadError func(ctx context.Context, err error)

	// Logger is told what OnError and OnLoadError are told, and at level debug what OnSave is
	// told; slog.Default if nil. It never sees a key, a cookie or session data.
	Logger *slog.Logger
}

// DefaultSaveTimeout is the default of Options.SaveTimeout.
const DefaultSaveTimeout = 10 * time.Second

// fill fills in the defaults. The error is a [*SettingError].
func (o *Options) fill() error {
	if !(0 <= o.RenewBelow && o.RenewBelow <= 1) { // or not a number
		return &SettingError{Setting: "Options.RenewBelow", Problem: "must be between 0 and 1"}
	}
	if o.SaveTimeout <= 0 {
		o.SaveTimeout = DefaultSaveTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return nil
}
