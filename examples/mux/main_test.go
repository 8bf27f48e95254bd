package main

import (
	"net/http"
	"testing"

	"github.com/djangobridge/djangobridge/examples/internal/recipetest"
)

func TestMux(t *testing.T) {
	recipetest.Run(t, recipetest.Recipe{Pages: func(s *recipetest.Site) http.Handler {
		r := routes()
		for path, page := range s.Pages() {
			r.HandleFunc(path, page)
		}
		return around(s.Middleware, r)
	}})
}
