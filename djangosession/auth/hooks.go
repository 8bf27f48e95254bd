package auth

import (
	"context"
	"errors"

	"github.com/djangobridge/djangobridge/djangosession"
)

// observeLogin calls OnLogin.
func (a *Auth) observeLogin(ctx context.Context, user *User) {
	if a.options.OnLogin != nil {
		a.options.OnLogin(ctx, user)
	}
}

// observeLogout calls OnLogout with the user that find returns.
func (a *Auth) observeLogout(ctx context.Context, find func(ctx context.Context) (State, error)) {
	if a.options.OnLogout == nil {
		return
	}
	state, err := find(ctx)
	if err != nil { // the logout takes place nevertheless
		state = State{}
	}
	a.options.OnLogout(ctx, state.User)
}

// observeFailure calls OnLoginFailed if Authenticate refused a name and a password.
func (a *Auth) observeFailure(ctx context.Context, username string, err error) {
	refused := errors.Is(err, ErrBadCredentials) || errors.Is(err, ErrUnknownHasher)
	if refused && a.options.OnLoginFailed != nil {
		a.options.OnLoginFailed(ctx, username, err)
	}
}

// outlasting returns a context that ends DefaultSaveTimeout from now, whether ctx ends
// earlier or later.
func outlasting(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), djangosession.DefaultSaveTimeout)
}
