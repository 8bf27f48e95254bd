// Package sqlitedriver chooses the SQLite driver of this module's programs and tests.
//
// With cgo it is github.com/mattn/go-sqlite3, which is SQLite itself. Without cgo it is
// modernc.org/sqlite, a translation of SQLite to Go, so that no C compiler is needed.
// Both take the same data source names, for example:
//
//	sql.Open(sqlitedriver.Name, "file:db.sqlite3?mode=rw&_busy_timeout=50&_synchronous=FULL")
//
// The name must start with "file:". Otherwise modernc.org/sqlite ignores mode=rw, and a
// wrong path makes a new, empty database.
package sqlitedriver
