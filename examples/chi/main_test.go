package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/djangobridge/djangobridge/examples/internal/recipetest"
)

func TestChi(t *testing.T) {
	recipetest.Run(t, recipetest.Recipe{Pages: func(s *recipetest.Site) http.Handler {
		r := routes(s.Middleware)
		for path, page := range s.Pages() {
			r.Get(path, page)
		}
		return r
	}})
}

// TestVisitorsSeeNoErrorTexts has no middleware of a site, so each page fails.
func TestVisitorsSeeNoErrorTexts(t *testing.T) {
	pages := routes(func(next http.Handler) http.Handler { return next })
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, "/cart/tea", http.NoBody))
		if w.Code != http.StatusInternalServerError || w.Body.String() != "Server Error (500)\n" {
			t.Errorf("%s: status %d, %s", method, w.Code, w.Body)
		}
	}
}
