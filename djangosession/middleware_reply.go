package djangosession

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/internal/cookies"
	"github.com/djangobridge/djangobridge/internal/httpmw"
	"github.com/djangobridge/djangobridge/internal/waitlock"
)

// reply is the session of a request, and what the response needs because of it. It does
// not depend on a server.
type reply struct {
	manager *Manager
	shared  httpmw.Shared
	key     string // from the request's session cookie, even if the handler changes the header
	present bool   // the request has the cookie

	loading waitlock.Mutex // guards session, failed and over
	session *Session       // nil if it was not requested
	failed  error          // why it could not be loaded
	over    bool           // the handler has returned

	seen    uint64 // number of the last change to the session before the header
	saves   bool   // Django saves with this status
	varied  bool   // the header has Vary: Cookie
	foreign bool   // the header has a session cookie that the handler set
	told    string // the key that the browser has after this response
}

// load returns the session, and loads it on first use.
func (r *reply) load(ctx context.Context) (*Session, error) {
	if !r.loading.Lock(ctx.Done()) {
		return nil, fmt.Errorf("djangosession: wait until the session is loaded: %w", ctx.Err())
	}
	defer r.loading.Unlock()
	if r.session != nil || r.failed != nil {
		return r.session, r.failed
	}
	loading := withoutSession(ctx)
	s, err := r.manager.Load(loading, r.key)
	if err != nil {
		if ctx.Err() == nil { // otherwise the caller's context has ended, and others may try
			r.failed = err
		}
		return nil, err
	}
	if r.over {
		err := fmt.Errorf("%w: the session was first used after the middleware's handler had returned, and changes to it are "+
			"lost: call the next handler inside that handler", ErrHeaderSent)
		r.manager.reportError(loading, err)
	}
	r.session = s
	r.shared.RunAtLoad(s.peek)
	return s, nil
}

// peek returns a value of the session, or nil, without marking the session as accessed.
func (s *Session) peek(name string) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, _ := s.data.Get(name)
	return own(v)
}

// loaded returns the session if it was requested, and whether loading it failed.
func (r *reply) loaded() (s *Session, failed bool) {
	r.loading.Lock(nil)
	defer r.loading.Unlock()
	return r.session, r.failed != nil
}

// background returns a context for work that must be done even if the client has
// disconnected.
func (r *reply) background(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), r.manager.options.SaveTimeout)
}

// respond saves the session and sets the cookie. Matches process_response.
func (r *reply) respond(ctx context.Context, header http.Header, status int) error {
	release := r.manager.settings.release
	r.told, r.saves = r.key, release.SavesWith(status)
	_, r.foreign = cookies.Set(header, r.manager.settings.SessionCookieName)
	s, failed := r.loaded()
	accessed, modified, empty := failed, false, !isKey(r.key) // a page about the failure is for this visitor too
	if s != nil {
		accessed, empty = s.Accessed(), s.IsEmpty()
		modified, r.seen = s.progress()
		// From here on, they record the changes after the header.
		defer func() { s.SetAccessed(false); s.SetModified(false) }()
	}
	if r.foreign {
		r.vary(header, accessed)
		if s != nil && r.saves && !empty && (s.hasChanges() || s.Key() != r.key && !s.isGone() && !s.isBlank()) {
			r.manager.reportError(ctx, ErrForeignCookie)
		}
		if s != nil && s.isBlank() {
			r.discard(ctx)
		}
		return nil
	}
	if r.present && empty && !r.manager.options.ReadOnly {
		r.vary(header, release.VariesOnDeletion())
		r.manager.deletion().Put(header)
		r.told = ""
		r.manager.reportSave(ctx, SaveEvent{Reason: SaveCookieDeleted, Status: status})
		return nil
	}
	r.vary(header, accessed)
	reason := r.reason(s, modified)
	if !r.saves {
		r.tellKey(header)
		r.discard(ctx)
		return nil
	}
	if reason == "" || empty {
		return nil
	}
	err := r.save(ctx, header, status, reason)
	if s == nil {
		if loaded, _ := r.loaded(); loaded != nil {
			loaded.SetAccessed(false) // the save accessed it, not the handler
			loaded.SetModified(false) // a new session is modified, but it was just saved
		}
	}
	return err
}

// reason returns why the session is to be saved; "" if it is not.
func (r *reply) reason(s *Session, modified bool) SaveReason {
	switch {
	case modified:
		return SaveModified
	case r.manager.options.ReadOnly, s != nil && s.isGone():
		return ""
	case r.manager.settings.SessionSaveEveryRequest:
		return SaveEveryRequest
	case s != nil && s.needsRenewal(r.manager.options.RenewBelow):
		return SaveRenewed
	}
	return ""
}

// save saves the session and sets the cookie.
func (r *reply) save(ctx context.Context, header http.Header, status int, reason SaveReason) error {
	saving, cancel := r.background(ctx)
	defer cancel()
	s, err := r.load(saving)
	if err != nil {
		return err
	}
	began, key := time.Now(), s.Key()
	c, err := r.manager.sessionCookie(s) // a session whose cookie cannot be set is not stored
	if err != nil {
		return err
	}
	store := s.Save
	if reason == SaveRenewed {
		store = s.renew
	}
	err = store(saving)
	if reason != SaveModified && errors.Is(err, ErrOutdatedSettings) { // already reported; the session stays unchanged
		return nil
	}
	if err != nil {
		return err
	}
	if reason == SaveRenewed || r.manager.options.MergeSaves { // another request may have changed the expiry
		if merged, err := r.manager.sessionCookie(s); err == nil {
			c = merged
		}
	}
	r.told = s.Key()
	c.Value = r.told
	c.Put(header)
	r.vary(header, r.manager.settings.release.VariesWithCookie() || reason == SaveRenewed)
	r.manager.reportSave(ctx, SaveEvent{Reason: reason, Status: status, Created: key == "", Duration: time.Since(began)})
	return nil
}

func (r *reply) vary(header http.Header, yes bool) {
	if yes {
		cookies.Vary(header)
		r.varied = true
	}
}

// variesOnCookie reports whether caches keep a response for its visitor alone.
func variesOnCookie(header http.Header) bool {
	return slices.ContainsFunc(header["Vary"], func(line string) bool {
		return strings.Contains(line, "Cookie") || strings.Contains(line, "*") || strings.Contains(strings.ToLower(line), "cookie")
	})
}

// discard removes the session of a replaced response if the browser does not have its
// key. The stored session is unreachable, but it may contain a login.
func (r *reply) discard(ctx context.Context) {
	s, _ := r.loaded()
	if s == nil || r.manager.options.ReadOnly {
		return
	}
	deleting, cancel := r.background(ctx)
	defer cancel()
	if err := s.discard(deleting, r.told); err != nil {
		r.manager.reportError(ctx, fmt.Errorf("djangosession: an unreachable session may remain stored: %w", err))
	}
}
