package main

import (
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/djangobridge/djangobridge/tables"
)

// openPostgreSQLURL opens postgresql://user:password@host:port/database. It accepts
// everything that PostgreSQL's own programs accept in such a URL, and the same
// environment variables, such as PGPASSWORD.
func openPostgreSQLURL(text string, _ bool) (connection, error) {
	config, err := pgx.ParseConfig(text)
	if err != nil { // its text may contain the password
		return connection{}, usagef(
			"not a URL of a PostgreSQL database: write postgresql://user:password@host:port/database")
	}
	return connection{stdlib.OpenDB(*config), tables.PostgreSQL{}, vendorPostgreSQL}, nil
}
