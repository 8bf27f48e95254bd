// Chi serves pages to the visitors of a Django site with chi. The middleware of the site
// is one of chi's.
package main

import (
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/djangobridge/djangobridge/examples/internal/shop"
)

func main() {
	site, err := shop.Open()
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: "localhost:8000", Handler: routes(site.Middleware), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}

// routes returns the pages, inside a middleware such as that of a [djangobridge.Site].
func routes(site func(http.Handler) http.Handler) *chi.Mux {
	r := chi.NewRouter()
	// Middleware that inspects or writes responses goes outside the site's. An
	// http.TimeoutHandler goes inside, because its response would lack the cookies.
	r.Use(middleware.Recoverer, site)
	r.Get("/cart/{shelf}", cart)
	r.Post("/cart/{shelf}", add)
	return r
}

// cart shows the cart and a form.
func cart(w http.ResponseWriter, r *http.Request) {
	page, err := shop.Page(r.Context(), chi.URLParam(r, "shelf"))
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
