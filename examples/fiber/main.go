// Fiber serves pages to the visitors of a Django site with fiber v3. Its handlers run
// inside the site's middleware.
package main

import (
	"errors"
	"log"
	"net/http"

	"github.com/gofiber/fiber/v3"
	recovery "github.com/gofiber/fiber/v3/middleware/recover"

	"github.com/djangobridge/djangobridge/examples/internal/shop"
)

func main() {
	site, err := shop.Open()
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(routes(site.Middleware).Listen("localhost:8000"))
}

// routes returns the pages, inside a middleware such as that of a [djangobridge.Site].
func routes(site func(http.Handler) http.Handler) *fiber.App {
	app := fiber.New(fiber.Config{ErrorHandler: fail})
	app.Use(recovery.New(), Adapt(site))
	app.Get("/cart/:shelf", cart)
	app.Post("/cart/:shelf", add)
	return app
}

// cart shows the cart and a form.
func cart(c fiber.Ctx) error {
	page, err := shop.Page(c.Context(), c.Params("shelf"))
	if err != nil {
		return err
	}
	return c.Type("html", "utf-8").SendString(page)
}

// add puts an item into the cart.
func add(c fiber.Ctx) error {
	if err := shop.Add(c.Context()); err != nil {
		return err
	}
	return c.Redirect().Status(fiber.StatusSeeOther).To(c.Path())
}

// fail answers with the text of errors that are fiber's own. Others are logged, because
// their text is not for visitors.
func fail(c fiber.Ctx, err error) error {
	status, text := fiber.StatusInternalServerError, "Server Error (500)"
	if known, ok := errors.AsType[*fiber.Error](err); ok {
		status, text = known.Code, known.Message
	} else {
		log.Print(err)
	}
	return c.Status(status).Type("txt", "utf-8").SendString(text)
}
