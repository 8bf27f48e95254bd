package tables

import (
	"strconv"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/internal/uuidtext"
	"github.com/djangobridge/djangobridge/py"
)

// parseID turns the id in a session into the argument of a query. The error is
// [auth.ErrBadID], or [auth.ErrNoUser] for text that no database holds.
func (u *Users) parseID(id string) (any, error) {
	switch u.idType {
	case IntegerKey:
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil || strconv.FormatInt(n, 10) != id {
			return nil, auth.ErrBadID
		}
		return n, nil
	case UUIDKey:
		uuid, err := py.ParseUUID(id)
		if err != nil {
			return nil, auth.ErrBadID
		}
		// All products take the digits alone, and a char(32) column holds nothing else.
		return strings.ReplaceAll(uuid.String(), "-", ""), nil
	case TextKey:
	}
	if !possibleKey(id) {
		return nil, auth.ErrNoUser
	}
	return id, nil
}

// SameID implements [auth.IDComparer]: a UUID may be written in several ways.
func (u *Users) SameID(a, b string) bool {
	return a == b || u.idType == UUIDKey && uuidtext.Same(a, b)
}

// sampleID returns a value that parseID could return.
func sampleID(t IDType) any {
	switch t {
	case IntegerKey:
		return int64(0)
	case UUIDKey:
		return strings.Repeat("0", 32)
	case TextKey:
	}
	return "-"
}

// idIs is the condition that a column holds a value that parseID returned.
func (u *Users) idIs(a *args, column string, key any) string {
	if text, ok := key.(string); ok && u.idType == TextKey {
		return u.dialect.keyIs(a, column, text)
	}
	return column + " = " + u.dialect.idExpr(a.add(key), u.idType)
}

// idText is the expression that gives an id as text.
func idText(d Dialect, t IDType, column string) string {
	if t == TextKey {
		return column
	}
	return d.text(column)
}
