package djangosession

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// Options configure what Django has no setting for. The zero value behaves as Django
// does.
type Options struct {
	// MergeSaves makes [Session.Save] write only the values that were set or deleted
	// since the session was loaded, into the session as it is stored at that moment. By
	// default, as in Django, a save writes the whole session, and changes stored by other
	// requests in the meantime are lost. With MergeSaves, two requests conflict only if
	// both change the same value. A merged save is also safe to retry after a timeout or
	// a broken connection, because it does not undo what others have stored; a whole save
	// may. Create, and a save after Clear, still write everything. The engine must be a
	// [Merger].
	MergeSaves bool

	// ReadOnly keeps the service from writing. Sessions are loaded, but every call that
	// would store, delete or extend one returns [ErrReadOnly], and cookies are neither
	// set nor deleted. If a handler changes a session, its response is replaced with an
	// error.
	ReadOnly bool

	// StrictLoad makes loads and merged saves fail with the error that OnLoadError
	// receives. By default they continue with an empty session, and the next save
	// overwrites the data.
	StrictLoad bool

	// RenewBelow is the share of its lifetime, between 0 and 1, below which a session
	// that was used but not changed is saved to extend it. With 0.5 and two weeks, it is
	// written once a week at most; SESSION_SAVE_EVERY_REQUEST writes it at every request.
	// If the engine is a [Merger], renewing preserves what others store at the same time.
	// Sessions with an expiry date of their own are not renewed. 0 disables renewal.
	// [NewManager] returns [ErrNoExpiry] for an engine that cannot say when a session
	// ends.
	RenewBelow float64

	// Partitioned adds the attribute Partitioned to the cookie, and Secure, which
	// browsers require with it. A site that is embedded in others then has a separate
	// session in each of them. Django does not set the attribute, so browsers keep its
	// cookie separately.
	Partitioned bool

	// SaveTimeout limits how long the middleware may take to save a session, even after
	// the client has disconnected; [DefaultSaveTimeout] if not positive.
	SaveTimeout time.Duration

	// ErrorHandler answers in place of the handler if the session could not be saved. The
	// error is [ErrSessionGone], usually because the user has logged out elsewhere, or
	// another error of [Session.Save]. The default is a line of text with status 400 for
	// the first, like Django's SessionInterrupted, and 500 for others. An ErrorHandler
	// that sets no status answers with the same. Its changes to the session are not
	// saved.
	ErrorHandler func(w http.ResponseWriter, r *http.Request, err error)

	// OnError receives each error that keeps the middleware from saving a session or from
	// sending its cookie. Errors of the handler's own calls are only returned to the
	// handler.
	OnError func(ctx context.Context, err error)
	// OnSave is called after the middleware has saved a session or deleted its cookie.
	OnSave func(ctx context.Context, e SaveEvent)
	// OnLoadError is called when a stored session does not decode, and an empty one is
	// used or a merged save replaces it. The error wraps a [*DecodeError]. A rising
	// number of these means an attack, a wrong SECRET_KEY or a damaged table. An error
	// that wraps [ErrOutdatedSettings] is logged at level error and needs immediate
	// attention. In that case the session has not been replaced.
	OnLoadError func(ctx context.Context, err error)

	// OnLoad is called after the engine was asked for a session: for each page that uses
	// one and whose request has its key, and for each [Manager.Load] and [Session.Load].
	OnLoad func(ctx context.Context, e LoadEvent)
	// OnStore is called after each attempt to store or delete a session, by the
	// middleware, a handler or a logout. A session that is refused before the engine
	// sees it, such as one with a value that cannot be stored, is only passed to OnError
	// or returned to the handler.
	//
	// OnLoad and OnStore are for metrics and traces. Their events contain no key and no
	// session data. They may run while the session is locked, and must not use it.
	OnStore func(ctx context.Context, e StoreEvent)

	// Logger logs the errors that OnError and OnLoadError receive, and, at level debug,
	// the events that OnSave receives; slog.Default if nil. Log lines never contain a
	// key, a cookie or session data.
	Logger *slog.Logger
}

// DefaultSaveTimeout is the default of [Options].SaveTimeout.
const DefaultSaveTimeout = 10 * time.Second

// fill sets the defaults. The error is a [*SettingError].
func (o *Options) fill() error {
	if !(0 <= o.RenewBelow && o.RenewBelow <= 1) { // true for NaN too
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
