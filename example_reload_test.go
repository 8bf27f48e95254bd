package djangobridge_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"syscall"

	_ "modernc.org/sqlite"

	"github.com/djangobridge/djangobridge"
)

// A service that loads new settings without a restart, at SIGHUP or when the file was
// replaced. Requests that are being handled end with the old settings.
func ExampleReloader() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		log.Fatal(err)
	}
	site, err := djangobridge.Open("testdata/site.json", djangobridge.Options{DB: db, ReadOnly: true})
	if err != nil {
		log.Fatal(err)
	}
	handler, err := djangobridge.NewReloader(site, func(site *djangobridge.Site) (http.Handler, error) {
		mux := http.NewServeMux()
		mux.Handle("GET /reports/", site.LoginRequired(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "Here they are.")
		})))
		return site.Middleware(mux), nil
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel() // ends Watch
	go handler.Watch(ctx, djangobridge.WatchOptions{Signals: signals})

	// Instead of http.ListenAndServe("127.0.0.1:8000", handler):
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/reports/", http.NoBody))
	fmt.Println(w.Code, w.Header().Get("Location"))
	// Output: 302 /in/?next=/reports/
}
