package sitetest_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/auth/views"
	"github.com/djangobridge/djangobridge/sitetest"
)

// TestPasswordsCanBeReset follows the link in a mail.
func TestPasswordsCanBeReset(t *testing.T) {
	t.Parallel()
	site := sitetest.New(t, sitetest.Options{})
	site.AddUser(t, sitetest.User{Username: "ada", Email: "ada@example.com", Password: "tea"})
	site.AddUser(t, sitetest.User{Username: "bob", Email: "bob@example.com", Password: "tea"})
	var mails []views.ResetMail
	pages, err := site.Views(views.Options{
		Render:           func(http.ResponseWriter, *http.Request, views.Page) {},
		ValidatePassword: func(context.Context, string, *auth.User) []views.Problem { return nil },
		SendMail:         func(_ context.Context, m views.ResetMail) error { mails = append(mails, m); return nil },
		ResetURL:         "https://example.com/reset/{uidb64}/{token}/",
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/forgotten/", pages.PasswordReset)
	mux.HandleFunc("/reset/{uidb64}/{token}/{$}", pages.PasswordResetConfirm)
	browser := site.Client(t, site.Middleware(mux))
	browser.Post("/forgotten/", url.Values{"email": {"Ada@Example.com"}}).WantRedirect("/accounts/password_reset/done/")
	if len(mails) != 1 || mails[0].To != "ada@example.com" {
		t.Fatalf("mails %+v", mails)
	}
	browser.Get("/reset/" + mails[0].UID + "/" + mails[0].Token + "/").WantStatus(http.StatusFound)
	browser.Post("/reset/"+mails[0].UID+"/set-password/", url.Values{"new_password1": {"milk"}, "new_password2": {"milk"}}).
		WantRedirect("/accounts/reset/done/")
	if _, err := site.Login.Authenticate(t.Context(), "ada", "milk"); err != nil {
		t.Error(err)
	}
}
