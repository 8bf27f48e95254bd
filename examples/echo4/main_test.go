package main

import (
	"errors"
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/djangobridge/djangobridge/examples/internal/recipetest"
)

func TestEcho(t *testing.T) {
	recipetest.Run(t, recipetest.Recipe{Pages: func(s *recipetest.Site) http.Handler { return s.Middleware(pages(s)) }})
}

// pages adds the pages of the test to those of the recipe.
func pages(s *recipetest.Site) *echo.Echo {
	e := routes()
	e.GET("/fails", func(c echo.Context) error { s.Set(c.Request().Context(), 2); return errors.New("a failure") })
	e.GET("/missing", func(c echo.Context) error { s.Set(c.Request().Context(), 2); return echo.ErrNotFound })
	e.GET("/nothing", func(c echo.Context) error { s.Set(c.Request().Context(), 2); return c.NoContent(http.StatusNoContent) })
	e.GET("/panic", func(c echo.Context) error { s.Set(c.Request().Context(), 2); panic("a bug") })
	for _, path := range []string{"/late", "/flush"} {
		e.GET(path, func(c echo.Context) error { s.Pages()[path](c.Response(), c.Request()); return nil })
	}
	return e
}

// TestWrapMiddlewareSavesWhatFailed shows why the recipe does not use
// echo.WrapMiddleware.
func TestWrapMiddlewareSavesWhatFailed(t *testing.T) {
	s := recipetest.New(t)
	e := echo.New()
	e.Use(echo.WrapMiddleware(s.Middleware))
	e.GET("/fails", func(c echo.Context) error { s.Set(c.Request().Context(), 2); return errors.New("a failure") })
	got := s.Visit(e, http.MethodGet, "/fails", "", nil)
	if saved := s.Stored(recipetest.Cookies(got.Header())) == 2; got.Code != http.StatusInternalServerError || !saved {
		t.Errorf("status %d, saved %v: the recipe can use WrapMiddleware now", got.Code, saved)
	}
}
