package main

import (
	"context"
	"database/sql"
	"html/template"
	"log"
	"net/http"

	_ "github.com/mattn/go-sqlite3"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/auth/views"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

func main() {
	db, err := sql.Open("sqlite3", "file:db.sqlite3?mode=rw&_busy_timeout=10&_synchronous=FULL")
	if err != nil {
		log.Fatal(err)
	}
	site, err := djangobridge.Open("site.json", djangobridge.Options{DB: db})
	if err != nil {
		log.Fatal(err)
	}
	if err := site.Check(context.Background()); err != nil {
		log.Fatal(err)
	}
	// The files define a template for each page, such as "registration/login.html".
	pages, err := template.ParseGlob("templates/*.html")
	if err != nil {
		log.Fatal(err)
	}
	mux, err := routes(site, pages)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(":8000", site.Middleware(mux)))
}

func routes(site *djangobridge.Site, pages *template.Template) (http.Handler, error) {
	login, err := site.Views(views.Options{
		Render:           renderer(pages),
		ValidatePassword: validate,
		SendMail:         queueMail,
		ResetURL:         "https://example.com/accounts/reset/{uidb64}/{token}/",
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/accounts/login/", login.Login)
	mux.HandleFunc("/accounts/logout/", login.Logout)
	mux.HandleFunc("/accounts/password_change/", login.PasswordChange)
	mux.HandleFunc("/accounts/password_reset/", login.PasswordReset)
	mux.HandleFunc("/accounts/reset/{uidb64}/{token}/{$}", login.PasswordResetConfirm)
	return mux, nil
}

func renderer(pages *template.Template) func(http.ResponseWriter, *http.Request, views.Page) {
	return func(w http.ResponseWriter, r *http.Request, page views.Page) {
		field, err := csrf.TemplateField(r.Context())
		if err != nil {
			http.Error(w, "try again", http.StatusInternalServerError)
			return
		}
		_ = pages.ExecuteTemplate(w, page.Template, map[string]any{"Page": page, "CSRF": field})
	}
}

func validate(_ context.Context, password string, user *auth.User) []views.Problem {
	if len(password) < 12 || password == user.Username {
		return []views.Problem{{Code: "password_too_short", Text: "Use at least 12 characters."}}
	}
	return nil
}

func queueMail(_ context.Context, m views.ResetMail) error {
	log.Print("a mail is queued") // put m.To and m.Link into your queue of mails
	return nil
}
