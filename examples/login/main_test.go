package main

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/sitetest"
)

// TestVisitorLogsInAndChangesPassword follows a visitor through the pages.
func TestVisitorLogsInAndChangesPassword(t *testing.T) {
	t.Parallel()
	pages := template.New("")
	for _, name := range []string{"login.html", "password_change_form.html"} {
		const page = `<form method="post">{{.CSRF}}</form>{{range .Page.Problems}}{{.Text}}{{end}}`
		template.Must(pages.New("registration/" + name).Parse(page))
	}
	site := sitetest.New(t, sitetest.Options{})
	site.AddUser(t, sitetest.User{Username: "ada", Password: "biscuits"})
	routes, err := routes(site.Site, pages)
	if err != nil {
		t.Fatal(err)
	}
	browser := site.Client(t, site.Middleware(routes))
	login := url.Values{"username": {"ada"}, "password": {"biscuits"}}
	browser.Get("/accounts/login/").WantStatus(http.StatusOK).WantBody("csrfmiddlewaretoken")
	browser.Post("/accounts/login/", login).WantRedirect(site.Settings.LoginRedirectURL)
	change := url.Values{"old_password": {"biscuits"}, "new_password1": {"short"}, "new_password2": {"short"}}
	browser.Post("/accounts/password_change/", change).WantStatus(http.StatusOK).WantBody("Use at least 12 characters.")
	change["new_password1"] = []string{strings.Repeat("biscuits", 2)}
	change["new_password2"] = change["new_password1"]
	browser.Post("/accounts/password_change/", change).WantStatus(http.StatusFound)
	if user := browser.User(); user == nil || user.Username != "ada" {
		t.Errorf("after the change, the user is %v", user)
	}
	browser.Post("/accounts/logout/", nil).WantStatus(http.StatusOK)
}
