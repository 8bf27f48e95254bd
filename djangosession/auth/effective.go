package auth

import (
	"context"
	"fmt"
	"net/http"

	"github.com/djangobridge/djangobridge/djangosession"
)

// NoEffectiveUser is the [Reason] of a request with a valid login for which
// [Options].EffectiveUser returned nil.
const NoEffectiveUser Reason = "no_effective_user"

// An EffectiveUser returns the user of a request, in place of the logged-in user, as a
// Django middleware does by setting request.user.
//
// It receives the request as [Auth.Middleware] received it, the session, and the
// logged-in user or nil. It may return that user, another one that [Users] has just
// returned (active or not), or nil for no user. A user without a Backend gets that of the
// login. It may change the session, and end the login with [Auth.LogoutSession]. If it
// returns an error, so does [UserFrom].
//
// It is called once per request that needs the user, and again after a password change.
// After a login or logout, [UserFrom] returns the new user without calling it, as in
// Django. It cannot call [UserFrom] itself.
type EffectiveUser func(r *http.Request, s *djangosession.Session, user *User) (*User, error)

// RealUserFrom returns the logged-in user, or nil, regardless of [Options].EffectiveUser.
// Without that option it is [UserFrom]. Logins, logouts, password changes and session
// checks apply to this user. The error is that of [UserFrom].
func RealUserFrom(ctx context.Context) (*User, error) {
	v, err := requestStateOf(ctx)
	if err != nil {
		return nil, err
	}
	found, err := v.lookup(ctx)
	return found.login.User, err
}

// findEffective returns the users of a request with this login. v.asking is held.
func (v *requestState) findEffective(ctx context.Context, s *djangosession.Session, login State) (logins, error) {
	if v.auth.options.EffectiveUser == nil {
		return logins{login: login, effective: login}, nil
	}
	user, err := v.auth.options.EffectiveUser(v.request.WithContext(ctx), s, login.User)
	if err != nil {
		return logins{}, fmt.Errorf("auth: find the effective user: %w", err)
	}
	if login.User != nil && !s.Contains(SessionKey) { // the hook has ended the login
		if user == login.User {
			user = nil
		}
		login = State{Reason: NotLoggedIn}
	}
	found := logins{login: login, effective: login}
	switch {
	case user == nil && login.User != nil:
		found.effective = State{Reason: NoEffectiveUser}
	case user != login.User:
		backend := user.Backend
		if backend == "" && login.User != nil {
			backend = login.User.Backend
		}
		found.effective = State{User: v.auth.adopt(user, backend)}
	}
	return found, nil
}
