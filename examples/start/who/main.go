package main

import (
	"database/sql"
	"fmt"
	"log"
	"net/http"

	_ "modernc.org/sqlite"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

func main() {
	db, err := sql.Open("sqlite", "file:db.sqlite3?mode=rw&_busy_timeout=10&_synchronous=FULL")
	if err != nil {
		log.Fatal(err)
	}
	site, err := djangobridge.Open("site.json", djangobridge.Options{DB: db, ReadOnly: true})
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("GET /go/", site.LoginRequired(http.HandlerFunc(show)))
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
