package auth

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/httpmw"
)

// Middleware gives requests their user. [UserFrom] and the methods that log in and out
// need it. Put it inside the session middleware. A request whose user is not needed costs
// no query and does not touch the session, so its response does not vary on the cookie.
// Matches AuthenticationMiddleware.
func (a *Auth) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner := r.WithContext(&requestState{Context: r.Context(), auth: a, request: r}) //nolint:contextcheck // it is the request's
		defer httpmw.RemoveFiles(inner, r)
		next.ServeHTTP(w, inner)
	})
}

// UserFrom returns the logged-in user, or nil, like request.user in Django. With
// [Options].EffectiveUser it returns the user which that returns. The first call loads
// the session and the user; later calls in the same request return the same *User, in any
// goroutine. The error is [ErrNoMiddleware] or that of the engine, the users or
// EffectiveUser. After an error nothing is known about the login, and the next call tries
// again.
func UserFrom(ctx context.Context) (*User, error) {
	state, err := StateFrom(ctx)
	return state.User, err
}

// StateFrom is [UserFrom] with the reason why no user is logged in.
func StateFrom(ctx context.Context) (State, error) {
	v, err := requestStateOf(ctx)
	if err != nil {
		return State{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.effectiveState(ctx)
}

// requestState is the state of a request in the middleware. It is also the request's
// context, which saves an allocation.
type requestState struct {
	context.Context //nolint:containedctx // it extends this one
	auth            *Auth
	request         *http.Request // as the middleware received it

	mu        sync.Mutex // held during the lookup, so that all callers get the same user
	known     bool       // whether found is current
	found     State      // who is logged in
	resolved  bool       // whether effective is current
	effective State
}

// requestStateKey is the context key of the requestState.
type requestStateKey struct{}

// Value implements context.Context.
func (v *requestState) Value(key any) any {
	if _, ok := key.(requestStateKey); ok {
		return v
	}
	return v.Context.Value(key)
}

// requestStateOf returns the state of the request to which ctx belongs.
func requestStateOf(ctx context.Context) (*requestState, error) {
	switch v := ctx.Value(requestStateKey{}).(type) {
	case *requestState:
		return v, nil
	case busy:
		return nil, errBusy
	}
	return nil, ErrNoMiddleware
}

// requestState is requestStateOf for requests that passed through this Auth.
func (a *Auth) requestState(ctx context.Context) (*requestState, error) {
	v, err := requestStateOf(ctx)
	if err == nil && v.auth != a {
		return nil, ErrNoMiddleware
	}
	return v, err
}

// busy replaces the requestState in the context of calls that run while it is locked: to
// loggers, hooks and Users. If one of them asks for the user, as a log handler may do for
// each line, it gets an error instead of a deadlock.
type busy struct{}

var errBusy = errors.New("auth: the user of this request is still being determined: do not ask for it in loggers, hooks or Users")

// login returns the state by the session. v.mu is held.
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

// change runs an operation on the session that may change who is logged in. If it
// succeeds, or ends the login, the new state is kept. With settled, the new state is also
// the effective one, as after Django's login and logout.
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
	} else { // the next lookup decides
		v.found, v.known, v.effective, v.resolved = State{}, false, State{}, false
	}
	return err
}
