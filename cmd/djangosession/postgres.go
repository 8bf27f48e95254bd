package main

import (
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/djangobridge/djangobridge/tables"
)

// openPostgreSQLURL opens what postgresql://user:password@host:port/database names, with all that PostgreSQL's own programs
// take in such a URL, and from the same environment variables (PGPASSWORD and others).
func openPostgreSQLURL(text string, _ bool) (connection, error) {
	config, err := pgx.ParseConfig(text)
	if err != nil { // its text may hold the password
		return connection{}, usagef(
			"not a URL of a PostgreSQL database: write postgresql://user:password@host:port/database")
	}
	return connection{stdlib.OpenDB(*config), tables.PostgreSQL{}, vendorPostgreSQL}, nil
}
