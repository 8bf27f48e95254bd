// Echo5 serves pages to the visitors of a Django site with echo v5. The middleware of the
// site goes around echo.
package main

import (
	"log"
	"net/http"
	"time"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"

	"github.com/djangobridge/djangobridge/examples/internal/shop"
)

func main() {
	site, err := shop.Open()
	if err != nil {
		log.Fatal(err)
	}
	// Not e.Start, and not echo.WrapMiddleware: echo sends the response to a handler's
	// error after its middleware has returned.
	server := &http.Server{Addr: "localhost:8000", Handler: site.Middleware(routes()), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}

// routes returns the pages.
func routes() *echo.Echo {
	e := echo.New()
	e.Use(middleware.Recover())
	e.GET("/cart/:shelf", cart)
	e.POST("/cart/:shelf", add)
	return e
}

// cart shows the cart and a form.
func cart(c *echo.Context) error {
	page, err := shop.Page(c.Request().Context(), c.Param("shelf"))
	if err != nil {
		return err
	}
	return c.HTML(http.StatusOK, page)
}

// add puts an item into the cart.
func add(c *echo.Context) error {
	if err := shop.Add(c.Request().Context()); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, c.Request().URL.Path)
}
