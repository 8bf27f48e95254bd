package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/httpmw"
	"github.com/djangobridge/djangobridge/internal/waitlock"
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
// EffectiveUser, or the end of ctx. After an error nothing is known about the login. The
// next call tries again, but an error of the engine remains for the whole request, unless
// it came from the end of ctx.
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
	found, err := v.lookup(ctx)
	return found.effective, err
}

// requestState is the state of a request in the middleware. It is also the request's
// context, which saves an allocation.
type requestState struct {
	context.Context //nolint:containedctx // it extends this one
	auth            *Auth
	request         *http.Request // as the middleware received it

	asking waitlock.Mutex // held during lookups and changes, so that all callers get the same user
	mu     sync.Mutex     // guards known; never held while waiting
	known  logins
}

// logins holds the user by the session, and the one by [Options].EffectiveUser. A zero
// State is not known.
type logins struct{ login, effective State }

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

// changeSession runs an operation on any session. If it is that of a request that passed
// through this Auth, [UserFrom] then returns its new user; see change.
func (a *Auth) changeSession(
	ctx context.Context, s *djangosession.Session, settled bool, do func(ctx context.Context, before State) (State, error),
) error {
	v, err := a.requestState(ctx)
	if err == nil && isRequests(ctx, s) {
		return v.change(ctx, settled, func(ctx context.Context, _ *djangosession.Session, before State) (State, error) {
			return do(ctx, before)
		})
	}
	_, err = do(ctx, State{})
	return err
}

// isRequests reports whether s is the session of the request, which it does not load.
func isRequests(ctx context.Context, s *djangosession.Session) bool {
	if shared := httpmw.From(ctx); shared == nil || !shared.Loaded() {
		return false
	}
	own, err := djangosession.FromContext(ctx)
	return err == nil && own == s
}

// busy replaces the requestState in the context of calls that run while it is locked: to
// loggers, hooks and Users. If one of them asks for the user, as a log handler may do for
// each line, it gets an error instead of a deadlock.
type busy struct{}

var errBusy = errors.New("auth: the user of this request is still being determined: do not ask for it in loggers, hooks or Users")

// found returns what is known.
func (v *requestState) found() logins {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.known
}

// keep sets what is known.
func (v *requestState) keep(known logins) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.known = known
}

// lock waits until no other goroutine determines or changes the user, and returns the
// session and a context for calls that run while v.asking is held. The session comes
// first: a hook of the goroutine that loads or stores it may ask for the user, and must
// not wait for a caller that waits for the session.
func (v *requestState) lock(ctx context.Context) (context.Context, *djangosession.Session, error) {
	s, err := djangosession.FromContext(ctx)
	if err != nil {
		return nil, nil, err
	}
	if !v.asking.Lock(ctx.Done()) {
		return nil, nil, fmt.Errorf("auth: wait until the user is determined: %w", ctx.Err())
	}
	return context.WithValue(ctx, requestStateKey{}, busy{}), s, nil
}

// lookup returns the users of the request, and determines them if they are not known.
func (v *requestState) lookup(ctx context.Context) (logins, error) {
	if found := v.found(); found.effective != (State{}) {
		return found, nil
	}
	ctx, s, err := v.lock(ctx)
	if err != nil {
		return logins{}, err
	}
	defer v.asking.Unlock()
	found := v.found() // another caller may have determined them
	if found.login == (State{}) {
		if found.login, err = v.auth.State(ctx, s); err != nil {
			return logins{}, err
		}
		v.keep(found)
	}
	if found.effective == (State{}) {
		if found, err = v.findEffective(ctx, s, found.login); err != nil {
			return logins{}, err
		}
		v.keep(found)
	}
	return found, nil
}

// change runs an operation on the session that may change who is logged in. If it
// succeeds, or ends the login, the new state is kept. With settled, the new state is also
// the effective one, as after Django's login and logout.
func (v *requestState) change(
	ctx context.Context, settled bool, do func(ctx context.Context, s *djangosession.Session, before State) (State, error),
) error {
	ctx, s, err := v.lock(ctx)
	if err != nil {
		return err
	}
	defer v.asking.Unlock()
	after, err := do(ctx, s, v.found().login)
	if err != nil && after.User != nil {
		after = State{} // the next lookup decides
	}
	now := logins{login: after}
	if settled || v.auth.options.EffectiveUser == nil {
		now.effective = after
	}
	v.keep(now)
	return err
}
