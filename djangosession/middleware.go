package djangosession

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/djangobridge/djangobridge/internal/cookies"
	"github.com/djangobridge/djangobridge/internal/httpmw"
)

// Middleware gives HTTP requests their session, and keeps it when the handler is done: what Django's SessionMiddleware
// does, rule by rule as the site's release has it. Only Manager has to be set. With the other fields left out it behaves
// as Django; they are what Django lacks. Set them before [Middleware.Wrap]; later changes have no effect.
//
// The response's header decides: right before it goes out, the session is saved, if it was changed or
// SESSION_SAVE_EVERY_REQUEST is set and the status is not one of 5xx, and the cookie is set or, for a session that was
// flushed or is not there, deleted. If saving fails, the handler's response is replaced as long as nothing of it is out,
// which is always the case then. A session that nobody asks for with [FromContext] costs no query.
//
// What the handler changes after the header is out is saved when it returns, if the browser has the session's cookie. What
// that does not reach is reported; see [ErrHeaderSent].
type Middleware struct {
	Manager *Manager

	// RenewBelow is the share of its lifetime, between 0 and 1, below which a session that is used but not changed is saved, so
	// that it lives on: with 0.5 and two weeks it is written once a week at most, where SESSION_SAVE_EVERY_REQUEST writes it
	// at every request. Where the engine is a [Merger], that changes nothing that others store meanwhile. A session with a date of
	// its own to end at is not renewed. 0 renews none.
	RenewBelow float64

	// Partitioned adds the attribute Partitioned to the cookie, with Secure, which browsers want with it: where the site is
	// embedded in another one, it has a session for each. Django's cookies lack it, so that such a cookie is another one
	// than Django's.
	Partitioned bool

	// ReadOnly keeps the service from writing: sessions are loaded, but each way to store, delete or extend one gives
	// [ErrReadOnly], and cookies are neither set nor deleted. A handler that changes a session gets its response replaced.
	ReadOnly bool

	// SaveTimeout bounds how long saving may take, which goes on if the client has gone away; [DefaultSaveTimeout] if not positive.
	SaveTimeout time.Duration

	// ErrorHandler, if set, answers in place of the handler if the session could not be saved. The error is
	// [ErrSessionGone], usually for a user who has logged out elsewhere, or what [Session.Save] returns. By
	// default the status is 400 for the first, Django's SessionInterrupted, and else 500, with a line of text; that is the status
	// of an ErrorHandler that sets none, too. What it does to the session is not saved.
	ErrorHandler func(w http.ResponseWriter, r *http.Request, err error)

	// OnError, if set, is called with each error that keeps a session from being saved or the browser from being told. The
	// handler's own calls return their errors themselves.
	OnError func(ctx context.Context, err error)
	// OnSave, if set, is called when a session was saved or its cookie deleted.
	OnSave func(ctx context.Context, e SaveEvent)
	// Logger is told what OnError is told, and at level debug what OnSave is told; the Manager's if nil. It never sees a key or
	// a cookie.
	Logger *slog.Logger
}

// DefaultSaveTimeout is the SaveTimeout of a [Middleware] that has none.
const DefaultSaveTimeout = 10 * time.Second

// Errors of the middleware.
var (
	// ErrNoMiddleware: the context is not that of a request inside [Middleware.Wrap].
	ErrNoMiddleware = errors.New("djangosession: the request has not come through the session middleware, the outermost")
	// ErrHeaderSent: the session was used or changed when the header was out already, and the browser could not be told: it
	// did not get the cookie of a new session or key, so that the values are lost, or not the header Vary, so that a shared
	// cache may show the page to others. Use the session before writing.
	ErrHeaderSent = errors.New("djangosession: the header of the response was sent already")
	// ErrForeignCookie reports that the session was changed, and the response already had a cookie of the session's
	// name: usually that of a Django behind a reverse proxy, which has logged the visitor in or out. The cookie and the
	// stored session are left as they are, so that the change is lost. Call [Session.Save] before forwarding a request.
	ErrForeignCookie = errors.New("djangosession: the response already has a cookie of the session's name, and the changed " +
		"session is not saved: call Session.Save before forwarding the request")
	// ErrReadOnly: the session was to be written, and the middleware is ReadOnly.
	ErrReadOnly = errors.New("djangosession: sessions are read-only here")
)

// FromContext returns the session of the request that ctx belongs to, loading it on first use: what request.session is in
// Django. Without a cookie, or if there is no such session, it is a new one. Later calls return the same one, from any
// goroutine. The error is [ErrNoMiddleware] or the engine's; see [Manager.Load].
//
// Django loads a session when a value is first looked at, which here only this call can do, as it has a context.
func FromContext(ctx context.Context) (*Session, error) {
	switch x := ctx.Value(exchangeKey{}).(type) {
	case *exchange:
		return x.load(ctx)
	case early:
		return nil, errEarly
	}
	return nil, ErrNoMiddleware
}

// Middleware is [Middleware.Wrap] with nothing but this manager.
func (m *Manager) Middleware(next http.Handler) http.Handler {
	return (&Middleware{Manager: m}).Wrap(next)
}

// Wrap returns a handler that calls next with a request whose context [FromContext] takes. Middleware that writes or looks at
// responses (compression, recovery, logs) goes around it; that for login state and CSRF goes inside. It is a
// func(http.Handler) http.Handler, as most routers take. It panics if Manager or next is nil, as [http.Handle] does.
func (m *Middleware) Wrap(next http.Handler) http.Handler {
	if m.Manager == nil || next == nil {
		panic("djangosession: Middleware.Wrap: nil manager or handler") //nolint:forbidigo // the program has not started yet
	}
	s := &site{Middleware: *m, next: next, settings: m.Manager.settings}
	if s.ReadOnly {
		s.Manager = m.Manager.readOnly()
	}
	if s.SaveTimeout <= 0 {
		s.SaveTimeout = DefaultSaveTimeout
	}
	if s.Logger == nil {
		s.Logger = m.Manager.Logger
	}
	if s.Logger == nil {
		s.Logger = slog.Default()
	}
	return s
}

// site is a Middleware at work.
type site struct {
	Middleware
	next     http.Handler
	settings *resolved
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{Context: r.Context(), site: s, under: w}
	x.key, x.present = cookies.Find(r.Header, s.settings.SessionCookieName)
	x.remember(w.Header())
	x.request = r.WithContext(x) //nolint:contextcheck // x is the request's own context, with more in it
	defer httpmw.RemoveFiles(x.request, r)
	returned := false
	defer func() { //nolint:contextcheck // likewise
		if !returned {
			x.abandon()
		}
	}()
	s.next.ServeHTTP(x.writer(), x.request)
	returned = true
	x.finish() //nolint:contextcheck // likewise
}
