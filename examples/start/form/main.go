package main

import (
	"database/sql"
	"fmt"
	"log"
	"net/http"

	_ "modernc.org/sqlite"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

func main() {
	db, err := sql.Open("sqlite", "file:db.sqlite3?mode=rw&_busy_timeout=10&_synchronous=FULL")
	if err != nil {
		log.Fatal(err)
	}
	site, err := djangobridge.Open("site.json", djangobridge.Options{DB: db})
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("GET /go/", site.LoginRequired(http.HandlerFunc(show)))
	http.HandleFunc("GET /go/cart", form)
	http.HandleFunc("POST /go/cart", add)
	log.Fatal(http.ListenAndServe("127.0.0.1:8001", site.Middleware(http.DefaultServeMux)))
}

func show(w http.ResponseWriter, r *http.Request) {
	user, err := auth.UserFrom(r.Context())
	if err != nil {
		http.Error(w, "Please try again later.", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintf(w, "Hello, %s!\n", user.Username)
}

func form(w http.ResponseWriter, r *http.Request) {
	field, err := csrf.TemplateField(r.Context())
	if err != nil {
		http.Error(w, "Please try again later.", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<form method="post">%s<button name="item" value="tea">Add tea</button></form>`, field)
}

func add(w http.ResponseWriter, r *http.Request) {
	cart := map[string]int{}
	session, err := djangosession.FromContext(r.Context())
	if err == nil && session.Contains("cart") {
		err = session.Scan("cart", &cart)
	}
	if err != nil {
		http.Error(w, "Please try again later.", http.StatusServiceUnavailable)
		return
	}
	cart[r.PostFormValue("item")]++
	session.Set("cart", cart) // saved before the response goes out
	fmt.Fprintln(w, "cart:", cart)
}
