// Gin serves pages to the visitors of a Django site with gin. Its handlers run inside the
// site's middleware. It needs the exported settings of the site in site.json and the
// site's database in db.sqlite3.
package main

import (
	"database/sql"
	"fmt"
	"log"
	"net/http"

	"github.com/gin-gonic/gin"
	_ "github.com/mattn/go-sqlite3"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

func main() {
	db, err := sql.Open("sqlite3", "file:db.sqlite3?mode=rw&_busy_timeout=10000&_txlock=immediate&_synchronous=FULL")
	check(err)
	site, err := djangobridge.Open("site.json", djangobridge.Options{DB: db})
	check(err)
	check(routes(site.Middleware).Run("localhost:8000"))
}

// routes returns the pages, inside a middleware such as that of a [djangobridge.Site].
func routes(middleware func(http.Handler) http.Handler) *gin.Engine {
	r := gin.New()
	r.Use(gin.Recovery(), Adapt(middleware))
	r.GET("/cart", cart)
	r.POST("/cart", add)
	return r
}

// cart shows the content of the cart and a form.
func cart(c *gin.Context) {
	session, err := djangosession.FromContext(c.Request.Context())
	if err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, err)
		return
	}
	field, err := csrf.TemplateField(c.Request.Context())
	if err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, err)
		return
	}
	item, _ := session.Get("item")
	const page = `<p>%d items</p><form method="post">%s<input name="item"></form>`
	c.Data(http.StatusOK, gin.MIMEHTML, fmt.Appendf(nil, page, count(item), field))
}

// add puts something into the cart.
func add(c *gin.Context) {
	session, err := djangosession.FromContext(c.Request.Context())
	if err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, err)
		return
	}
	item, _ := session.Get("item")
	session.Set("item", count(item)+1)
	c.Redirect(http.StatusSeeOther, "/cart")
}

func count(item any) int64 {
	n, _ := item.(int64)
	return n
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
