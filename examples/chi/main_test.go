package main

import (
	"net/http"
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
