package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"slices"
	"strconv"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// A State is the result of checking the login in a session.
type State struct {
	User *User // nil if no user is logged in
	// Reason is why no user is logged in; "" if User is set.
	Reason Reason
}

// A Reason is why no user is logged in.
type Reason string

// Reasons, in the order of the checks.
const (
	NotLoggedIn    Reason = "not_logged_in"   // the session has no user id or no backend
	UnknownBackend Reason = "unknown_backend" // the backend is not one of AUTHENTICATION_BACKENDS
	BadID          Reason = "bad_id"          // the session has an invalid id, for which Django raises an error
	NoSuchUser     Reason = "no_such_user"    // the user has been deleted
	Inactive       Reason = "inactive"        // the user is not active
	BadHash        Reason = "bad_hash"        // the password or SECRET_KEY has changed; the session was flushed, unless read-only
)

// User returns the logged-in user of a session, or nil. See [Auth.State].
func (a *Auth) User(ctx context.Context, s *djangosession.Session) (*User, error) {
	state, err := a.State(ctx, s)
	return state.User, err
}

// State returns the logged-in user of a session, or the reason why there is no such user.
// It calls [Users] once if the session contains a login.
//
// A session with a wrong hash is flushed. A session whose hash was made with a fallback
// key gets a new key and hash, which the caller has to save. In read-only mode neither
// happens. If ctx is that of a request whose response has begun, the browser cannot learn
// a new key: a session with a wrong hash is still deleted, and the browser's cookie names
// no session; a hash made with a fallback key is accepted, and a later request renews the
// session.
//
// The error is that of the engine or the users; it says nothing about the login. Matches
// get_user.
func (a *Auth) State(ctx context.Context, s *djangosession.Session) (State, error) {
	start := a.start()
	state, err := a.check(ctx, s)
	if err != nil || state.Reason != NotLoggedIn {
		a.observe(ctx, OpCheck, start, outcomeOfCheck(state, err))
	}
	if err != nil {
		return State{}, err
	}
	if state.Reason != "" && state.Reason != NotLoggedIn {
		a.logger.LogAttrs(ctx, slog.LevelWarn, "login in a session refused", a.explain(state.Reason, s)...)
		if a.options.OnRefused != nil {
			a.options.OnRefused(ctx, state.Reason)
		}
	}
	return state, nil
}

// explain returns log attributes that give the reason and, if a wrong option may be the
// cause, the option.
func (a *Auth) explain(reason Reason, s *djangosession.Session) []slog.Attr {
	attrs := []slog.Attr{slog.String("reason", string(reason))}
	path, _ := s.Get(BackendSessionKey)
	backend, _ := text(path)
	if !isDottedPath(backend) {
		return attrs
	}
	switch {
	case reason == UnknownBackend:
		return append(attrs, slog.String("backend", backend), slog.String("remedy", "if the site has it, "+listIt))
	case reason == Inactive && !isDjangos(backend):
		return append(attrs, slog.String("backend", backend), slog.String("remedy",
			"if it accepts users who are not active, list it in Options.InactiveBackends"))
	}
	return attrs
}

func (a *Auth) check(ctx context.Context, s *djangosession.Session) (State, error) {
	id, hasID := s.Get(SessionKey)
	path, hasBackend := s.Get(BackendSessionKey)
	if !hasID || !hasBackend {
		return State{Reason: NotLoggedIn}, nil
	}
	backend, _ := text(path)
	if !slices.Contains(a.backends, backend) {
		return State{Reason: UnknownBackend}, nil
	}
	pk, ok := idText(id)
	if !ok {
		return State{Reason: BadID}, nil
	}
	user, err := a.users.Get(ctx, pk)
	switch {
	case errors.Is(err, ErrBadID):
		return State{Reason: BadID}, nil
	case errors.Is(err, ErrNoUser), err == nil && user == nil:
		return State{Reason: NoSuchUser}, nil
	case err != nil:
		return State{}, fmt.Errorf("auth: find the user of a session: %w", err)
	case !user.IsActive && !a.takesInactive(backend):
		return State{Reason: Inactive}, nil
	}
	if good, err := a.checkHash(ctx, s, user); !good || err != nil {
		return State{Reason: BadHash}, err
	}
	return State{User: a.adopt(user, backend)}, nil
}

// checkHash reports whether the session's hash matches the user's password, and flushes
// the session if not.
func (a *Auth) checkHash(ctx context.Context, s *djangosession.Session, user *User) (bool, error) {
	if user.NoHash {
		return true, nil
	}
	v, there := s.Get(HashSessionKey)
	if !there && !a.demandsHash {
		return true, nil
	}
	stored, _ := text(v)
	good, old := a.hasher.verify(user, stored)
	switch {
	case a.readOnly(s):
		return good, nil
	case !good:
		if err := s.Flush(ctx); err != nil {
			return false, fmt.Errorf("auth: flush a session with a wrong hash: %w", err)
		}
		return false, nil
	case old:
		return true, a.rehash(ctx, s, user)
	}
	return true, nil
}

// readOnly reports whether the session must not be changed.
func (a *Auth) readOnly(s *djangosession.Session) bool { return a.manager.ReadOnly() || s.ReadOnly() }

// rehash gives a session whose hash was made with a fallback key a new key and a current
// hash.
func (a *Auth) rehash(ctx context.Context, s *djangosession.Session, user *User) error {
	err := beforeHeader(ctx, s, func() error {
		if err := s.CycleKey(ctx); err != nil {
			return err
		}
		s.Set(HashSessionKey, a.hasher.hash(user))
		return nil
	})
	switch {
	case errors.Is(err, djangosession.ErrHeaderSent):
		return nil // the fallback key remains valid until a later request renews the session
	case errors.Is(err, djangosession.ErrSessionGone):
		// Another request has renewed the session or logged out. This one began earlier:
		// it is answered, but stores nothing.
		return nil
	case errors.Is(err, djangosession.ErrOutdatedSettings): // Django renewed it, with a key that this service does not have
		return nil
	case err != nil:
		return fmt.Errorf("auth: renew the session: %w", err)
	}
	return nil
}

// adopt prepares a user of Users for callers of this Auth.
func (a *Auth) adopt(u *User, backend string) *User {
	u.Backend = backend
	u.permissions.from(a.users)
	return u
}

// idText returns the id in a session as text. Up to Django 1.8 it could be a number,
// including a Python 2 long.
func idText(v any) (string, bool) {
	switch n := v.(type) {
	case int64:
		return strconv.FormatInt(n, 10), true
	case *big.Int:
		return n.String(), true
	}
	return text(v)
}

// text returns a text value of a session, including a Python 2 str.
func text(v any) (string, bool) {
	if old, ok := v.(py.Str2); ok {
		return string(old), true
	}
	s, ok := v.(string)
	return s, ok
}
