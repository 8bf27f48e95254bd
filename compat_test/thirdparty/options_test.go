package thirdparty

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// userSessions are the options for django-user-sessions.
func userSessions(o *tables.Options) {
	o.AcceptEngine = "user_sessions.backends.db"
	o.Table = "user_sessions_session"
	o.ExtraColumns = []tables.Column{
		{Name: "user_id", Value: tables.LoggedInUserID},
		{Name: "user_agent", Value: tables.UserAgent(200)},
		{Name: "ip", Value: tables.RemoteAddr},
		{Name: "last_activity", Value: tables.Now},
	}
}

// qsessions are the options for django-qsessions with its engine db.
func qsessions(o *tables.Options) {
	o.AcceptEngine = "qsessions.backends.db"
	o.ExtraColumns = []tables.Column{
		{Name: "user_id", Value: tables.LoggedInUserID},
		{Name: "user_agent", Value: tables.UserAgent(300)},
		{Name: "ip", Value: tables.RemoteAddr},
		{Name: "created_at", Value: tables.Now, CreateOnly: true},
		{Name: "updated_at", Value: tables.Now},
	}
	o.Prepare = func(ctx context.Context, d *py.Dict) error {
		agent, err := tables.UserAgent(300)(ctx, d)
		if err != nil {
			return err
		}
		ip, err := tables.RemoteAddr(ctx, d)
		if err != nil {
			return err
		}
		d.Set("_qsessions_user_agent", agent)
		d.Set("_qsessions_ip", ip)
		return nil
	}
}

// qsessionsCached are the options for django-qsessions with its engine cached_db.
func qsessionsCached(o *tables.Options) {
	qsessions(o)
	o.AcceptEngine = "qsessions.backends.cached_db"
}

// social are the options for social-auth-app-django: its backends, of which none checks
// passwords.
func social(o *auth.Options, _ *tables.Users) {
	o.IgnoredBackends = []string{"social_core.backends.username.UsernameAuth"}
}

// impersonate are the options for django-impersonate with its default settings.
func impersonate(o *auth.Options, users *tables.Users) {
	o.KnownMiddleware = []string{"impersonate.middleware.ImpersonateMiddleware"}
	o.EffectiveUser = func(r *http.Request, s *djangosession.Session, user *auth.User) (*auth.User, error) {
		id, found := s.Get("_impersonate")
		mayImpersonate := user != nil && (user.IsStaff || user.IsSuperuser)        // REQUIRE_SUPERUSER is False
		if !found || !mayImpersonate || strings.HasPrefix(r.URL.Path, "/admin/") { // URI_EXCLUSIONS
			return user, nil
		}
		other, err := users.Get(r.Context(), fmt.Sprint(id))
		if errors.Is(err, auth.ErrNoUser) || errors.Is(err, auth.ErrBadID) {
			return user, nil
		}
		if err != nil {
			return nil, err
		}
		if other.IsSuperuser { // ALLOW_SUPERUSER is False
			return user, nil
		}
		return other, nil
	}
}
