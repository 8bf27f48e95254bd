package main

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/djangobridge/djangobridge/internal/doctor"
	"github.com/djangobridge/djangobridge/internal/sqlitedriver"
	"github.com/djangobridge/djangobridge/tables"
)

// openSQLiteURL opens sqlite:///absolute/path or sqlite:relative/path.
func openSQLiteURL(text string, write bool) (connection, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host != "" || u.User != nil || u.Fragment != "" {
		return connection{}, usagef("not a URL of an SQLite database: write sqlite:///absolute/path or sqlite:relative/path")
	}
	for name, values := range u.Query() {
		if name != "mode" || len(values) != 1 || values[0] != "ro" {
			return connection{}, usagef("the URL of an SQLite database has no parameter but ?mode=ro")
		}
		write = false
	}
	name := u.Path
	if u.Opaque != "" {
		if name, err = url.PathUnescape(u.Opaque); err != nil {
			return connection{}, usagef("not a URL of an SQLite database: %% must be written %%25")
		}
	}
	if relative := strings.TrimPrefix(name, "/"); !isFile(name) && isFile(relative) {
		name = relative
	}
	return openSQLiteFile(name, write)
}

// openSQLiteFile opens an existing file.
func openSQLiteFile(name string, write bool) (connection, error) {
	info, err := os.Stat(name) //nolint:gosec // the caller names the file
	switch {
	case os.IsNotExist(err):
		return connection{}, fmt.Errorf("there is no database file %s", name)
	case err != nil:
		return connection{}, fmt.Errorf("open database: %w", err)
	case !info.Mode().IsRegular():
		return connection{}, fmt.Errorf("%s is not a file", name)
	}
	path, err := filepath.Abs(name)
	if err != nil {
		return connection{}, fmt.Errorf("open database: %w", err)
	}
	// With these modes SQLite itself ensures that a reading command changes nothing in the
	// database, and that no command creates one.
	mode := "rw"
	if !write {
		mode = "ro"
		if err := doctor.LeavesFiles(name); err != nil {
			return connection{dialect: tables.SQLite{}, vendor: vendorSQLite}, err
		}
	}
	// The engine itself waits longer for locks. With a driver's default for synchronous,
	// a power failure may undo deletions.
	query := url.Values{"mode": {mode}, "_busy_timeout": {"50"}, "_synchronous": {"FULL"}}
	db, err := sql.Open(sqlitedriver.Name, sqlitedriver.DataSource(path, query))
	if err != nil {
		return connection{}, fmt.Errorf("open database: %w", err)
	}
	return connection{db, tables.SQLite{}, vendorSQLite}, nil
}
