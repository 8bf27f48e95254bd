package auth_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/tables"
)

// A page that greets who is logged in, on the tables of a Django site.
func Example() {
	settings := djangosession.NewSettings("the site's SECRET_KEY")
	db, err := sql.Open("sqlite3", ":memory:") // the site's database, and its engine for sessions: tables.New
	if err != nil {
		log.Fatal(err)
	}
	users, err := tables.NewUsers(db, settings, tables.UserModel{Dialect: tables.SQLite{}})
	if err != nil {
		log.Fatal(err)
	}
	engine, err := memory.New(settings)
	if err != nil {
		log.Fatal(err)
	}
	sessions, err := djangosession.NewManager(engine, settings)
	if err != nil {
		log.Fatal(err)
	}
	logins, err := auth.New(sessions, users, auth.Options{})
	if err != nil {
		log.Fatal(err)
	}

	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		user, err := auth.UserFrom(r.Context())
		if err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintf(w, "Hello, %v.", user)
	})
	mux.Handle("/orders/", logins.LoginRequired(mux))
	site := sessions.Middleware(logins.Middleware(mux))

	for _, path := range []string{"/", "/orders/?page=2"} {
		w := httptest.NewRecorder()
		site.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, http.NoBody))
		fmt.Println(w.Code, w.Header().Get("Location"), w.Body)
	}
	// Output:
	// 200  Hello, AnonymousUser.
	// 302 /accounts/login/?next=/orders/%3Fpage%3D2
}
