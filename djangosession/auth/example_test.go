package auth_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/tables"
)

// A page that greets the logged-in user, and one that requires a login, on the tables of
// a Django site.
func Example() {
	settings := djangosession.NewSettings("the site's SECRET_KEY") // in a service: ReadSettingsFile
	db := exampleDatabase()                                        // the site's database
	users, err := tables.NewUsers(db, settings, tables.UserOptions{Model: "auth.User", Dialect: tables.SQLite{}})
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
	login, err := auth.New(sessions, users, auth.Options{})
	if err != nil {
		log.Fatal(err)
	}

	greet := func(w http.ResponseWriter, r *http.Request) {
		user, err := auth.UserFrom(r.Context())
		if err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintf(w, "Hello, %v.", user)
	}
	orders := func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "Page %s of your orders.", r.FormValue("page"))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", greet)
	mux.Handle("/orders/", login.LoginRequired(http.HandlerFunc(orders)))
	site := sessions.Middleware(login.Middleware(mux)) // for http.ListenAndServe

	for _, cookie := range []string{"", exampleCookie(sessions, login, users, "anne", nil)} {
		for _, path := range []string{"/", "/orders/?page=2"} {
			w := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, http.NoBody)
			r.Header.Set("Cookie", cookie)
			site.ServeHTTP(w, r)
			fmt.Println(w.Code, w.Header().Get("Location")+w.Body.String())
		}
	}
	// Output:
	// 200 Hello, AnonymousUser.
	// 302 /accounts/login/?next=/orders/%3Fpage%3D2
	// 200 Hello, anne.
	// 200 Page 2 of your orders.
}

// A site with impersonate.middleware.ImpersonateMiddleware of django-impersonate in its
// default configuration: staff may act as any user who is not a superuser, except below
// /admin/.
func ExampleEffectiveUser() {
	settings := djangosession.NewSettings("the site's SECRET_KEY")
	users, err := tables.NewUsers(exampleDatabase(), settings, tables.UserOptions{Model: "auth.User", Dialect: tables.SQLite{}})
	if err != nil {
		log.Fatal(err)
	}
	engine, err := memory.New(settings)
	if err != nil {
		log.Fatal(err)
	}
	sessions, err := djangosession.NewManager(engine, settings, djangosession.Options{})
	if err != nil {
		log.Fatal(err)
	}
	impersonate := func(r *http.Request, s *djangosession.Session, user *auth.User) (*auth.User, error) {
		id, impersonates := s.Get("_impersonate") // an integer, or text for a UUID
		if !impersonates || user == nil || !user.IsStaff && !user.IsSuperuser || strings.HasPrefix(r.URL.Path, "/admin/") {
			return user, nil
		}
		other, err := users.Get(r.Context(), fmt.Sprint(id))
		if errors.Is(err, auth.ErrNoUser) || errors.Is(err, auth.ErrBadID) || err == nil && other.IsSuperuser {
			return user, nil
		}
		return other, err
	}
	login, err := auth.New(sessions, users, auth.Options{
		EffectiveUser:   impersonate,
		KnownMiddleware: []string{"impersonate.middleware.ImpersonateMiddleware"},
	})
	if err != nil {
		log.Fatal(err)
	}

	site := sessions.Middleware(login.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, err := auth.UserFrom(r.Context())
		if err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		realUser, err := auth.RealUserFrom(r.Context()) // the logged-in user
		if err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintf(w, "%v, really %v", user, realUser)
	})))

	for _, c := range []struct {
		name, path string
		as         any
	}{
		{"staff", "/", 1}, {"staff", "/admin/", 1}, {"staff", "/", 3}, {"staff", "/", 99}, {"root", "/", 1}, {"anne", "/", 2}, {"", "/", 1},
	} {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, c.path, http.NoBody)
		r.Header.Set("Cookie", exampleCookie(sessions, login, users, c.name, map[string]any{"_impersonate": c.as}))
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		fmt.Println(w.Body)
	}
	// Output:
	// anne, really staff
	// staff, really staff
	// staff, really staff
	// staff, really staff
	// anne, really root
	// anne, really anne
	// AnonymousUser, really AnonymousUser
}
