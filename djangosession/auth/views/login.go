package views

import (
	"errors"
	"net/http"

	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/internal/pyurl"
)

// errLoop is returned if a login page redirects to itself.
var errLoop = errors.New("views: the login page would redirect a logged-in user to itself: " +
	"set LOGIN_REDIRECT_URL to another page, or unset Options.RedirectAuthenticatedUser")

// Login shows the login form and logs users in. The fields are "username", "password" and
// "next". Matches LoginView and AuthenticationForm.
func (v *Views) Login(w http.ResponseWriter, r *http.Request) {
	if !v.checked(w, r) {
		return
	}
	v.neverCache(w)
	target := v.site.Login.Next(r, "")
	if v.options.RedirectAuthenticatedUser {
		user, err := auth.UserFrom(r.Context())
		switch to := v.afterLogin(target); {
		case err != nil:
			v.fail(w, r, err)
			return
		case user != nil && to == pyurl.Path(r):
			v.fail(w, r, errLoop)
			return
		case user != nil:
			redirect(w, to)
			return
		}
	}
	page := Page{Template: LoginTemplate, Next: target}
	if !v.isForm(w, r, func() { v.render(w, r, page) }) {
		return
	}
	f := newForm(r)
	page.Username = f.raw("username")
	user, err := v.authenticate(r, f)
	if err == nil && user != nil {
		err = v.site.Login.Login(r.Context(), user)
	}
	switch {
	case err != nil:
		v.fail(w, r, err)
	case user != nil:
		v.succeed(w, r, LoginTemplate, user, v.afterLogin(target))
	default:
		page.Problems = f.problems
		v.render(w, r, page)
	}
}

// afterLogin returns where a login leads.
func (v *Views) afterLogin(next string) string {
	if next != "" {
		return next
	}
	return v.site.Settings.LoginRedirectURL
}

// authenticate returns the user that may log in with this form, or nil. Matches clean of
// AuthenticationForm.
func (v *Views) authenticate(r *http.Request, f *form) (*auth.User, error) {
	username, password := normalized(f.stripped("username")), f.password("password")
	if username == "" || password == "" {
		return nil, nil //nolint:nilnil // the form has the problem
	}
	user, err := v.site.Login.Authenticate(r.Context(), username, password)
	switch {
	case errors.Is(err, auth.ErrBadCredentials), errors.Is(err, auth.ErrUnknownHasher): // package hashers logs that
		f.add(problem("", "invalid_login"))
		return nil, nil //nolint:nilnil // as above
	case err != nil:
		return nil, err
	case !user.IsActive:
		f.add(problem("", "inactive"))
		return nil, nil //nolint:nilnil // as above
	}
	return user, nil
}
