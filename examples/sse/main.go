// Sse serves server-sent events to the logged-in users of a Django site. It needs nothing
// but net/http.
package main

import (
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/examples/internal/shop"
)

func main() {
	site, err := shop.Open()
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: "localhost:8000", Handler: routes(site, tick), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}

// clock starts a ticker. Each stream needs one of its own, because each tick of a channel
// reaches only one receiver.
type clock func() (ticks <-chan time.Time, stop func())

func tick() (ticks <-chan time.Time, stop func()) {
	ticker := time.NewTicker(5 * time.Second)
	return ticker.C, ticker.Stop
}

// routes returns the stream. The login is checked before it begins, so a visitor without
// one gets status 401.
func routes(site *djangobridge.Site, start clock) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /events", site.LoginRequiredAPI(events(site, start)))
	return site.Middleware(mux)
}

// events sends the time until the client leaves or the user logs out.
func events(site *djangobridge.Site, start clock) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		session, err := djangosession.FromContext(r.Context())
		if err != nil {
			http.Error(w, "Server Error (500)", http.StatusInternalServerError)
			return
		}
		session.Set("streamed", true) // before the first Write or Flush: they send the header with the cookie
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Cache-Control", "no-store")
		response := http.NewResponseController(w)
		if err := response.Flush(); err != nil { // also if the session could not be saved
			return
		}
		ticks, stop := start()
		defer stop()
		for {
			select {
			case <-r.Context().Done():
				return
			case now := <-ticks:
				if !loggedIn(site, r, session.Key()) {
					return
				}
				if _, err := fmt.Fprintf(w, "data: %s\n\n", now.UTC().Format(time.RFC3339)); err != nil {
					return
				}
				if err := response.Flush(); err != nil {
					return
				}
			}
		}
	}
}

// loggedIn loads the session anew, because the stream may be older than a logout. To
// change a session here, change that one and call its Save: the middleware saves late
// changes only when the handler returns.
func loggedIn(site *djangobridge.Site, r *http.Request, key string) bool {
	session, err := site.Sessions.Load(r.Context(), key)
	if err != nil {
		return false
	}
	user, err := site.Login.User(r.Context(), session)
	return err == nil && user != nil
}
