// Package shop is what the recipes for web frameworks have in common: a Django site, and
// a cart in the sessions of its visitors.
package shop

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"html"

	_ "github.com/mattn/go-sqlite3" // the driver of the site's database

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

// Open returns the site whose exported settings are in site.json and whose database is
// db.sqlite3.
func Open() (*djangobridge.Site, error) {
	db, err := sql.Open("sqlite3", "file:db.sqlite3?mode=rw&_busy_timeout=10000&_txlock=immediate&_synchronous=FULL")
	if err != nil {
		return nil, err
	}
	return djangobridge.Open("site.json", djangobridge.Options{DB: db})
}

// Page returns a page that shows the cart of the request that ctx belongs to, and a form
// that adds to it.
func Page(ctx context.Context, shelf string) (string, error) {
	session, err := djangosession.FromContext(ctx)
	if err != nil {
		return "", err
	}
	field, err := csrf.TemplateField(ctx)
	if err != nil {
		return "", err
	}
	n, err := count(session)
	if err != nil {
		return "", err
	}
	const page = `<h1>%s</h1><p>%d items</p><form method="post">%s<input name="item"></form>`
	return fmt.Sprintf(page, html.EscapeString(shelf), n, field), nil
}

// Add puts an item into the cart of the request that ctx belongs to.
func Add(ctx context.Context) error {
	session, err := djangosession.FromContext(ctx)
	if err != nil {
		return err
	}
	n, err := count(session)
	if err != nil {
		return err
	}
	session.Set("items", n+1)
	return nil
}

// count returns the number of items in the cart.
func count(session *djangosession.Session) (int, error) {
	n, err := djangosession.Value[int](session, "items")
	if _, missing := errors.AsType[*djangosession.KeyError](err); missing {
		return 0, nil
	}
	return n, err
}
