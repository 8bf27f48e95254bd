package djangobridge

import (
	"context"
	"errors"
	"net/http"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/auth/tokens"
	"github.com/djangobridge/djangobridge/djangosession/auth/views"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/djangosession/hashers"
	"github.com/djangobridge/djangobridge/djangosession/messages"
	"github.com/djangobridge/djangobridge/forwardauth"
)

// A Site gives Go services access to a Django site. [Open] and [New] create it. It is
// safe for concurrent use. Its fields are for services that need more than its methods;
// do not replace them.
type Site struct {
	Settings djangosession.Settings
	Sessions *djangosession.Manager
	Login    *auth.Auth
	CSRF     *csrf.Protection
	Messages *messages.Messages
	Hashers  *hashers.Hashers
	Users    auth.Users        // [*tables.Users] by default
	Tokens   *tokens.Generator // of links that reset passwords

	engine *engine
	origin *origin // nil if the site was made by New
}

// Middleware gives requests their session, user, messages and CSRF protection, in the
// required order. Wrap the whole router in it. Middlewares that process responses
// (compression, recovery, logging) go outside it, but [http.TimeoutHandler] goes inside,
// because its response would lack the cookies. Requests with unsafe methods need a CSRF
// token, unless their handler is marked by [csrf.Exempt]. It panics if next is nil, as
// [http.Handle] does.
func (s *Site) Middleware(next http.Handler) http.Handler {
	// CSRF comes last, because it looks for exempt handlers in the router.
	return s.Sessions.Middleware(s.Login.Middleware(s.Messages.Middleware(s.CSRF.Middleware(next))))
}

// LoginRequired is [auth.Auth.LoginRequired], which redirects visitors without a login to
// LOGIN_URL.
func (s *Site) LoginRequired(next http.Handler) http.Handler { return s.Login.LoginRequired(next) }

// LoginRequiredAPI is [auth.Auth.LoginRequiredAPI], which responds with status 401
// instead.
func (s *Site) LoginRequiredAPI(next http.Handler) http.Handler {
	return s.Login.LoginRequiredAPI(next)
}

// StaffRequired is [auth.Auth.StaffRequired].
func (s *Site) StaffRequired(next http.Handler) http.Handler { return s.Login.StaffRequired(next) }

// PermissionRequired is [auth.Auth.PermissionRequired].
func (s *Site) PermissionRequired(next http.Handler, permissions ...string) http.Handler {
	return s.Login.PermissionRequired(next, permissions...)
}

// SessionAuthentication returns the handler of an API, with the rule of Django REST
// framework: requests without a logged-in user need no CSRF token, and a refused one
// receives JSON. See [csrf.SessionAuthentication].
func (s *Site) SessionAuthentication(next http.Handler) http.Handler {
	return csrf.SessionAuthentication(next, func(ctx context.Context) (bool, error) {
		user, err := auth.UserFrom(ctx)
		return user != nil, err
	})
}

// Views returns the login pages of the site, as HTTP handlers. Options.Render writes
// them.
func (s *Site) Views(o views.Options) (*views.Views, error) {
	return views.New(views.Site{Settings: s.Settings, Login: s.Login, Users: s.Users, Tokens: s.Tokens}, o)
}

// ForwardAuth returns a handler that answers reverse proxies whether a visitor is logged
// in. The site must be read-only.
func (s *Site) ForwardAuth(o forwardauth.Options) (*forwardauth.Handler, error) {
	return forwardauth.New(forwardauth.Site{Sessions: s.Sessions, Login: s.Login}, o)
}

// Check checks that the database has the tables and columns that the settings describe,
// and that the store of the sessions, such as a cache, can be reached. Call it when the
// service starts. The error wraps the [*tables.Error] of sessions, that of users, or
// both. Users that have no method Check are not checked.
func (s *Site) Check(ctx context.Context) error {
	var errs []error
	for _, check := range s.engine.checks {
		errs = append(errs, check(ctx))
	}
	if users, ok := s.Users.(checker); ok {
		errs = append(errs, users.Check(ctx))
	}
	return errors.Join(errs...)
}

// Close closes the connections to the cache, or to another store that [Open] has opened.
// It does not close Options.DB. Call it after the last request.
func (s *Site) Close() error { return s.engine.Close() }
