package djangobridge_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/fixtures"
)

// A handler that changes the session of a user whom Django logged in. The database and
// the settings are those of a small site that Django wrote.
func Example_session() {
	if err := visitTwice(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 200 ada: visit 2
	// 200 ada: visit 3
}

func visitTwice(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "site")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(filepath.Join(dir, "db.sqlite3"))+"?_busy_timeout=10&_synchronous=FULL")
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // all writes are committed
	if _, err := db.ExecContext(ctx, fixtures.DemoSQL); err != nil {
		return err
	}

	site, err := djangobridge.Open("examples/service/testdata/site.json", djangobridge.Options{DB: db})
	if err != nil {
		return err
	}
	visit := func(w http.ResponseWriter, r *http.Request) {
		user, userErr := auth.UserFrom(r.Context())
		session, err := djangosession.FromContext(r.Context())
		visits := 0
		if err == nil && session.Contains("visits") {
			err = session.Scan("visits", &visits)
		}
		if userErr != nil || err != nil {
			http.Error(w, "please try again later", http.StatusServiceUnavailable)
			return
		}
		session.Set("visits", visits+1) // saved before the response goes out
		_, _ = fmt.Fprintf(w, "%s: visit %d", user.Username, visits+1)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /visit", site.LoginRequired(http.HandlerFunc(visit)))
	handler := site.Middleware(mux)

	for range 2 {
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://shop.test/visit", http.NoBody)
		r.AddCookie(&http.Cookie{Name: "sessionid", Value: "5mx9bk0h1plc8bt5z2tdwysdphaitqc3"})
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
	}
	return nil
}
