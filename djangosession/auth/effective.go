package auth

import (
	"context"
	"fmt"
	"net/http"

	"github.com/djangobridge/djangobridge/djangosession"
)

// NoEffectiveUser is the [Reason] of a request whose login is good and for which [Options].EffectiveUser returned nobody.
const NoEffectiveUser Reason = "no_effective_user"

// An EffectiveUser returns the user that a request has in place of the one who is logged in, as a middleware does that sets
// request.user. It gets the request as it came to [Auth.Middleware], the session, and the user who is logged in, nil if
// nobody is. It may return that user, another one that [Users] has just returned, active or not, or nil for nobody. A user
// without a Backend gets that of the login. It may change the session, and end the login
// with [Auth.LogoutSession]. An error makes [UserFrom] fail. It is called once for each request that asks for the user,
// and again after a changed password; after a login or logout [UserFrom] gives the user of that, as in Django. It cannot ask
// [UserFrom] itself.
type EffectiveUser func(r *http.Request, s *djangosession.Session, user *User) (*User, error)

// RealUserFrom returns who is logged in, nil if nobody is, whatever [Options].EffectiveUser makes of it. Without that option it
// is [UserFrom]. Logins, logouts, changed passwords and the checks of sessions are about this user. The error is that of
// [UserFrom].
func RealUserFrom(ctx context.Context) (*User, error) {
	v, err := requestStateOf(ctx)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	_, err = v.effectiveState(ctx)
	if err != nil {
		return nil, err
	}
	return v.found.User, nil
}

// effectiveState returns who the request's user is. v.mu is held.
func (v *requestState) effectiveState(ctx context.Context) (State, error) {
	login, err := v.login(ctx)
	if err != nil || v.auth.options.EffectiveUser == nil {
		return login, err
	}
	if v.resolved {
		return v.effective, nil
	}
	ctx = context.WithValue(ctx, requestStateKey{}, busy{})
	s, err := djangosession.FromContext(ctx)
	if err != nil {
		return State{}, err
	}
	user, err := v.auth.options.EffectiveUser(v.request.WithContext(ctx), s, login.User)
	if err != nil {
		return State{}, fmt.Errorf("auth: find the effective user: %w", err)
	}
	if login.User != nil && !s.Contains(SessionKey) { // the hook has ended the login
		if user == login.User {
			user = nil
		}
		login = State{Reason: NotLoggedIn}
		v.found = login
	}
	switch {
	case user == nil && login.User == nil:
		v.effective = login
	case user == nil:
		v.effective = State{Reason: NoEffectiveUser}
	case user != login.User:
		backend := user.Backend
		if backend == "" && login.User != nil {
			backend = login.User.Backend
		}
		v.effective = State{User: v.auth.adopt(user, backend)}
	default:
		v.effective = login
	}
	v.resolved = true
	return v.effective, nil
}
