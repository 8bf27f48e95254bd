package views_test

import (
	"context"
	"fmt"
	"html/template"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/auth/views"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// The login page of a site.
func Example() {
	settings := djangosession.NewSettings("the site's SECRET_KEY") // in a service: djangobridge.Open
	settings.AllowedHosts = []string{"example.com"}
	site, err := djangobridge.New(settings, djangobridge.Options{
		Users: memory.NewUsers(), OpenEngine: func(s djangosession.Settings) (djangosession.Engine, error) { return memory.New(s) },
	})
	if err != nil {
		log.Fatal(err)
	}

	pages := template.Must(template.New(views.LoginTemplate).Parse(
		`{{range .Page.Problems}}{{.Text}} {{end}}<form method="post">{{.CSRF}}` +
			`<input name="username" value="{{.Page.Username}}"><input name="password" type="password">` +
			`<input name="next" type="hidden" value="{{.Page.Next}}"></form>`))
	login, err := site.Views(views.Options{
		Render: func(w http.ResponseWriter, r *http.Request, page views.Page) {
			field, err := csrf.TemplateField(r.Context())
			if err != nil {
				http.Error(w, "try again", http.StatusInternalServerError)
				return
			}
			_ = pages.ExecuteTemplate(w, page.Template, map[string]any{"Page": page, "CSRF": field}) // the client may be gone
		},
		ValidatePassword: func(_ context.Context, password string, _ *auth.User) []views.Problem {
			if len(password) < 12 {
				return []views.Problem{{Code: "password_too_short", Text: "Use at least 12 characters."}}
			}
			return nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/accounts/login/", login.Login)
	mux.HandleFunc("/accounts/logout/", login.Logout)
	mux.HandleFunc("/accounts/password_change/", login.PasswordChange)
	handler := site.Middleware(mux) // for http.ListenAndServe

	const secret = "abcdefghijklmnopqrstuvwxyzABCDEF"
	form := url.Values{"username": {"<anne>"}, "csrfmiddlewaretoken": {secret}}
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "http://example.com/accounts/login/", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Cookie", "csrftoken="+secret)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header().Get("Cache-Control"))
	before, _, _ := strings.Cut(w.Body.String(), "<form")
	fmt.Println(before)
	// Output:
	// 200 max-age=0, no-cache, no-store, must-revalidate, private
	// Enter a value here.
}
