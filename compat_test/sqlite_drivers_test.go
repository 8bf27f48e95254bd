//go:build databases

package compat_test

import (
	_ "github.com/ncruces/go-sqlite3/driver" // as "ncruces"; see env/compat-databases
	_ "modernc.org/sqlite"                   // as "sqlite"
)
