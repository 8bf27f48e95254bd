package auth

import (
	"context"
	"log/slog"
	"net/http"
)

// LoginRequired lets requests through to next that somebody is logged in for, and sends others to LOGIN_URL. It goes inside
// [Auth.Middleware], as all of these. Matches login_required.
func (a *Auth) LoginRequired(next http.Handler) http.Handler {
	return a.Require(isLoggedIn, http.HandlerFunc(a.RedirectToLogin), next)
}

// LoginRequiredAPI is [Auth.LoginRequired] for programs, which gives others status 401.
func (a *Auth) LoginRequiredAPI(next http.Handler) http.Handler {
	return a.Require(isLoggedIn, http.HandlerFunc(refuse), next)
}

// PermissionRequired lets requests through whose user has each of these permissions, and sends others to LOGIN_URL, also
// people who are logged in. With none named it lets everybody through, as Django's does. Matches permission_required.
func (a *Auth) PermissionRequired(next http.Handler, permissions ...string) http.Handler {
	return a.Require(holdsAll(permissions), http.HandlerFunc(a.RedirectToLogin), next)
}

// PermissionRequiredAPI is [Auth.PermissionRequired] that gives others status 403, and 401 if nobody is logged in. Django's
// permission_required with raise_exception gives 403 in both cases.
func (a *Auth) PermissionRequiredAPI(next http.Handler, permissions ...string) http.Handler {
	return a.Require(holdsAll(permissions), http.HandlerFunc(refuse), next)
}

// StaffRequired lets requests through whose user is active and staff, and sends others to [Options].AdminLoginURL. Matches
// staff_member_required.
func (a *Auth) StaffRequired(next http.Handler) http.Handler {
	toAdmin := func(w http.ResponseWriter, r *http.Request) { a.redirect(w, r, a.admin) }
	return a.Require(func(_ context.Context, u *User) (bool, error) {
		return u != nil && u.IsActive && u.IsStaff, nil
	}, http.HandlerFunc(toAdmin), next)
}

// Require lets requests through to next whose user, nil for nobody, passes test, and others to otherwise. If the user cannot
// be found out, [Options].ErrorHandler answers. Matches user_passes_test.
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
	a.logger.LogAttrs(r.Context(), slog.LevelError, "user not found out", slog.String("error", err.Error()))
	http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
}

// refuse answers a program: 401 for nobody, 403 for somebody who may not.
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
