package djangosession

import (
	"context"
	"errors"
	"net/http"

	"github.com/djangobridge/djangobridge/internal/cookies"
	"github.com/djangobridge/djangobridge/internal/httpmw"
)

// Errors of the middleware.
var (
	// ErrNoMiddleware reports that the context is not that of a request inside
	// [Manager.Middleware].
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
	case loadingContext:
		return nil, errLoading
	}
	return nil, ErrNoMiddleware
}

// Middleware returns a handler that calls next with a request whose context [FromContext]
// takes. It does what Django's SessionMiddleware does, by the rules of the site's release,
// and with [Options] what Django lacks.
//
// The response's header decides: just before it is sent, the session is saved, if it was
// changed or SESSION_SAVE_EVERY_REQUEST is set and the status is not a 5xx, and the cookie is
// set or, for a session that was flushed or does not exist, deleted. If saving fails, the
// handler's response is replaced as long as nothing of it was sent, which is always the case
// at that moment. A session that no handler asks for with [FromContext] costs no query.
//
// Changes after the header was sent are saved when the handler returns, if the browser has
// the session's cookie. Others are reported; see [ErrHeaderSent].
//
// Middleware that writes or looks at responses (compression, recovery, logs) goes around it;
// that for login state and CSRF goes inside. It is a func(http.Handler) http.Handler, which
// most routers take. It panics if next is nil, as [http.Handle] does.
func (m *Manager) Middleware(next http.Handler) http.Handler {
	if m == nil || next == nil {
		panic("djangosession: Manager.Middleware: nil manager or handler") //nolint:forbidigo // the program has not started yet
	}
	return &middlewareHandler{manager: m, next: next}
}

// middlewareHandler is the handler that [Manager.Middleware] returns.
type middlewareHandler struct {
	manager *Manager
	next    http.Handler
}

func (h *middlewareHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{Context: r.Context(), manager: h.manager, under: w}
	x.shared.ReadOnly = h.manager.options.ReadOnly
	x.key, x.present = cookies.Find(r.Header, h.manager.settings.SessionCookieName)
	x.remember(w.Header())
	x.request = r.WithContext(x) //nolint:contextcheck // x is the request's own context, with more in it
	defer httpmw.RemoveFiles(x.request, r)
	returned := false
	defer func() { //nolint:contextcheck // likewise
		if !returned {
			x.abandon()
		}
	}()
	h.next.ServeHTTP(x.writer(), x.request)
	returned = true
	x.finish() //nolint:contextcheck // likewise
}
