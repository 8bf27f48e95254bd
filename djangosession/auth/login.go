package auth

import (
	"context"
	"errors"
	"fmt"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/httpmw"
)

// Login logs user in: from now on, the session of the request is theirs and [UserFrom]
// returns user. Values of an anonymous visitor are kept under a new session key; the
// session of another user is flushed. The CSRF token is rotated, and last_login is stored,
// unless the site has disconnected Django's receiver update_last_login. The backend is
// user.Backend, which [Auth.Authenticate] sets, or else the only one of
// AUTHENTICATION_BACKENDS; see [Auth.LoginBackend] for others.
//
// The error is [ErrNoMiddleware], [ErrNilUser], [ErrBackend],
// [djangosession.ErrReadOnly], [djangosession.ErrHeaderSent] if the response has begun
// (the browser could not learn the new session key), or an error of the engine, the users
// or the CSRF protection. After an error the session does not hold the login. Like
// Django, Login does not check whether user is active; use [Auth.Authenticate] to refuse
// inactive users. [Options].OnLogin is called after a successful login. Matches login.
func (a *Auth) Login(ctx context.Context, user *User) error { return a.LoginBackend(ctx, user, "") }

// LoginBackend is [Auth.Login] with a given backend of AUTHENTICATION_BACKENDS.
func (a *Auth) LoginBackend(ctx context.Context, user *User, backend string) error {
	v, err := a.requestState(ctx)
	if err != nil {
		return err
	}
	start := a.start()
	err = v.change(ctx, true, func(ctx context.Context, s *djangosession.Session, _ State) (State, error) {
		err := a.loginSession(ctx, s, user, backend)
		return State{User: user}, err
	})
	a.observe(ctx, OpLogin, start, outcomeOf(err))
	if err == nil {
		a.observeLogin(ctx, user)
	}
	return err
}

// LoginSession is [Auth.Login] for any session, which the caller loads before and saves
// afterwards. The CSRF token is rotated if ctx is that of a request.
// [djangosession.ErrHeaderSent] is returned only for the session of that request, whose
// user is then the one of [UserFrom].
func (a *Auth) LoginSession(ctx context.Context, s *djangosession.Session, user *User) error {
	start := a.start()
	err := a.changeSession(ctx, s, true, func(ctx context.Context, _ State) (State, error) {
		return State{User: user}, a.loginSession(ctx, s, user, "")
	})
	a.observe(ctx, OpLogin, start, outcomeOf(err))
	if err == nil {
		a.observeLogin(ctx, user)
	}
	return err
}

func (a *Auth) loginSession(ctx context.Context, s *djangosession.Session, user *User, backend string) error {
	if user == nil {
		return ErrNilUser
	}
	if a.readOnly(s) {
		return fmt.Errorf("auth: log in: %w", djangosession.ErrReadOnly)
	}
	backend, err := a.backendFor(user, backend)
	if err != nil {
		return err
	}
	if err := beforeHeader(ctx, s, func() error { return a.logIn(ctx, s, user, backend) }); err != nil {
		return fmt.Errorf("auth: log in: %w", err)
	}
	return nil
}

// logIn writes the login into the session.
func (a *Auth) logIn(ctx context.Context, s *djangosession.Session, user *User, backend string) error {
	hash := a.hasher.hash(user)
	if err := a.prepareSession(ctx, s, user, hash); err != nil {
		return err
	}
	now := a.now()
	if a.setsLastLogin {
		if err := a.users.SetLastLogin(ctx, user.ID, now); err != nil {
			return err
		}
	}
	undo := snapshotLogin(s)
	s.Set(SessionKey, user.ID)
	s.Set(BackendSessionKey, backend)
	s.Set(HashSessionKey, hash)
	if shared := httpmw.From(ctx); shared != nil {
		if err := shared.RunAtLogin(ctx); err != nil {
			undo()
			return err
		}
	}
	if a.setsLastLogin && a.hasLastLogin {
		user.LastLogin = now
	}
	a.adopt(user, backend)
	return nil
}

// prepareSession gives the session a new key, unless it already belongs to the user.
func (a *Auth) prepareSession(ctx context.Context, s *djangosession.Session, user *User, hash string) error {
	v, there := s.Get(SessionKey)
	if !there {
		err := s.CycleKey(ctx)
		if errors.Is(err, djangosession.ErrSessionGone) || errors.Is(err, djangosession.ErrOutdatedSettings) {
			return s.Create(ctx) // keeps the values of an anonymous visitor
		}
		return err
	}
	id, _ := idText(v)
	h, _ := s.Get(HashSessionKey)
	stored, _ := text(h)
	if !a.sameID(id, user.ID) || hash != "" && !equal(stored, hash) {
		return s.Flush(ctx)
	}
	return nil
}

// snapshotLogin returns a function that restores the login that the session holds now.
func snapshotLogin(s *djangosession.Session) (undo func()) {
	names := []string{SessionKey, BackendSessionKey, HashSessionKey}
	type value struct {
		v     any
		there bool
	}
	before := make([]value, len(names))
	for i, name := range names {
		before[i].v, before[i].there = s.Get(name)
	}
	return func() {
		for i, name := range names {
			if before[i].there {
				s.Set(name, before[i].v)
			} else {
				s.PopDefault(name, nil)
			}
		}
	}
}

// Logout calls [Options].OnLogout and ends the login of the request: its session is
// flushed, and [UserFrom] returns nil. If the engine fails, the login may still be
// stored, but no user is logged in for the rest of the request. Logout does not end with
// ctx, so that a client who disconnects is still logged out: OnLogout has
// [djangosession.DefaultSaveTimeout], and the logout has as long again. It also works
// after the response header: the stored session is deleted, and the browser's cookie names
// no session. If the engine is [djangosession.Stateless], there is no stored session, and
// the error is then [djangosession.ErrHeaderSent]. Matches logout.
func (a *Auth) Logout(ctx context.Context) error {
	v, err := a.requestState(ctx)
	if err != nil {
		return err
	}
	if err := a.announceLogout(ctx); err != nil {
		return err
	}
	ctx, cancel := outlasting(ctx)
	defer cancel()
	start := a.start()
	err = v.change(ctx, true, func(ctx context.Context, s *djangosession.Session, _ State) (State, error) {
		return State{Reason: NotLoggedIn}, a.logoutSession(ctx, s)
	})
	a.observe(ctx, OpLogout, start, outcomeOf(err))
	return err
}

// announceLogout calls OnLogout for the session of the request, unless it is read-only.
func (a *Auth) announceLogout(ctx context.Context) error {
	ctx, cancel := outlasting(ctx) // of its own: a slow hook must not use up the time of the logout
	defer cancel()
	s, err := djangosession.FromContext(ctx)
	switch {
	case err != nil:
		return err
	case a.readOnly(s):
		return errLogoutReadOnly
	}
	a.observeLogout(ctx, StateFrom)
	return nil
}

// languageSessionKey is LANGUAGE_SESSION_KEY, whose value logout keeps before Django 3.0.
const languageSessionKey = "_language"

var errLogoutReadOnly = fmt.Errorf("auth: log out: %w", djangosession.ErrReadOnly)

// LogoutSession is [Auth.Logout] for any session. It ends with ctx.
func (a *Auth) LogoutSession(ctx context.Context, s *djangosession.Session) error {
	if a.readOnly(s) {
		return errLogoutReadOnly
	}
	a.observeLogout(ctx, func(ctx context.Context) (State, error) { return a.check(ctx, s) })
	start := a.start()
	err := a.changeSession(ctx, s, true, func(ctx context.Context, _ State) (State, error) {
		return State{Reason: NotLoggedIn}, a.logoutSession(ctx, s)
	})
	a.observe(ctx, OpLogout, start, outcomeOf(err))
	return err
}

func (a *Auth) logoutSession(ctx context.Context, s *djangosession.Session) error {
	var language any
	if a.keepsLanguage {
		language, _ = s.Get(languageSessionKey)
	}
	flush := func() error { return s.Flush(ctx) }
	if a.manager.Stateless() { // only the header can delete the cookie
		forget := flush
		flush = func() error { return beforeHeader(ctx, s, forget) }
	}
	if err := flush(); err != nil {
		s.Clear() // if the session is stored, it is without the login
		return fmt.Errorf("auth: log out: %w", err)
	}
	if language != nil {
		s.Set(languageSessionKey, language)
	}
	return nil
}

// UpdateSessionAuthHash keeps a user logged in after a password change. The session of
// the request gets a new key, and the hash of user.Password if it is the user's. Prefer
// [Auth.ChangePassword], which does both: a parallel request between the two steps finds
// the old hash and ends the login. In Django it does not, because cycle_key stores the
// session even if it was flushed.
//
// Call [UserFrom] before you change the password: otherwise the session is checked against
// the new password and is not a login. The error is [djangosession.ErrSessionGone] if the
// session has been logged out, or [djangosession.ErrHeaderSent], without a change, if the
// response has begun. Matches update_session_auth_hash.
func (a *Auth) UpdateSessionAuthHash(ctx context.Context, user *User) error {
	v, err := a.requestState(ctx)
	if err != nil {
		return err
	}
	if user == nil {
		return ErrNilUser
	}
	if _, err := RealUserFrom(ctx); err != nil {
		return err
	}
	return v.change(ctx, false, func(ctx context.Context, s *djangosession.Session, before State) (State, error) {
		if before.User == nil || !a.sameID(before.User.ID, user.ID) {
			if a.readOnly(s) {
				return before, djangosession.ErrReadOnly
			}
			if before.Reason == BadHash { // the session was flushed and has no key to change
				return before, nil
			}
			return before, beforeHeader(ctx, s, func() error { return s.CycleKey(ctx) })
		}
		return a.updateSession(ctx, s, user, before)
	})
}

// UpdateSession is [Auth.UpdateSessionAuthHash] for any session that the caller found to
// be the user's login before the password change. If it is not the user's, it only gets a
// new key.
func (a *Auth) UpdateSession(ctx context.Context, s *djangosession.Session, user *User) error {
	if user == nil {
		return ErrNilUser
	}
	return a.changeSession(ctx, s, false, func(ctx context.Context, before State) (State, error) {
		return a.updateSession(ctx, s, user, before)
	})
}

// updateSession gives a session a new key, and the hash of the user's password if it is
// the user's. It returns the login after the one before.
func (a *Auth) updateSession(ctx context.Context, s *djangosession.Session, user *User, before State) (State, error) {
	if a.readOnly(s) {
		return before, fmt.Errorf("auth: update the session: %w", djangosession.ErrReadOnly)
	}
	err := beforeHeader(ctx, s, func() error {
		if err := s.CycleKey(ctx); err != nil {
			return err
		}
		v, _ := s.Get(SessionKey)
		if id, ok := idText(v); ok && a.sameID(id, user.ID) && !user.NoHash {
			s.Set(HashSessionKey, a.hasher.hash(user))
		}
		return nil
	})
	if err != nil {
		return before, fmt.Errorf("auth: update the session: %w", err)
	}
	if before.User == nil || !a.sameID(before.User.ID, user.ID) {
		return before, nil
	}
	return State{User: a.adopt(user, before.User.Backend)}, nil
}
