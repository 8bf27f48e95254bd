//go:build cgo

package sqlitedriver

import _ "github.com/mattn/go-sqlite3" // registers itself as Name

// Name is the driver's name for sql.Open.
const Name = "sqlite3"
