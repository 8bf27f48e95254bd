//go:build !cgo

package sqlitedriver

import _ "modernc.org/sqlite" // registers itself as Name

// Name is the driver's name for sql.Open.
const Name = "sqlite"
