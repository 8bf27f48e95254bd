package main

import (
	"errors"
	"net/http"
	"testing"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/adaptor"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/examples/internal/recipetest"
)

func TestFiber(t *testing.T) {
	recipetest.Run(t, recipetest.Recipe{Pages: pages, Buffered: true})
}

// pages adds the pages of the test to those of the recipe.
func pages(s *recipetest.Site) http.Handler {
	app := routes(s.Middleware)
	app.Get("/fails", func(c fiber.Ctx) error { s.Set(c.Context(), 2); return errors.New("a failure") })
	app.Get("/missing", func(c fiber.Ctx) error { s.Set(c.Context(), 2); return fiber.ErrNotFound })
	app.Get("/nothing", func(c fiber.Ctx) error { s.Set(c.Context(), 2); return c.SendStatus(fiber.StatusNoContent) })
	app.Get("/panic", func(c fiber.Ctx) error { s.Set(c.Context(), 2); panic("a bug") })
	app.Get("/late", func(c fiber.Ctx) error {
		err := c.SendString("page")
		s.Set(c.Context(), 2)
		return err
	})
	return adaptor.FiberApp(app) // so that net/http can test it
}

func TestVisitorsSeeNoErrorTexts(t *testing.T) {
	s := recipetest.New(t)
	for path, want := range map[string]string{
		"/fails": "Server Error (500)", "/panic": "Server Error (500)", "/missing": "Not Found", "/unknown": "Not Found",
	} {
		if got := s.Visit(pages(s), http.MethodGet, path, "", nil); got.Body.String() != want {
			t.Errorf("%s: status %d, %q", path, got.Code, got.Body)
		}
	}
}

// TestFieldsOfBothSidesAreSent covers a handler that sets a cookie and a Vary field of
// its own.
func TestFieldsOfBothSidesAreSent(t *testing.T) {
	s := recipetest.New(t)
	app := routes(s.Middleware)
	app.Get("/both", func(c fiber.Ctx) error {
		s.Set(c.Context(), 2)
		c.Cookie(&fiber.Cookie{Name: "theme", Value: "dark"})
		c.Vary("Accept")
		return c.SendString("page")
	})
	got := s.Visit(adaptor.FiberApp(app), http.MethodGet, "/both", "", nil)
	if len(got.Header()["Set-Cookie"]) != 2 || got.Header().Get("Vary") != "Accept, Cookie" || got.Body.String() != "page" {
		t.Errorf("header %q, %s", got.Header(), got.Body)
	}
}

// TestFibersOwnAdaptorSavesTooEarly shows why the recipe does not use it.
func TestFibersOwnAdaptorSavesTooEarly(t *testing.T) {
	s := recipetest.New(t)
	app := fiber.New()
	app.Use(adaptor.HTTPMiddleware(s.Middleware))
	app.Get("/", func(c fiber.Ctx) error {
		if _, err := djangosession.FromContext(c.Context()); !errors.Is(err, djangosession.ErrNoMiddleware) {
			t.Errorf("%v: the recipe can use adaptor.HTTPMiddleware now", err)
		}
		return nil
	})
	s.Visit(adaptor.FiberApp(app), http.MethodGet, "/", "", nil)
}
