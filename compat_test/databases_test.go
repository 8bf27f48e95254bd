package compat_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/lib/pq"
	_ "github.com/mattn/go-sqlite3"

	"github.com/djangobridge/djangobridge/compat_test/servers"
	"github.com/djangobridge/djangobridge/tables"
)

// databaseVariable names the only database to test on, an SQLite driver or a server; see
// env/compat-databases. Without it, the tests run on SQLite and on the servers of Debian
// stable.
const databaseVariable = "COMPAT_DATABASE"

// databases returns the products that every test runs on.
func databases() []string {
	var all []string
	for _, p := range products() {
		all = append(all, p.name)
	}
	if name := os.Getenv(databaseVariable); name != "" {
		all = slices.DeleteFunc(all, func(product string) bool { return product != productOf(name) })
	}
	return all
}

// serverProducts returns the products that have a server.
func serverProducts() []string {
	return slices.DeleteFunc(databases(), func(product string) bool { return product == "sqlite" })
}

// productOf returns the product of a database that databaseVariable names.
func productOf(name string) string {
	if strings.HasPrefix(name, "sqlite") {
		return "sqlite"
	}
	return servers.Product(name)
}

// chosen returns the database of this product that the tests run on.
func chosen(product string) string {
	if name := os.Getenv(databaseVariable); name != "" && productOf(name) == product {
		return name
	}
	return product
}

// sqliteDriver returns the name of the chosen driver, and the parameters of its data
// source names.
func sqliteDriver() (name, parameters string) {
	const pragmas = "?_pragma=busy_timeout(10)&_pragma=synchronous(FULL)"
	switch chosen("sqlite") {
	case "sqlite-modernc":
		return "sqlite", pragmas
	case "sqlite-ncruces":
		return "ncruces", pragmas // which the linker calls it, because its own name is that of another driver
	}
	return "sqlite3", "?_busy_timeout=10&_synchronous=FULL"
}

// database is an empty database of one test.
type database struct {
	product string
	name    string // in its server; for SQLite the file
	server  *servers.Server
	dialect tables.Dialect
}

// lastDatabase numbers the databases of this process.
var lastDatabase atomic.Int64

// newDatabase makes an empty database.
func newDatabase(t *testing.T, product string) *database {
	t.Helper()
	if product == "sqlite" {
		return &database{product: product, name: filepath.Join(t.TempDir(), "db.sqlite3"), dialect: tables.SQLite{}}
	}
	return databaseOn(t, sharedServer(t, chosen(product)))
}

func databaseOn(t *testing.T, s *servers.Server) *database {
	t.Helper()
	d := &database{
		product: s.Product, name: fmt.Sprintf("django%d", lastDatabase.Add(1)), server: s, dialect: productNamed(s.Product).dialect,
	}
	admin, err := s.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close() //nolint:errcheck // nothing is read
	if _, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+d.name); err != nil {
		t.Fatal(err)
	}
	return d
}

// source names the database for another process of this program.
func (d *database) source() string { return d.product + " " + productNamed(d.product).source(d) }

// openSource opens what source names.
func openSource(product, name string) (*sql.DB, tables.Dialect, error) {
	p := productNamed(product)
	db, err := sql.Open(p.driver(), name)
	return db, p.dialect, err
}

// open opens the database for Go. It is closed with the test.
func (d *database) open(t *testing.T) *sql.DB {
	t.Helper()
	product, name, _ := strings.Cut(d.source(), " ")
	db, _, err := openSource(product, name)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(20)
	db.SetConnMaxIdleTime(time.Minute)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// django is the database as an entry of Django's DATABASES.
func (d *database) django() map[string]any {
	entry := productNamed(d.product).django(d)
	entry["NAME"] = d.name
	return entry
}
