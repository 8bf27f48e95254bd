package auth_test

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/djangosession/hashers"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/tables"
)

// A login page in Go. Limit the rate of requests to it, as you would in Django.
func ExampleAuth_Login() {
	settings := djangosession.NewSettings("the site's SECRET_KEY") // in a service: ReadSettingsFile
	settings.LoginURL = "/login"
	settings.Hashers = exampleHashers() // in a service: those of the file
	users, err := tables.NewUsers(exampleDatabase(), settings, tables.UserOptions{Model: "auth.User", Dialect: tables.SQLite{}})
	if err != nil {
		log.Fatal(err)
	}
	engine, err := memory.New(settings) // in a service: tables.New
	if err != nil {
		log.Fatal(err)
	}
	sessions, err := djangosession.NewManager(engine, settings, djangosession.Options{})
	if err != nil {
		log.Fatal(err)
	}
	passwords, err := hashers.New(settings, hashers.Options{})
	if err != nil {
		log.Fatal(err)
	}
	login, err := auth.New(sessions, users, auth.Options{Hashers: passwords})
	if err != nil {
		log.Fatal(err)
	}
	protection, err := csrf.New(settings, csrf.Options{})
	if err != nil {
		log.Fatal(err)
	}

	// The form is sent to the address of the page, including its parameter next.
	page := template.Must(template.New("login").Parse(`<form method="post">{{.}}
		<input name="username"><input name="password" type="password"><button>Log in</button></form>`))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		field, err := csrf.TemplateField(r.Context())
		if err != nil {
			http.Error(w, "please try again later", http.StatusServiceUnavailable)
			return
		}
		_ = page.Execute(w, field)
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		user, err := login.Authenticate(r.Context(), r.PostFormValue("username"), r.PostFormValue("password"))
		if errors.Is(err, auth.ErrBadCredentials) || errors.Is(err, auth.ErrUnknownHasher) { // hashers logs the latter
			http.Error(w, "wrong user name or password", http.StatusForbidden)
			return
		}
		if err == nil {
			err = login.Login(r.Context(), user) // before the response is written
		}
		if err != nil {
			http.Error(w, "please try again later", http.StatusServiceUnavailable)
			return
		}
		http.Redirect(w, r, login.Next(r, "/"), http.StatusSeeOther)
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		if err := login.Logout(r.Context()); err != nil {
			http.Error(w, "please try again later", http.StatusServiceUnavailable)
			return
		}
		http.Redirect(w, r, "/login", http.StatusSeeOther)
	})
	mux.Handle("GET /orders", login.LoginRequired(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := auth.UserFrom(r.Context()) // LoginRequired has checked it
		_, _ = fmt.Fprintf(w, "orders of %v", user)
	})))
	handler := sessions.Middleware(login.Middleware(protection.Middleware(mux)))

	server := httptest.NewServer(handler)
	defer server.Close()
	browser := newExampleBrowser(server.URL)
	browser.open("/orders")
	browser.submit("/login?next=/orders", "anne", "a guess")
	browser.submit("/login?next=/orders", "anne", "password")
	browser.open("/orders")
	browser.submit("/logout", "", "")
	browser.open("/orders")
	// Output:
	// GET /orders: redirected to /login?next=/orders
	// POST /login?next=/orders: 403 wrong user name or password
	// POST /login?next=/orders: redirected to /orders
	// GET /orders: 200 orders of anne
	// POST /logout: redirected to /login
	// GET /orders: redirected to /login?next=/orders
}

// A service that knows who is logged in and never writes: it saves no session and sets no
// cookie, and [auth.Auth.Login] and [auth.Auth.Logout] return
// [djangosession.ErrReadOnly].
func Example_readOnly() {
	settings := djangosession.NewSettings("the site's SECRET_KEY") // in a service: ReadSettingsFile
	users, err := tables.NewUsers(exampleDatabase(), settings, tables.UserOptions{
		Model: "auth.User", Dialect: tables.SQLite{}, ReadOnly: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	engine, err := memory.New(settings) // in a service: tables.New
	if err != nil {
		log.Fatal(err)
	}
	sessions, err := djangosession.NewManager(engine, settings, djangosession.Options{ReadOnly: true})
	if err != nil {
		log.Fatal(err)
	}
	login, err := auth.New(sessions, users, auth.Options{})
	if err != nil {
		log.Fatal(err)
	}

	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		state, err := auth.StateFrom(r.Context())
		switch {
		case err != nil:
			http.Error(w, "please try again later", http.StatusServiceUnavailable)
		case state.User == nil:
			_, _ = fmt.Fprintf(w, "Hello, visitor (%s)", state.Reason)
		default:
			_, _ = fmt.Fprintf(w, "Hello, %v", state.User)
		}
	})
	mux.Handle("GET /orders", login.LoginRequiredAPI(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := auth.UserFrom(r.Context()) // LoginRequiredAPI has checked it
		_, _ = fmt.Fprintf(w, "orders of %v", user)
	})))
	handler := sessions.Middleware(login.Middleware(mux))

	for _, name := range []string{"", "anne"} {
		cookie := djangoLogin(engine, settings, name)
		for _, path := range []string{"/", "/orders"} {
			r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, http.NoBody)
			r.Header.Set("Cookie", cookie)
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			fmt.Println(path, w.Code, strings.TrimSpace(w.Body.String()), w.Header()["Set-Cookie"])
		}
	}
	// Output:
	// / 200 Hello, visitor (not_logged_in) []
	// /orders 401 Unauthorized []
	// / 200 Hello, anne []
	// /orders 200 orders of anne []
}

// exampleHashers describes a fast hasher.
func exampleHashers() []djangosession.PasswordHasher {
	const class = "django.contrib.auth.hashers.PBKDF2PasswordHasher"
	return []djangosession.PasswordHasher{{
		Class: class, Algorithm: "pbkdf2_sha256", MRO: []string{class}, Parameters: map[string]int{"iterations": 1},
	}}
}
