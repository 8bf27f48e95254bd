package compat_test

import (
	"fmt"
	"strings"

	"github.com/djangobridge/djangobridge/compat_test/servers"
	"github.com/djangobridge/djangobridge/tables"
)

// product contains everything that these tests know of a database product.
type product struct {
	name    string // as in the names of subtests
	dialect tables.Dialect
	driver  func() string                    // for database/sql
	source  func(d *database) string         // the data source name for that driver
	url     func(d *database) string         // the database for the command line
	django  func(d *database) map[string]any // an entry of DATABASES, without the name
	// sources are all drivers and parameters of a server that the tests try.
	sources func(s *servers.Server, database string) []dataSource
	version string // a query
	fill    string // inserts %d sessions; of each eleven, ten have expired
}

// products returns every product that the tests run on.
func products() []product {
	return []product{
		{
			name: "sqlite", dialect: tables.SQLite{},
			driver: func() string {
				name, _ := sqliteDriver()
				return name
			},
			source: func(d *database) string {
				_, parameters := sqliteDriver()
				return "file:" + d.name + parameters
			},
			url: func(d *database) string { return "sqlite://" + d.name },
			django: func(*database) map[string]any {
				return map[string]any{"ENGINE": "django.db.backends.sqlite3", "OPTIONS": map[string]any{"timeout": 60}}
			},
			version: "SELECT sqlite_version()",
			fill: `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i < %[1]d-1) INSERT INTO django_session
			SELECT printf('key%%037d', i), 'e30:1r31eq:V0zhXyqaeSiXnlEQJVh5I3Tjp7U3uQESH5gHoaFBmW8',
			CASE i %% 11 WHEN 0 THEN '2999-01-01 00:00:00' ELSE '2001-01-01 00:00:00' END FROM n`,
		},
		{
			name: "mariadb", dialect: tables.MySQL{},
			driver: func() string { return "mysql" },
			source: func(d *database) string { return d.server.MariaDBSource(d.name) },
			url:    func(d *database) string { return fmt.Sprintf("mysql://root@127.0.0.1:%d/%s", d.server.Port, d.name) },
			django: func(d *database) map[string]any {
				return map[string]any{"ENGINE": "django.db.backends.mysql", "USER": "root", "HOST": "127.0.0.1", "PORT": d.server.Port}
			},
			sources: mariaDBSources,
			version: "SELECT VERSION()",
			fill: `INSERT INTO django_session WITH RECURSIVE d(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM d WHERE i < 9)
			SELECT CONCAT('key', LPAD(seq, 37, '0')), 'e30:1r31eq:V0zhXyqaeSiXnlEQJVh5I3Tjp7U3uQESH5gHoaFBmW8',
			IF(seq %% 11 = 0, '2999-01-01', '2001-01-01')
			FROM (SELECT a.i + 10*b.i + 100*c.i + 1000*e.i + 10000*f.i + 100000*g.i + 1000000*h.i AS seq
				FROM d a, d b, d c, d e, d f, d g, d h WHERE h.i <= %[1]d DIV 1000000 AND g.i <= %[1]d DIV 100000
				AND f.i <= %[1]d DIV 10000) n WHERE seq < %[1]d`,
		},
		{
			name: "postgresql", dialect: tables.PostgreSQL{},
			driver: func() string { return "pgx" },
			source: func(d *database) string { return d.server.PostgreSQLURL(d.name) },
			url: func(d *database) string {
				return strings.TrimSuffix(d.server.PostgreSQLURL(d.name), "?sslmode=disable")
			},
			django: func(d *database) map[string]any {
				return map[string]any{
					"ENGINE": "django.db.backends.postgresql", "USER": "django", "HOST": "127.0.0.1", "PORT": d.server.Port,
				}
			},
			sources: postgreSQLSources,
			version: "SHOW server_version",
			fill: `INSERT INTO django_session SELECT 'key' || LPAD(i::text, 37, '0'),
			'e30:1r31eq:V0zhXyqaeSiXnlEQJVh5I3Tjp7U3uQESH5gHoaFBmW8',
			CASE i %% 11 WHEN 0 THEN timestamptz '2999-01-01' ELSE timestamptz '2001-01-01' END FROM generate_series(0, %[1]d-1) i`,
		},
	}
}

// productNamed returns the product of this name. It panics if the table has no such
// product.
func productNamed(name string) product {
	for _, p := range products() {
		if p.name == name {
			return p
		}
	}
	panic("compat_test: products_test.go has no product " + name)
}
