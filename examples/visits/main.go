// Visits counts the visits in a session that a Django site created. It needs the exported
// settings of the site in site.json, the site's database in db.sqlite3, and the session
// key as its argument. The key is the value of the cookie sessionid.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"

	_ "github.com/mattn/go-sqlite3"

	"github.com/djangobridge/djangobridge"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: visits SESSION_KEY")
	}
	ctx := context.Background()
	db, err := sql.Open("sqlite3", "file:db.sqlite3?mode=rw&_busy_timeout=10&_synchronous=FULL")
	check(err)
	site, err := djangobridge.Open("site.json", djangobridge.Options{DB: db})
	check(err)

	session, err := site.Sessions.Load(ctx, os.Args[1])
	check(err)
	if session.Key() == "" {
		log.Fatal("there is no such session")
	}
	visits := 0
	if session.Contains("visits") {
		check(session.Scan("visits", &visits))
	}
	session.Set("visits", visits+1)
	check(session.Save(ctx)) // Django reads it from here on
	fmt.Println("visits:", visits+1)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
