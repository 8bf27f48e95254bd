package djangosession_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

func ExampleManager_Middleware() {
	settings := djangosession.NewSettings("the site's SECRET_KEY")
	engine, err := memory.New(settings) // or tables.New for the site's database
	if err != nil {
		fmt.Println(err)
		return
	}
	sessions, err := djangosession.NewManager(engine, settings, djangosession.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /visits", func(w http.ResponseWriter, r *http.Request) {
		session, err := djangosession.FromContext(r.Context())
		if err != nil {
			http.Error(w, "sessions are unavailable", http.StatusServiceUnavailable)
			return
		}
		visits := 0
		if session.Contains("visits") {
			visits, _ = djangosession.Value[int](session, "visits") // 0 if it is missing or not a number
		}
		session.Set("visits", visits+1)
		_, _ = fmt.Fprintf(w, "visit %d", visits+1)
	})
	site := sessions.Middleware(mux) // for http.ListenAndServe; with chi, router.Use(sessions.Middleware)

	cookie := ""
	for range 2 {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/visits", http.NoBody)
		r.Header.Set("Cookie", cookie)
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		fmt.Println(w.Body)
		cookie = w.Header().Get("Set-Cookie")
	}
	// Output:
	// visit 1
	// visit 2
}

func ExampleOptions() {
	settings := djangosession.NewSettings("the site's SECRET_KEY")
	engine, err := memory.New(settings)
	if err != nil {
		fmt.Println(err)
		return
	}
	sessions, err := djangosession.NewManager(engine, settings, djangosession.Options{
		RenewBelow: 0.5, // visitors who return within a week stay logged in, with at most one write a week
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = fmt.Fprintf(w, `{"error": %q}`, err)
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	site := sessions.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if session, err := djangosession.FromContext(r.Context()); err == nil {
			session.Set("callback", func() {}) // cannot be stored
		}
	}))
	w := httptest.NewRecorder()
	site.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", http.NoBody))
	fmt.Println(w.Code)
	fmt.Println(w.Body)
	// Output:
	// 500
	// {"error": "djangosession: session value \"callback\": py: Go type func() has no Python form"}
}
