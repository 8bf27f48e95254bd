//go:build cgo

// The example names github.com/mattn/go-sqlite3, which needs cgo.

package tables_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	_ "github.com/mattn/go-sqlite3"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

func Example() {
	dir, err := os.MkdirTemp("", "tables")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	if err := run(context.Background(), filepath.Join(dir, "db.sqlite3")); err != nil {
		fmt.Println(err)
	}
	// Output: hello from Go
}

func run(ctx context.Context, path string) (err error) {
	db, err := sql.Open("sqlite3", "file:"+path+"?_busy_timeout=10&_synchronous=FULL") // for a site's database add &mode=rw
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	settings := djangosession.NewSettings("the site's SECRET_KEY")
	engine, err := tables.New(db, settings, tables.Options{Dialect: tables.SQLite{}})
	if err != nil {
		return err
	}
	if err := engine.CreateTable(ctx); err != nil { // a site's migrations have done that
		return err
	}
	sessions, err := djangosession.NewManager(engine, settings, djangosession.Options{})
	if err != nil {
		return err
	}

	session := sessions.New()
	session.Set("greeting", "hello from Go")
	if err := session.Save(ctx); err != nil {
		return err
	}
	session, err = sessions.Load(ctx, session.Key())
	if err != nil {
		return err
	}
	greeting, err := djangosession.Value[string](session, "greeting")
	fmt.Println(greeting)
	return err
}
