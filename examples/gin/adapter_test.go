package main

import (
	"errors"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/examples/internal/recipetest"
)

func TestGin(t *testing.T) {
	gin.SetMode(gin.TestMode)
	recipetest.Run(t, recipetest.Recipe{Pages: pages})
}

// pages adds the pages of the test to those of the recipe.
func pages(s *recipetest.Site) http.Handler {
	r := routes(s.Middleware)
	status := func(status int) gin.HandlerFunc {
		return func(c *gin.Context) {
			s.Set(c.Request.Context(), 2)
			c.Status(status) // gin records it, and the handler writes nothing
		}
	}
	r.GET("/fails", status(http.StatusInternalServerError))
	r.GET("/missing", status(http.StatusNotFound))
	r.GET("/nothing", status(http.StatusNoContent))
	r.GET("/panic", func(c *gin.Context) { s.Set(c.Request.Context(), 2); panic("a bug") })
	for _, path := range []string{"/late", "/flush"} {
		r.GET(path, func(c *gin.Context) { s.Pages()[path](c.Writer, c.Request) })
	}
	return r
}

// TestUsualAdaptersAreReported tries adapters that leave gin's own writer in place, or
// that call the handlers after the middleware has returned.
func TestUsualAdaptersAreReported(t *testing.T) {
	gin.SetMode(gin.TestMode)
	for name, adapter := range map[string]func(func(http.Handler) http.Handler) gin.HandlerFunc{
		"the writer stays": func(m func(http.Handler) http.Handler) gin.HandlerFunc {
			return func(c *gin.Context) {
				m(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					c.Request = r
					c.Next()
				})).ServeHTTP(c.Writer, c.Request)
			}
		},
		"the handlers run later": func(m func(http.Handler) http.Handler) gin.HandlerFunc {
			return func(c *gin.Context) {
				m(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { c.Request = r })).ServeHTTP(c.Writer, c.Request)
				c.Next()
			}
		},
		"WrapH": func(m func(http.Handler) http.Handler) gin.HandlerFunc {
			return gin.WrapH(m(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
		},
	} {
		s := recipetest.New(t)
		r := gin.New()
		r.Use(adapter(s.Manager.Middleware))
		r.GET("/", func(c *gin.Context) {
			session, err := djangosession.FromContext(c.Request.Context())
			if err != nil {
				if name != "WrapH" || !errors.Is(err, djangosession.ErrNoMiddleware) {
					t.Errorf("%s: %v", name, err)
				}
				return
			}
			session.Set("a", 1)
			c.String(http.StatusOK, "page")
		})
		s.Visit(r, http.MethodGet, "/", "", nil)
		errs := s.Errors()
		if reported := len(errs) > 0 && errors.Is(errs[0], djangosession.ErrHeaderSent); reported != (name != "WrapH") {
			t.Errorf("%s: reported %v", name, errs)
		}
	}
}
