package djangosession

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/djangobridge/djangobridge/internal/httpmw"
)

// exchange is a request and its response in the middleware. It is also the request's
// context, so that one allocation serves all three.
type exchange struct {
	context.Context //nolint:containedctx // what it adds to
	reply
	request *http.Request       // the handler's
	under   http.ResponseWriter // receives the response
	outer   []headerField       // the header before the handler

	failure  error       // why the handler's response was replaced
	answered bool        // the header is sent, or about to be
	replaced bool        // another response was sent in its place
	lost     atomic.Bool // the handler has written a header without the cookie
}

// exchangeKey is the key of the exchange in a context.
type exchangeKey struct{}

// Value implements context.Context.
func (x *exchange) Value(key any) any {
	switch key.(type) {
	case exchangeKey:
		return x
	case httpmw.Key:
		return &x.shared
	}
	return x.Context.Value(key)
}

// answer prepares the header for this status. It returns false if the response was
// replaced.
func (x *exchange) answer(status int) bool {
	x.answered = true
	x.shared.RunBeforeHeader(status, x.under.Header())
	if err := x.respond(x, x.under.Header(), status); err != nil {
		x.replace(err)
		x.replaced = true
		return false
	}
	x.varied = variesOnCookie(x.under.Header()) // also if another middleware or the handler has set it
	return true
}

// finish completes the response after the handler has returned.
func (x *exchange) finish() {
	defer x.end()
	if !x.answered {
		if status := written(x.under); status != 0 {
			x.bypassed(status)
			return
		}
		x.answer(http.StatusOK)
		return
	}
	if x.failure != nil && !x.replaced { // ErrorHandler has panicked, and a handler recovered; an empty page would look like success
		panic(http.ErrAbortHandler) //nolint:forbidigo // which breaks off the connection, and nothing else
	}
	if x.timedOut() || x.failure != nil {
		return
	}
	if s, _ := x.loaded(); s != nil && x.saves {
		x.late(s)
	}
}

// end records that the handler has returned.
func (x *exchange) end() {
	x.loading.Lock(nil)
	defer x.loading.Unlock()
	x.over = true
}

// late handles changes to the session after the header was sent.
func (x *exchange) late(s *Session) {
	if s.Accessed() && !x.varied {
		x.manager.reportError(x, fmt.Errorf("%w without Vary: Cookie before the session was first used", ErrHeaderSent))
	}
	if x.manager.stateless && !x.manager.options.ReadOnly && s.IsEmpty() && isKey(x.told) {
		x.manager.reportError(x, fmt.Errorf("%w without the deletion of the session cookie, which is still valid", ErrHeaderSent))
		return
	}
	if !s.unsaved(x.seen) || s.IsEmpty() { // after a late logout, the browser's cookie names no session
		return
	}
	if x.foreign {
		x.manager.reportError(x, ErrForeignCookie)
		return
	}
	if key := s.Key(); key == "" || key != x.told || x.lost.Load() && key != x.key {
		x.manager.reportError(x, fmt.Errorf("%w without the cookie of a new session or key", ErrHeaderSent))
		return
	}
	if x.manager.stateless {
		x.manager.reportError(x, fmt.Errorf("%w before the session was changed, and its cookie contains the session", ErrHeaderSent))
		return
	}
	ctx, cancel := x.background(x)
	defer cancel()
	began := time.Now()
	if err := s.Save(ctx); err != nil {
		x.manager.reportError(x, fmt.Errorf("%w before the session was changed: %w", ErrHeaderSent, err))
		return
	}
	x.manager.reportSave(x, SaveEvent{Reason: SaveLate, Duration: time.Since(began)})
}

// abandon handles a panic of the handler like an exception of a view in Django, as far as
// the header is concerned. The panic continues. If an outer handler turns it into a
// response, that response has the right cookies.
func (x *exchange) abandon() {
	if !x.answered {
		x.answered = true
		x.shared.RunBeforeHeader(http.StatusInternalServerError, x.under.Header())
		if err := x.respond(x, x.under.Header(), http.StatusInternalServerError); err != nil {
			x.manager.reportError(x, err)
		}
	}
}

// replace answers with an error, as if the handler had written nothing.
func (x *exchange) replace(err error) {
	x.failure = fmt.Errorf("djangosession: the response was replaced: %w", err)
	x.restore(x.under.Header())
	x.shared.RunAtReplace(x.under.Header())
	x.tellKey(x.under.Header())
	x.manager.reportError(x, err)
	x.discard(x)
	status := http.StatusInternalServerError
	if errors.Is(err, ErrSessionGone) {
		status = http.StatusBadRequest
	}
	if x.manager.options.ErrorHandler != nil {
		x.vary(x.under.Header(), true) // it is for this visitor
		httpmw.Answer(x.under, status, func(w http.ResponseWriter) { x.manager.options.ErrorHandler(w, x.request, err) })
		return
	}
	release := x.manager.settings.release
	if status == http.StatusBadRequest && release.RedirectsGoneSessions() {
		// Redirect to the same path, where the visitor then has no session. More than one
		// slash would name another host.
		x.under.Header().Set("Location", "/"+strings.TrimLeft(x.request.URL.EscapedPath(), "/"))
		status = http.StatusFound
	}
	http.Error(x.under, http.StatusText(status), status)
}

// headerField is a field of a header.
type headerField struct {
	name   string
	values []string
}

// remember stores the header fields that outer middleware has set, for a response that
// replaces the handler's.
func (x *exchange) remember(h http.Header) {
	if len(h) == 0 {
		return
	}
	x.outer = make([]headerField, 0, len(h))
	for name, values := range h {
		x.outer = append(x.outer, headerField{name, values})
	}
}

func (x *exchange) restore(h http.Header) {
	clear(h)
	for _, f := range x.outer {
		h[f.name] = f.values
	}
}
