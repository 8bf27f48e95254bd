// Package uuidtext compares UUIDs that are written as text.
package uuidtext

import "github.com/djangobridge/djangobridge/py"

// Same reports whether a and b are the same UUID, each in any form that [py.ParseUUID]
// accepts.
func Same(a, b string) bool {
	x, errX := py.ParseUUID(a)
	y, errY := py.ParseUUID(b)
	return errX == nil && errY == nil && x == y
}
