package main

import (
	"io"
	"log"
	"net/http"

	"github.com/djangobridge/djangobridge/examples/internal/recipetest"
	"github.com/djangobridge/djangobridge/examples/internal/shop"
)

// pages returns the pages of a recipe with net/http's own router.
func pages(s *recipetest.Site) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /cart/{shelf}", func(w http.ResponseWriter, r *http.Request) {
		page, err := shop.Page(r.Context(), r.PathValue("shelf"))
		if err != nil {
			fail(w, err)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, page)
	})
	mux.HandleFunc("POST /cart/{shelf}", func(w http.ResponseWriter, r *http.Request) {
		if err := shop.Add(r.Context()); err != nil {
			fail(w, err)
			return
		}
		http.Redirect(w, r, r.URL.Path, http.StatusSeeOther)
	})
	for path, page := range s.Pages() {
		mux.HandleFunc("GET "+path, page)
	}
	site := s.Middleware(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() == nil {
				return
			}
			http.Error(w, "Server Error (500)", http.StatusInternalServerError)
		}()
		site.ServeHTTP(w, r)
	})
}

// fail logs an error, whose text is not for visitors.
func fail(w http.ResponseWriter, err error) {
	log.Print(err)
	http.Error(w, "Server Error (500)", http.StatusInternalServerError)
}
