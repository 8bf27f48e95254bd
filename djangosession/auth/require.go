package auth

import (
	"context"
	"log/slog"
	"net/http"
)

// LoginRequired passes requests with a logged-in user to next and redirects others to
// LOGIN_URL. Like all guards here, it must be inside [Auth.Middleware]. Matches
// login_required.
func (a *Auth) LoginRequired(next http.Handler) http.Handler {
	return a.Require(isLoggedIn, http.HandlerFunc(a.RedirectToLogin), next)
}

// LoginRequiredAPI is [Auth.LoginRequired] for APIs. It responds with status 401 instead
// of redirecting.
func (a *Auth) LoginRequiredAPI(next http.Handler) http.Handler {
	return a.Require(isLoggedIn, http.HandlerFunc(refuse), next)
}

// PermissionRequired passes requests to next if the user has all of the permissions. It
// redirects all others to LOGIN_URL, including logged-in users. Without permissions it
// passes every request, as Django does. Matches permission_required.
func (a *Auth) PermissionRequired(next http.Handler, permissions ...string) http.Handler {
	return a.Require(holdsAll(permissions), http.HandlerFunc(a.RedirectToLogin), next)
}

// PermissionRequiredAPI is [Auth.PermissionRequired] for APIs. It responds with status
// 403, or 401 if no user is logged in. Django's permission_required with raise_exception
// responds with 403 in both cases.
func (a *Auth) PermissionRequiredAPI(next http.Handler, permissions ...string) http.Handler {
	return a.Require(holdsAll(permissions), http.HandlerFunc(refuse), next)
}

// StaffRequired passes requests of active staff users to next and redirects others to
// [Options].AdminLoginURL. Matches staff_member_required.
func (a *Auth) StaffRequired(next http.Handler) http.Handler {
	toAdmin := func(w http.ResponseWriter, r *http.Request) { a.redirect(w, r, a.admin) }
	return a.Require(func(_ context.Context, u *User) (bool, error) {
		return u != nil && u.IsActive && u.IsStaff, nil
	}, http.HandlerFunc(toAdmin), next)
}

// Require passes requests to next if test returns true for their user, and to otherwise
// if not. The user is nil if no user is logged in. If the user cannot be determined, or
// test fails, [Options].ErrorHandler answers. Matches user_passes_test.
func (a *Auth) Require(
	test func(ctx context.Context, user *User) (bool, error), otherwise, next http.Handler,
) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		passes := false
		user, err := UserFrom(r.Context())
		if err == nil {
			passes, err = test(r.Context(), user)
		}
		switch {
		case err != nil:
			a.fail(w, r, err)
		case passes:
			next.ServeHTTP(w, r)
		default:
			otherwise.ServeHTTP(w, r)
		}
	})
}

func (a *Auth) fail(w http.ResponseWriter, r *http.Request, err error) {
	if a.options.ErrorHandler != nil {
		a.options.ErrorHandler(w, r, err)
		return
	}
	a.logger.LogAttrs(r.Context(), slog.LevelError, "user not determined", slog.String("error", err.Error()))
	http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
}

// refuse responds to an API client: 401 without a user, 403 for a user who lacks
// permission.
func refuse(w http.ResponseWriter, r *http.Request) {
	status := http.StatusForbidden
	if user, _ := UserFrom(r.Context()); user == nil {
		status = http.StatusUnauthorized
	}
	http.Error(w, http.StatusText(status), status)
}

func isLoggedIn(_ context.Context, u *User) (bool, error) { return u != nil, nil }

func holdsAll(permissions []string) func(context.Context, *User) (bool, error) {
	return func(ctx context.Context, u *User) (bool, error) { return u.HasPerms(ctx, permissions...) }
}
