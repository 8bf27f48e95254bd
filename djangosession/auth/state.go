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

// A State says who is logged in.
type State struct {
	User *User // nil: nobody
	// Reason is why nobody is logged in, "" if somebody is.
	Reason Reason
}

// A Reason is why nobody is logged in.
type Reason string

// The reasons, in the order in which they are looked for.
const (
	NotLoggedIn    Reason = "not_logged_in"   // the session does not name a user and a backend
	UnknownBackend Reason = "unknown_backend" // the backend is not one of AUTHENTICATION_BACKENDS
	BadID          Reason = "bad_id"          // the session names what cannot be a user's id; in Django an error
	NoSuchUser     Reason = "no_such_user"    // the user was deleted
	Inactive       Reason = "inactive"        // the user is not active
	BadHash        Reason = "bad_hash"        // the password was changed, or SECRET_KEY; the session was flushed, unless read-only
)

// User returns who is logged in by this session, nil if nobody is. See [Auth.State].
func (a *Auth) User(ctx context.Context, s *djangosession.Session) (*User, error) {
	state, err := a.State(ctx, s)
	return state.User, err
}

// State returns who is logged in by this session, or why nobody is, with one call to [Users] where the session claims a
// login. A session with a wrong hash is flushed; one whose hash is of a fallback key gets another key and hash, which
// the caller has to save; neither happens in read-only mode. If ctx is that of a request whose response has begun, the
// browser cannot learn a new key: a hash of a fallback key is accepted as it is, and a later request renews the session. A
// session with a wrong hash is deleted even then, and the browser keeps a cookie that leads nowhere. The error is that of
// the engine or the users, and says nothing about the login. Matches get_user.
func (a *Auth) State(ctx context.Context, s *djangosession.Session) (State, error) {
	state, err := a.check(ctx, s)
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

// explain says for the log why a session is no login, and, where a wrong option may be the cause, which one.
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

// checkHash reports whether the session belongs to the user's password, and sees to it that it does not stay if not.
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

// readOnly reports whether nothing may be done to a session.
func (a *Auth) readOnly(s *djangosession.Session) bool { return a.manager.ReadOnly() || s.ReadOnly() }

// rehash gives a session that a key of the past vouches for a new key, and a hash of today.
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
		return nil // the fallback key vouches for it until a request that renews it in time
	case errors.Is(err, djangosession.ErrSessionGone):
		// Another request has done it, or has logged out. This one began before that: it is answered, and stores nothing.
		return nil
	case errors.Is(err, djangosession.ErrOutdatedSettings): // Django has done it, with a key that is not known here
		return nil
	case err != nil:
		return fmt.Errorf("auth: renew the session: %w", err)
	}
	return nil
}

// adopt makes a user one that this Auth gives out.
func (a *Auth) adopt(u *User, backend string) *User {
	u.Backend = backend
	u.permissions.from(a.users)
	return u
}

// idText is the id in a session as text. Up to Django 1.8 it could be a number, a long of
// Python 2 among them.
func idText(v any) (string, bool) {
	switch n := v.(type) {
	case int64:
		return strconv.FormatInt(n, 10), true
	case *big.Int:
		return n.String(), true
	}
	return text(v)
}

// text is a value of a session that is text, as which a str of Python 2 counts.
func text(v any) (string, bool) {
	if old, ok := v.(py.Str2); ok {
		return string(old), true
	}
	s, ok := v.(string)
	return s, ok
}
