package views

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/auth/tokens"
)

const (
	tokenSessionKey = "_password_reset_token" // INTERNAL_RESET_SESSION_TOKEN
	setPassword     = "set-password"          // reset_url_token
)

// PasswordResetConfirm is the page of a reset link. It moves the token into the session
// and redirects to an address without it, so that the token does not leak in a Referer.
// There it asks for a new password in the fields "new_password1" and "new_password2".
// The path needs the values "uidb64" and "token"; for a router without them, call
// [http.Request.SetPathValue]. Matches PasswordResetConfirmView and SetPasswordForm.
func (v *Views) PasswordResetConfirm(w http.ResponseWriter, r *http.Request) {
	if !v.checked(w, r) {
		return
	}
	v.neverCache(w)
	token := r.PathValue("token")
	user, err := v.userOfLink(r.Context(), r.PathValue("uidb64"))
	valid := false
	if err == nil && user != nil {
		valid, err = v.checkToken(r.Context(), user, token)
	}
	switch {
	case err != nil:
		v.fail(w, r, err)
	case !valid:
		v.render(w, r, Page{Template: PasswordResetConfirmTemplate})
	case token != setPassword:
		redirect(w, strings.ReplaceAll(ownPath(r), token, setPassword))
	default:
		v.resetPassword(w, r, user)
	}
}

// userOfLink returns the user that a link names, or nil.
func (v *Views) userOfLink(ctx context.Context, uid string) (*auth.User, error) {
	id, ok := tokens.DecodeUID(uid)
	if !ok {
		return nil, nil //nolint:nilnil // no user
	}
	user, err := v.site.Users.Get(ctx, id)
	if errors.Is(err, auth.ErrNoUser) || errors.Is(err, auth.ErrBadID) {
		return nil, nil //nolint:nilnil // no user
	}
	return user, err
}

// checkToken reports whether the token of a link is valid, and stores it in the
// session. At the address without it, the token is in the session.
func (v *Views) checkToken(ctx context.Context, user *auth.User, token string) (bool, error) {
	session, err := djangosession.FromContext(ctx)
	if err != nil {
		return false, err
	}
	if token == setPassword {
		stored, _ := session.Get(tokenSessionKey)
		token, _ = stored.(string)
		return v.site.Tokens.Check(user, token), nil
	}
	if !v.site.Tokens.Check(user, token) {
		return false, nil
	}
	if session.ReadOnly() {
		return false, djangosession.ErrReadOnly
	}
	session.Set(tokenSessionKey, token)
	return true, nil
}

// resetPassword shows the form of a valid link, and processes it.
func (v *Views) resetPassword(w http.ResponseWriter, r *http.Request, user *auth.User) {
	page := Page{Template: PasswordResetConfirmTemplate, ValidLink: true, User: user}
	if !v.isForm(w, r, func() { v.render(w, r, page) }) {
		return
	}
	f := newForm(r)
	password, err := v.newPassword(r.Context(), f, user)
	if err == nil && len(f.problems) == 0 {
		err = v.finishReset(r.Context(), user, password)
		if errors.Is(err, auth.ErrPasswordTooLong) {
			f.add(problem("new_password2", "max_length"))
			err = nil
		}
	}
	switch {
	case err == nil && len(f.problems) > 0:
		page.Problems = f.problems
		v.render(w, r, page)
	case errors.Is(err, auth.ErrPasswordChanged): // which has made the token invalid
		v.render(w, r, Page{Template: PasswordResetConfirmTemplate})
	case err != nil:
		v.fail(w, r, err)
	default:
		v.succeed(w, r, PasswordResetConfirmTemplate, user, v.options.PasswordResetCompleteURL)
	}
}

// finishReset stores the new password and forgets the token.
func (v *Views) finishReset(ctx context.Context, user *auth.User, password string) error {
	session, err := djangosession.FromContext(ctx)
	if err != nil {
		return err
	}
	if err := v.site.Login.SetPassword(ctx, user, password); err != nil {
		return err
	}
	session.PopDefault(tokenSessionKey, nil)
	if v.options.PostResetLogin {
		return v.site.Login.LoginBackend(ctx, user, v.options.PostResetLoginBackend)
	}
	return nil
}
