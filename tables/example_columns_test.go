//go:build cgo

// The examples use github.com/mattn/go-sqlite3, which needs cgo.

package tables_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"

	_ "github.com/mattn/go-sqlite3"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/tables"
)

// A site has a session model with two extra columns: account_id, which every save sets,
// and created_at, which is set once. Settings from djangosession.SettingsScript describe
// the table and created_at; here the options do.
func ExampleColumn_createOnly() {
	ctx := context.Background()
	db, err := sql.Open("sqlite3", "file:columns?mode=memory&cache=shared")
	if err != nil {
		log.Fatal(err)
	}
	db.SetMaxOpenConns(1) // the database lives as long as its connection
	_, err = db.ExecContext(ctx, `CREATE TABLE shop_session (session_key varchar(40) NOT NULL PRIMARY KEY,
		session_data text NOT NULL, expire_date datetime NOT NULL, account_id integer NULL, created_at datetime NOT NULL)`)
	if err != nil {
		log.Fatal(err)
	}

	settings := djangosession.NewSettings("the site's SECRET_KEY")
	engine, err := tables.New(db, settings, tables.Options{
		Dialect: tables.SQLite{},
		Table:   "shop_session",
		ExtraColumns: []tables.Column{
			{Name: "account_id", Value: tables.LoggedInUserID},
			{Name: "created_at", Value: tables.Now, CreateOnly: true}, // auto_now_add
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := engine.Check(ctx); err != nil { // names columns that are missing or unknown
		log.Fatal(err)
	}
	sessions, err := djangosession.NewManager(engine, settings, djangosession.Options{})
	if err != nil {
		log.Fatal(err)
	}

	session := sessions.New()
	var created [2]string
	for i := range created {
		if err := session.Save(ctx); err != nil {
			log.Fatal(err)
		}
		var account sql.NullInt64
		row := db.QueryRowContext(ctx, "SELECT account_id, CAST(created_at AS TEXT) FROM shop_session")
		if err := row.Scan(&account, &created[i]); err != nil {
			log.Fatal(err)
		}
		fmt.Println("account", account.Int64)
		session.Set(auth.SessionKey, "42") // as a login does
	}
	fmt.Println("created_at unchanged:", created[0] == created[1])
	// Output:
	// account 0
	// account 42
	// created_at unchanged: true
}

// A nightly job deletes expired sessions in batches, so that the site never waits long.
func ExampleEngine_ClearExpired() {
	ctx := context.Background()
	db, err := sql.Open("sqlite3", "file:clearing?mode=memory&cache=shared")
	if err != nil {
		log.Fatal(err)
	}
	db.SetMaxOpenConns(1) // the database lives as long as its connection
	settings := djangosession.NewSettings("the site's SECRET_KEY")
	engine, err := tables.New(db, settings, tables.Options{Dialect: tables.SQLite{}})
	if err != nil {
		log.Fatal(err)
	}
	if err := engine.CreateTable(ctx); err != nil { // a site's migrations have done this
		log.Fatal(err)
	}
	sessions, err := djangosession.NewManager(engine, settings, djangosession.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, seconds := range []int64{-60, -60, -60, 3600} {
		session := sessions.New()
		session.SetExpiry(seconds)
		if err := session.Save(ctx); err != nil {
			log.Fatal(err)
		}
	}

	removed, err := engine.ClearExpired(ctx, djangosession.ClearOptions{
		BatchSize: 2,
		Progress:  func(removed int64) { fmt.Println("so far:", removed) },
	})
	if err != nil {
		log.Fatal(err) // removed says how far it came; the next run continues
	}
	fmt.Println("removed:", removed)
	// Output:
	// so far: 2
	// so far: 3
	// removed: 3
}
