// Mux serves pages to the visitors of a Django site with gorilla/mux. The middleware of
// the site goes around the router.
package main

import (
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"github.com/djangobridge/djangobridge/examples/internal/shop"
)

func main() {
	site, err := shop.Open()
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: "localhost:8000", Handler: around(site.Middleware, routes()), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}

// around puts the middleware of the site around the router. With mux's Use, it would not
// see requests without a route, such as those that mux redirects or answers with 404.
func around(site func(http.Handler) http.Handler, r *mux.Router) http.Handler {
	return recovery(site(r))
}

// routes returns the pages.
func routes() *mux.Router {
	r := mux.NewRouter()
	r.HandleFunc("/cart/{shelf}", cart).Methods(http.MethodGet)
	r.HandleFunc("/cart/{shelf}", add).Methods(http.MethodPost)
	return r
}

// recovery answers panics with status 500, like handlers.RecoveryHandler of Gorilla.
func recovery(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if v := recover(); v != nil {
				log.Print(v)
				http.Error(w, "Server Error (500)", http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// cart shows the cart and a form.
func cart(w http.ResponseWriter, r *http.Request) {
	page, err := shop.Page(r.Context(), mux.Vars(r)["shelf"])
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprint(w, page) //nolint:gosec // shop.Page has escaped the shelf
}

// add puts an item into the cart.
func add(w http.ResponseWriter, r *http.Request) {
	if err := shop.Add(r.Context()); err != nil {
		fail(w, err)
		return
	}
	http.Redirect(w, r, r.URL.Path, http.StatusSeeOther) //nolint:gosec // by its route, the path begins with /cart/
}

// fail logs an error, whose text is not for visitors.
func fail(w http.ResponseWriter, err error) {
	log.Print(err)
	http.Error(w, "Server Error (500)", http.StatusInternalServerError)
}
