package auth

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/httpmw"
)

// Middleware gives requests their user: [UserFrom] and the methods that log in and out work inside it. It goes inside the
// session middleware. A request that does not ask who is logged in costs no query and does not touch the session, so that
// its response does not vary on the cookie. Matches AuthenticationMiddleware.
func (a *Auth) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner := r.WithContext(&requestState{Context: r.Context(), auth: a, request: r}) //nolint:contextcheck // it is the request's
		defer httpmw.RemoveFiles(inner, r)
		next.ServeHTTP(w, inner)
	})
}

// UserFrom returns who is logged in, nil if nobody is: what request.user is in Django. With [Options].EffectiveUser it is the
// user whom that returns. The first call loads the session and the user, later ones in the same request return the same
// *User, from any goroutine. The error is [ErrNoMiddleware] or that of the engine, the users or EffectiveUser; then nothing is
// known about the login, and the next call tries again.
func UserFrom(ctx context.Context) (*User, error) {
	state, err := StateFrom(ctx)
	return state.User, err
}

// StateFrom is [UserFrom] with the reason why nobody is logged in.
func StateFrom(ctx context.Context) (State, error) {
	v, err := requestStateOf(ctx)
	if err != nil {
		return State{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.effectiveState(ctx)
}

// requestState is what the middleware knows of a request. It is the request's context, to
// save an allocation.
type requestState struct {
	context.Context //nolint:containedctx // what it adds to
	auth            *Auth
	request         *http.Request // as it came to the middleware

	mu        sync.Mutex // held while the user is looked for, so that all get the same one
	known     bool       // found is what the session says
	found     State      // the login
	resolved  bool       // effective is what Options.EffectiveUser says
	effective State
}

// requestStateKey is the key under which a context has its state.
type requestStateKey struct{}

// Value implements context.Context.
func (v *requestState) Value(key any) any {
	if _, ok := key.(requestStateKey); ok {
		return v
	}
	return v.Context.Value(key)
}

// requestStateOf returns the request that ctx is of.
func requestStateOf(ctx context.Context) (*requestState, error) {
	switch v := ctx.Value(requestStateKey{}).(type) {
	case *requestState:
		return v, nil
	case busy:
		return nil, errBusy
	}
	return nil, ErrNoMiddleware
}

// requestState is requestStateOf for requests that came through this Auth.
func (a *Auth) requestState(ctx context.Context) (*requestState, error) {
	v, err := requestStateOf(ctx)
	if err == nil && v.auth != a {
		return nil, ErrNoMiddleware
	}
	return v, err
}

// busy takes the place of the requestState in the context with which it calls others while it
// is locked: loggers, hooks and Users. One that asks for the user in turn, as a log handler may
// for each line, gets an error and does not wait for itself.
type busy struct{}

var errBusy = errors.New("auth: who is logged in is being found out, and cannot be asked for meanwhile")

// login returns who is logged in. v.mu is held.
func (v *requestState) login(ctx context.Context) (State, error) {
	if v.known {
		return v.found, nil
	}
	ctx = context.WithValue(ctx, requestStateKey{}, busy{})
	s, err := djangosession.FromContext(ctx)
	if err != nil {
		return State{}, err
	}
	found, err := v.auth.State(ctx, s)
	if err != nil {
		return State{}, err
	}
	v.found, v.known = found, true
	return found, nil
}

// change does something to the session that may change who is logged in. If it succeeds, or ends the login, the new state is
// known from then on, and settled if that is also the effective one, as after Django's login and logout.
func (v *requestState) change(
	ctx context.Context, settled bool, do func(ctx context.Context, s *djangosession.Session, before State) (State, error),
) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	ctx = context.WithValue(ctx, requestStateKey{}, busy{})
	s, err := djangosession.FromContext(ctx)
	if err != nil {
		return err
	}
	after, err := do(ctx, s, v.found)
	if err == nil || after.User == nil && after.Reason != "" {
		v.found, v.known = after, true
		v.effective, v.resolved = after, settled
	} else { // another look at the session tells
		v.found, v.known, v.effective, v.resolved = State{}, false, State{}, false
	}
	return err
}
