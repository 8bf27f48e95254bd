package djangobridge_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	_ "modernc.org/sqlite"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// A service that shows who is logged in. The file comes from "djangosession
// settings script"; the program imports the driver of its database.
func Example() {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		log.Fatal(err)
	}
	site, err := djangobridge.Open("testdata/site.json", djangobridge.Options{DB: db, ReadOnly: true})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		user, err := auth.UserFrom(r.Context())
		switch {
		case err != nil:
			http.Error(w, "please try again later", http.StatusServiceUnavailable)
		case user == nil:
			_, _ = fmt.Fprint(w, "Hello, visitor")
		default:
			_, _ = fmt.Fprintf(w, "Hello, %s", user.Username)
		}
	})
	handler := site.Middleware(mux)

	// Instead of http.ListenAndServe("127.0.0.1:8000", handler):
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", http.NoBody))
	fmt.Println(w.Code, w.Body)
	// Output: 200 Hello, visitor
}
