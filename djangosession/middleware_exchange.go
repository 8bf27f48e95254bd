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

// exchange is a request and its response on their way through the middleware. It is the request's context, so that one
// allocation does for all.
type exchange struct {
	context.Context //nolint:containedctx // what it adds to
	manager         *Manager
	request         *http.Request       // the handler's
	under           http.ResponseWriter // what the response goes to
	outer           []headerField       // what stood in the header before
	shared          httpmw.Shared
	key             string // of the request's session cookie, whatever the handler does to the header
	present         bool   // there is one

	loading sync.Mutex // guards the next two
	session *Session   // nil if it was not asked for
	failed  error      // why it could not be loaded

	answered bool        // the header is out, or about to go
	failure  error       // why the handler's response was replaced
	replaced bool        // another is out in its place
	seen     uint64      // the number of the last change to the session before the header
	saves    bool        // the status is one with which Django saves
	varied   bool        // the header says Vary: Cookie
	told     string      // the key that the browser has when it has read the header
	lost     atomic.Bool // the handler has written a header without the cookie
	over     bool        // the handler has returned; guarded by loading
	foreign  bool        // the header has a session cookie of the handler's
}

// exchangeKey is the key under which a context has its exchange.
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

// load returns the session and loads it if nobody has.
func (x *exchange) load(ctx context.Context) (*Session, error) {
	x.loading.Lock()
	defer x.loading.Unlock()
	if x.session != nil || x.failed != nil {
		return x.session, x.failed
	}
	s, err := x.manager.Load(loadingContext{ctx}, x.key) //nolint:contextcheck // it is ctx, with less in it
	if err != nil {
		if ctx.Err() == nil { // else it is the caller's context that ended, and others may try
			x.failed = err
		}
		return nil, err
	}
	if x.over {
		x.manager.reportError(ctx, fmt.Errorf("%w: the session was used first when the handler inside the middleware had returned, "+
			"and changes to it are lost: call the next handler inside", ErrHeaderSent))
	}
	x.session = s
	x.shared.RunAtLoad(s.peek)
	return s, nil
}

// peek returns a value of the session, nil if it has none, and does not count as access.
func (s *Session) peek(name string) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, _ := s.data.Get(name)
	return own(v)
}

// loadingContext is the context in which the session is loaded. A hook or a logger that asks for
// the session there gets an error and does not wait for itself.
type loadingContext struct{ context.Context } //nolint:containedctx // what it takes from

var errLoading = errors.New("djangosession: the session is being loaded, and cannot be asked for meanwhile")

// Value implements context.Context.
func (c loadingContext) Value(key any) any {
	if _, ok := key.(exchangeKey); ok {
		return c
	}
	return c.Context.Value(key)
}

// loaded returns the session if somebody asked for it, and whether that failed.
func (x *exchange) loaded() (s *Session, failed bool) {
	x.loading.Lock()
	defer x.loading.Unlock()
	return x.session, x.failed != nil
}

// background is a context for what has to be done even if the client has gone away.
func (x *exchange) background() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(x), x.manager.options.SaveTimeout)
}

// answer prepares the header for this status. If it returns false, the response was replaced.
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
	accessed, modified, empty := failed, false, !isKey(x.key) // what a page makes of the failure is for this visitor too
	if s != nil {
		accessed, empty = s.Accessed(), s.IsEmpty()
		modified, x.seen = s.progress()
		// From here on they tell what happens after the header.
		defer func() { s.SetAccessed(false); s.SetModified(false) }()
	}
	if x.foreign {
		x.vary(accessed)
		if s != nil && x.saves && !empty && (s.hasChanges() || s.Key() != x.key && !s.isGone()) {
			x.manager.reportError(x, ErrForeignCookie)
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
			loaded.SetAccessed(false) // the save looked at it, and not the handler
		}
	}
	return err
}

// reason says why the session is to be saved; "" if it is not.
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
	c, err := x.manager.sessionCookie(s) // what has no cookie is not stored
	if err != nil {
		return err
	}
	store := s.Save
	if reason == SaveRenewed {
		store = s.renew
	}
	err = store(ctx)
	if reason != SaveModified && errors.Is(err, ErrOutdatedSettings) { // which was reported; the session is left alone
		return nil
	}
	if err != nil {
		return err
	}
	if reason == SaveRenewed || x.manager.options.MergeSaves { // another request may have changed when the session ends
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

// finish ends the response when the handler has returned.
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
		if !x.replaced { // ErrorHandler has panicked, and a recovery inside got that: an empty page would look like success
			panic(http.ErrAbortHandler) //nolint:forbidigo // which breaks off the connection, and nothing else
		}
		return
	}
	if s, _ := x.loaded(); s != nil && x.saves {
		x.late(s)
	}
}

// end notes that the handler has returned.
func (x *exchange) end() {
	x.loading.Lock()
	defer x.loading.Unlock()
	x.over = true
}

// late deals with what was done to the session after the header went out.
func (x *exchange) late(s *Session) {
	if s.Accessed() && !x.varied {
		x.manager.reportError(x, fmt.Errorf("%w, without Vary: Cookie, when the session was used first", ErrHeaderSent))
	}
	if !s.unsaved(x.seen) || s.IsEmpty() { // who was logged out late keeps a cookie that leads nowhere
		return
	}
	if x.foreign {
		x.manager.reportError(x, ErrForeignCookie)
		return
	}
	if key := s.Key(); key == "" || key != x.told || x.lost.Load() && key != x.key {
		x.manager.reportError(x, fmt.Errorf("%w, without the cookie of a new session or key", ErrHeaderSent))
		return
	}
	ctx, cancel := x.background()
	defer cancel()
	began := time.Now()
	if err := s.Save(ctx); err != nil {
		x.manager.reportError(x, fmt.Errorf("%w when the session was changed: %w", ErrHeaderSent, err))
		return
	}
	x.manager.reportSave(x, SaveEvent{Reason: SaveLate, Duration: time.Since(began)})
}

// abandon does for a handler that panics what Django does when a view raises an exception, as far as the header goes: the
// panic goes on, and if another handler makes an answer of it, that has the right cookies.
func (x *exchange) abandon() {
	if !x.answered {
		x.answered = true
		x.shared.RunBeforeHeader(http.StatusInternalServerError, x.under.Header())
		if err := x.respond(http.StatusInternalServerError); err != nil {
			x.manager.reportError(x, err)
		}
	}
}

// replace answers with an error, as if the handler had not written.
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
		// To where the request came to, which finds no session then. More slashes would name another host.
		x.under.Header().Set("Location", "/"+strings.TrimLeft(x.request.URL.EscapedPath(), "/"))
		status = http.StatusFound
	}
	http.Error(x.under, http.StatusText(status), status)
}

// discard removes the session of a response that was replaced, if it has a key that the browser is not told: nobody could
// use what is stored, but it may hold a login.
func (x *exchange) discard() {
	s, _ := x.loaded()
	if s == nil || x.manager.options.ReadOnly {
		return
	}
	ctx, cancel := x.background()
	defer cancel()
	if err := s.discard(ctx, x.told); err != nil {
		x.manager.reportError(x, fmt.Errorf("djangosession: a session that no browser has may be left: %w", err))
	}
}

// headerField is a line of a header.
type headerField struct {
	name   string
	values []string
}

// remember keeps what middleware further out has put into the header, for a response that replaces the handler's.
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
