package views

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/auth/tokens"
)

// Errors of [Views.PasswordReset].
var (
	errNoMail   = errors.New("views: Options.SendMail or ResetURL is not set: both are needed to send reset links")
	errNoFinder = errors.New("views: users cannot be found by email: Site.Users has to implement EmailFinder")
)

// PasswordReset asks for an email address, in the field "email", and sends a link to each
// active user with this address and a usable password. The response is the same for an
// address without an account. Matches PasswordResetView and PasswordResetForm.
func (v *Views) PasswordReset(w http.ResponseWriter, r *http.Request) {
	if !v.checked(w, r) {
		return
	}
	page := Page{Template: PasswordResetTemplate}
	if !v.isForm(w, r, func() { v.render(w, r, page) }) {
		return
	}
	f := newForm(r)
	page.Email = f.raw("email")
	address := f.email("email", &v.rules)
	if len(f.problems) > 0 {
		page.Problems = f.problems
		v.render(w, r, page)
		return
	}
	if err := v.sendLinks(r.Context(), address); err != nil {
		v.fail(w, r, err)
		return
	}
	v.succeed(w, r, PasswordResetTemplate, nil, v.options.PasswordResetDoneURL)
}

// sendLinks sends reset links to the users with an address. It logs failures to send.
func (v *Views) sendLinks(ctx context.Context, address string) error {
	finder, ok := v.site.Users.(EmailFinder)
	switch {
	case !ok:
		return errNoFinder
	case v.options.SendMail == nil || v.options.ResetURL == "":
		return errNoMail
	}
	// An error must not depend on whether there is a user.
	if _, err := v.site.Tokens.Make(&auth.User{}); err != nil {
		return err
	}
	users, err := finder.UsersByEmail(ctx, address)
	if err != nil {
		return err
	}
	for _, user := range users {
		if !user.IsActive || !user.HasUsablePassword() || !sameAddress(address, user.Email) {
			continue
		}
		token, err := v.site.Tokens.Make(user)
		if err != nil {
			return err
		}
		uid := tokens.EncodeUID(user.ID)
		err = v.options.SendMail(ctx, ResetMail{
			User: user, To: user.Email, UID: uid, Token: token,
			Link: strings.NewReplacer(uidPlaceholder, uid, tokenPlaceholder, token).Replace(v.options.ResetURL),
		})
		if err != nil {
			v.options.Logger.LogAttrs(ctx, slog.LevelError, "reset link not sent",
				slog.String("error", err.Error()))
		}
	}
	return nil
}
