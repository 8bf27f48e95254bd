// Gin serves pages to the visitors of a Django site with gin. Its handlers run inside the
// site's middleware.
package main

import (
	"log"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"

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
func routes(site func(http.Handler) http.Handler) *gin.Engine {
	r := gin.New()
	r.Use(gin.CustomRecoveryWithWriter(nil, recovered), Adapt(site))
	r.GET("/cart/:shelf", cart)
	r.POST("/cart/:shelf", add)
	return r
}

// recovered logs a panic and answers with status 500. gin.Recovery would also log the
// headers of the request, with the session cookie.
func recovered(c *gin.Context, v any) {
	log.Printf("panic in %s %s: %v\n%s", c.Request.Method, c.FullPath(), v, debug.Stack())
	c.AbortWithStatus(http.StatusInternalServerError)
}

// cart shows the cart and a form.
func cart(c *gin.Context) {
	page, err := shop.Page(c.Request.Context(), c.Param("shelf"))
	if err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, err)
		return
	}
	c.Data(http.StatusOK, gin.MIMEHTML, []byte(page))
}

// add puts an item into the cart.
func add(c *gin.Context) {
	if err := shop.Add(c.Request.Context()); err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, err)
		return
	}
	c.Redirect(http.StatusSeeOther, c.Request.URL.Path)
}
