package djangobridge

import (
	"context"
	"errors"
	"net/http"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/tables"
)

// A Site is a Django site as a Go service sees it. Make one with [Open]. Several
// goroutines may use it. Its parts are for services that need more than its methods; do
// not replace them.
type Site struct {
	Settings djangosession.Settings
	Sessions *djangosession.Manager
	Login    *auth.Auth
	CSRF     *csrf.Protection
	Users    *tables.Users

	engine *tables.Engine
}

// Middleware gives requests their session, user and CSRF protection, in the order that
// these need. Put it around the whole router. Middlewares that look at responses
// (compression, recovery, logs) go around it. Requests with unsafe methods need a CSRF
// token, unless their handler is [csrf.Exempt]. It panics if next is nil, as [http.Handle]
// does.
func (s *Site) Middleware(next http.Handler) http.Handler {
	// CSRF comes last, because it looks for exempt handlers in the router.
	return s.Sessions.Middleware(s.Login.Middleware(s.CSRF.Middleware(next)))
}

// LoginRequired is [auth.Auth.LoginRequired]: visitors who are not logged in are sent to
// LOGIN_URL.
func (s *Site) LoginRequired(next http.Handler) http.Handler { return s.Login.LoginRequired(next) }

// LoginRequiredAPI is [auth.Auth.LoginRequiredAPI], which answers with a status instead.
func (s *Site) LoginRequiredAPI(next http.Handler) http.Handler {
	return s.Login.LoginRequiredAPI(next)
}

// StaffRequired is [auth.Auth.StaffRequired].
func (s *Site) StaffRequired(next http.Handler) http.Handler { return s.Login.StaffRequired(next) }

// PermissionRequired is [auth.Auth.PermissionRequired].
func (s *Site) PermissionRequired(next http.Handler, permissions ...string) http.Handler {
	return s.Login.PermissionRequired(next, permissions...)
}

// Check looks whether the database has the tables and columns that the settings describe.
// Call it when the service starts. The error is a [*tables.Error].
func (s *Site) Check(ctx context.Context) error {
	return errors.Join(s.engine.Check(ctx), s.Users.Check(ctx))
}
