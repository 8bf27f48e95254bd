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
	// ErrNoMiddleware reports a context that does not belong to a request inside
	// [Manager.Middleware].
	ErrNoMiddleware = errors.New("djangosession: the request did not pass through Manager.Middleware: " +
		"wrap the handler, and other middleware that uses sessions, in it, or all of them in Site.Middleware of djangobridge")
	// ErrHeaderSent reports that the session was used or changed after the header of the
	// response was sent, or that an [http.TimeoutHandler] around the middleware has sent
	// its own. The cookie of a new session or key did not reach the browser, and the
	// values are lost; or the header Vary was missing, and a shared cache may show the
	// page to others. Use the session before writing the response.
	ErrHeaderSent = errors.New("djangosession: the header of the response was already sent")
	// ErrForeignCookie reports that the session was changed, but the response already had
	// a cookie of the session's name. Usually it comes from a Django behind a reverse
	// proxy that has logged the visitor in or out. The cookie and the stored session are
	// left unchanged, and the change is lost. Call [Session.Save] before forwarding a
	// request.
	ErrForeignCookie = errors.New("djangosession: the response already has a cookie of the session's name, and the changed " +
		"session is not saved: call Session.Save before forwarding the request")
)

// FromContext returns the session of the request that ctx belongs to, and loads it on
// first use. It is the counterpart of request.session. If there is no cookie or no such
// session, it returns a new session. Later calls return the same session, from any
// goroutine. The error is [ErrNoMiddleware], the end of ctx while another goroutine loads
// the session, or the engine's; see [Manager.Load]. In the context that an engine and the
// hooks of its calls receive, it is another error, because the session is locked.
//
// Django loads a session when a value is first read. Here only FromContext loads it,
// because only this call has a context.
func FromContext(ctx context.Context) (*Session, error) {
	switch x := ctx.Value(exchangeKey{}).(type) {
	case *exchange:
		return x.load(ctx)
	case *engineContext:
		return nil, errInEngine
	}
	return nil, ErrNoMiddleware
}

// Middleware returns a handler that calls next with a request whose context [FromContext]
// accepts. It does what Django's SessionMiddleware does in the site's release, and what
// [Options] add to that.
//
// The session is saved just before the header of the response is sent, if it was changed
// or SESSION_SAVE_EVERY_REQUEST is set, unless the status is a 5xx. Then the cookie is
// set, or deleted if the session was flushed or does not exist. If saving fails, the
// handler's response is replaced; nothing of it has been sent at that moment. A session
// that no handler requests with [FromContext] costs no query.
//
// Changes after the header was sent are saved when the handler returns, if the browser
// has the session's cookie. Other late changes are reported; see [ErrHeaderSent].
//
// Middleware that writes or inspects responses (compression, recovery, logging) goes
// outside it; middleware for login state and CSRF goes inside. So does
// [http.TimeoutHandler]: outside, its response has no session cookie, and a login that
// takes too long ends the session. The type of Middleware,
// func(http.Handler) http.Handler, is the one that most routers accept. It panics if next
// is nil, as [http.Handle] does.
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
	x := &exchange{Context: r.Context(), reply: reply{manager: h.manager}, under: w}
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
