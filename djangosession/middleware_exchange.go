package djangosession

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/djangobridge/djangobridge/internal/cookies"
	"github.com/djangobridge/djangobridge/internal/httpmw"
)

// exchange is a request and its response in the middleware. It is also the request's
// context, so that one allocation serves all three.
type exchange struct {
	context.Context //nolint:containedctx // what it adds to
	manager         *Manager
	request         *http.Request       // the handler's
	under           http.ResponseWriter // receives the response
	outer           []headerField       // the header before the handler
	shared          httpmw.Shared
	key             string // from the request's session cookie, even if the handler changes the header
	present         bool   // the request has the cookie

	loading sync.Mutex // guards session, failed and over
	session *Session   // nil if it was not requested
	failed  error      // why it could not be loaded

	answered bool        // the header is sent, or about to be
	failure  error       // why the handler's response was replaced
	replaced bool        // another response was sent in its place
	seen     uint64      // number of the last change to the session before the header
	saves    bool        // Django saves with this status
	varied   bool        // the header has Vary: Cookie
	told     string      // the key that the browser has after this response
	lost     atomic.Bool // the handler has written a header without the cookie
	over     bool        // the handler has returned
	foreign  bool        // the header has a session cookie that the handler set
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

// load returns the session, and loads it on first use.
func (x *exchange) load(ctx context.Context) (*Session, error) {
	x.loading.Lock()
	defer x.loading.Unlock()
	if x.session != nil || x.failed != nil {
		return x.session, x.failed
	}
	s, err := x.manager.Load(loadingContext{ctx}, x.key) //nolint:contextcheck // it is ctx, with less in it
	if err != nil {
		if ctx.Err() == nil { // otherwise the caller's context has ended, and others may try
			x.failed = err
		}
		return nil, err
	}
	if x.over {
		x.manager.reportError(ctx, fmt.Errorf("%w: the session was first used after the middleware's handler had returned, "+
			"and changes to it are lost: call the next handler inside that handler", ErrHeaderSent))
	}
	x.session = s
	x.shared.RunAtLoad(s.peek)
	return s, nil
}

// peek returns a value of the session, or nil, without marking the session as accessed.
func (s *Session) peek(name string) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, _ := s.data.Get(name)
	return own(v)
}

// loadingContext is the context in which the session is loaded. A hook or a logger that
// requests the session from it gets an error instead of a deadlock.
type loadingContext struct{ context.Context } //nolint:containedctx // what it takes from

var errLoading = errors.New("djangosession: the session is still being loaded: do not request it from a hook or a logger")

// Value implements context.Context.
func (c loadingContext) Value(key any) any {
	if _, ok := key.(exchangeKey); ok {
		return c
	}
	return c.Context.Value(key)
}

// loaded returns the session if it was requested, and whether loading it failed.
func (x *exchange) loaded() (s *Session, failed bool) {
	x.loading.Lock()
	defer x.loading.Unlock()
	return x.session, x.failed != nil
}

// background returns a context for work that must be done even if the client has
// disconnected.
func (x *exchange) background() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(x), x.manager.options.SaveTimeout)
}

// answer prepares the header for this status. It returns false if the response was
// replaced.
func (x *exchange) answer(status int) bool {
	x.answered = true
	x.shared.RunBeforeHeader(status, x.under.Header())
	if err := x.respond(status); err != nil {
		x.replace(err)
		x.replaced = true
		return false
	}
	return true
}

// respond saves the session and sets the cookie. Matches process_response.
func (x *exchange) respond(status int) error {
	release, header := x.manager.settings.release, x.under.Header()
	x.told, x.saves = x.key, release.SavesWith(status)
	_, x.foreign = cookies.Set(header, x.manager.settings.SessionCookieName)
	s, failed := x.loaded()
	accessed, modified, empty := failed, false, !isKey(x.key) // a page about the failure is for this visitor too
	if s != nil {
		accessed, empty = s.Accessed(), s.IsEmpty()
		modified, x.seen = s.progress()
		// From here on, they record the changes after the header.
		defer func() { s.SetAccessed(false); s.SetModified(false) }()
	}
	if x.foreign {
		x.vary(accessed)
		if s != nil && x.saves && !empty && (s.hasChanges() || s.Key() != x.key && !s.isGone() && !s.isBlank()) {
			x.manager.reportError(x, ErrForeignCookie)
		}
		if s != nil && s.isBlank() {
			x.discard()
		}
		return nil
	}
	if x.present && empty && !x.manager.options.ReadOnly {
		x.vary(release.VariesOnDeletion())
		x.manager.deletion().Put(header)
		x.told = ""
		x.manager.reportSave(x, SaveEvent{Reason: SaveCookieDeleted, Status: status})
		return nil
	}
	x.vary(accessed)
	reason := x.reason(s, modified)
	if !x.saves {
		x.tellKey()
		x.discard()
		return nil
	}
	if reason == "" || empty {
		return nil
	}
	err := x.save(status, reason)
	if s == nil {
		if loaded, _ := x.loaded(); loaded != nil {
			loaded.SetAccessed(false) // the save accessed it, not the handler
			loaded.SetModified(false) // a new session is modified, but it was just saved
		}
	}
	return err
}

// reason returns why the session is to be saved; "" if it is not.
func (x *exchange) reason(s *Session, modified bool) SaveReason {
	switch {
	case modified:
		return SaveModified
	case x.manager.options.ReadOnly, s != nil && s.isGone():
		return ""
	case x.manager.settings.SessionSaveEveryRequest:
		return SaveEveryRequest
	case s != nil && s.needsRenewal(x.manager.options.RenewBelow):
		return SaveRenewed
	}
	return ""
}

// save saves the session and sets the cookie.
func (x *exchange) save(status int, reason SaveReason) error {
	ctx, cancel := x.background()
	defer cancel()
	s, err := x.load(ctx)
	if err != nil {
		return err
	}
	began, key := time.Now(), s.Key()
	c, err := x.manager.sessionCookie(s) // a session whose cookie cannot be set is not stored
	if err != nil {
		return err
	}
	store := s.Save
	if reason == SaveRenewed {
		store = s.renew
	}
	err = store(ctx)
	if reason != SaveModified && errors.Is(err, ErrOutdatedSettings) { // already reported; the session stays unchanged
		return nil
	}
	if err != nil {
		return err
	}
	if reason == SaveRenewed || x.manager.options.MergeSaves { // another request may have changed the expiry
		if merged, err := x.manager.sessionCookie(s); err == nil {
			c = merged
		}
	}
	x.told = s.Key()
	c.Value = x.told
	c.Put(x.under.Header())
	x.vary(x.manager.settings.release.VariesWithCookie() || reason == SaveRenewed)
	x.manager.reportSave(x, SaveEvent{Reason: reason, Status: status, Created: key == "", Duration: time.Since(began)})
	return nil
}

func (x *exchange) vary(yes bool) {
	if yes {
		cookies.Vary(x.under.Header())
		x.varied = true
	}
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
	if x.failure != nil {
		if !x.replaced { // ErrorHandler has panicked and a handler has recovered; an empty page would look like success
			panic(http.ErrAbortHandler) //nolint:forbidigo // which breaks off the connection, and nothing else
		}
		return
	}
	if s, _ := x.loaded(); s != nil && x.saves {
		x.late(s)
	}
}

// end records that the handler has returned.
func (x *exchange) end() {
	x.loading.Lock()
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
	ctx, cancel := x.background()
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
		if err := x.respond(http.StatusInternalServerError); err != nil {
			x.manager.reportError(x, err)
		}
	}
}

// replace answers with an error, as if the handler had written nothing.
func (x *exchange) replace(err error) {
	x.failure = fmt.Errorf("djangosession: the response was replaced: %w", err)
	x.restore(x.under.Header())
	x.tellKey()
	x.manager.reportError(x, err)
	x.discard()
	status := http.StatusInternalServerError
	if errors.Is(err, ErrSessionGone) {
		status = http.StatusBadRequest
	}
	if x.manager.options.ErrorHandler != nil {
		x.vary(true) // it is for this visitor
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

// discard removes the session of a replaced response if the browser does not have its
// key. The stored session is unreachable, but it may contain a login.
func (x *exchange) discard() {
	s, _ := x.loaded()
	if s == nil || x.manager.options.ReadOnly {
		return
	}
	ctx, cancel := x.background()
	defer cancel()
	if err := s.discard(ctx, x.told); err != nil {
		x.manager.reportError(x, fmt.Errorf("djangosession: an unreachable session may remain stored: %w", err))
	}
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
