package views

import (
	"context"
	"errors"
	"net/http"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// errNoValidation is returned by the pages that set passwords.
var errNoValidation = errors.New("views: Options.ValidatePassword is nil: set it to a function that checks new passwords " +
	"as AUTH_PASSWORD_VALIDATORS of the site does")

// PasswordChange lets a logged-in user change the password. It redirects others to
// LOGIN_URL. The fields are "old_password", "new_password1" and "new_password2". The
// user's other sessions end. Matches PasswordChangeView and PasswordChangeForm.
func (v *Views) PasswordChange(w http.ResponseWriter, r *http.Request) {
	if !v.checked(w, r) {
		return
	}
	user, err := auth.UserFrom(r.Context())
	switch {
	case err != nil:
		v.fail(w, r, err)
		return
	case user == nil:
		v.site.Login.RedirectToLogin(w, r)
		return
	}
	page := Page{Template: PasswordChangeTemplate, User: user}
	if !v.isForm(w, r, func() { v.render(w, r, page) }) {
		return
	}
	f := newForm(r)
	switch err := v.processChange(r.Context(), f, user); {
	case err != nil:
		v.fail(w, r, err)
	case len(f.problems) > 0:
		page.Problems = f.problems
		v.render(w, r, page)
	default:
		v.succeed(w, r, PasswordChangeTemplate, user, v.options.PasswordChangeDoneURL)
	}
}

// processChange changes the password as the form demands, unless the form has problems.
func (v *Views) processChange(ctx context.Context, f *form, user *auth.User) error {
	before := user.Password
	if err := v.checkOldPassword(ctx, f, user); err != nil {
		return err
	}
	password, err := v.newPassword(ctx, f, user)
	if err == nil && len(f.problems) == 0 {
		err = v.site.Login.ChangePassword(ctx, user, password)
		switch {
		case errors.Is(err, auth.ErrPasswordChanged): // by another request
			f.add(problem("old_password", "password_incorrect"))
			err = nil
		case errors.Is(err, auth.ErrPasswordTooLong):
			f.add(problem("new_password2", "max_length"))
			err = nil
		}
	}
	if (err != nil || len(f.problems) > 0) && user.Password != before { // it was encoded again
		err = errors.Join(err, v.keepLogin(ctx, user))
	}
	return err
}

// keepLogin keeps a user logged in whose password was stored, even if the response is an
// error, with which the session is not saved, or the client has disconnected.
func (v *Views) keepLogin(ctx context.Context, user *auth.User) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), djangosession.DefaultSaveTimeout)
	defer cancel()
	if err := v.site.Login.UpdateSessionAuthHash(ctx, user); err != nil {
		return err
	}
	session, err := djangosession.FromContext(ctx)
	if err != nil {
		return err
	}
	return session.Save(ctx)
}

// checkOldPassword checks the field with the current password.
func (v *Views) checkOldPassword(ctx context.Context, f *form, user *auth.User) error {
	old := f.password("old_password")
	if old == "" {
		return nil
	}
	ok, err := v.site.Login.CheckPassword(ctx, user, old)
	if errors.Is(err, auth.ErrUnknownHasher) { // package hashers logs that
		ok, err = false, nil
	}
	if err == nil && !ok {
		f.add(problem("old_password", "password_incorrect"))
	}
	return err
}

// newPassword returns the new password of a form. Matches SetPasswordForm.
func (v *Views) newPassword(ctx context.Context, f *form, user *auth.User) (string, error) {
	if v.options.ValidatePassword == nil {
		return "", errNoValidation
	}
	first, second := f.password("new_password1"), f.password("new_password2")
	switch {
	case second == "":
	case first != "" && first != second:
		f.add(problem("new_password2", "password_mismatch"))
	default:
		for _, p := range v.options.ValidatePassword(ctx, second, user) {
			p.Field = "new_password2"
			f.add(p)
		}
	}
	return first, nil
}
