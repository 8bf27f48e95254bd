package auth

import (
	"fmt"
	"strings"
)

// IsAuthenticated reports whether there is a user. Matches is_authenticated.
func (u *User) IsAuthenticated() bool { return u != nil }

// IsAnonymous reports whether there is no user. Matches is_anonymous.
func (u *User) IsAnonymous() bool { return u == nil }

// GetUsername returns the user name, or "" for nil. Matches get_username.
func (u *User) GetUsername() string {
	if u == nil {
		return ""
	}
	return u.Username
}

// GetFullName returns the first and the last name, with a space between them, or "" for
// nil. Matches get_full_name of Django's AbstractUser.
func (u *User) GetFullName() string {
	if u == nil {
		return ""
	}
	return strings.TrimSpace(u.FirstName + " " + u.LastName)
}

// GetShortName returns the first name, or "" for nil. Matches get_short_name of Django's
// AbstractUser.
func (u *User) GetShortName() string {
	if u == nil {
		return ""
	}
	return u.FirstName
}

// Field returns the value of a further field; nil if it is NULL in the database, and for
// a nil user. The error names the option if the field has not been read.
func (u *User) Field(name string) (any, error) {
	if u == nil {
		return nil, nil // AnonymousUser has no such attribute
	}
	v, there := u.Fields[name]
	if !there {
		return nil, fmt.Errorf("auth: the field %q of the user has not been read: name it in tables.UserOptions.Fields", name)
	}
	return v, nil
}

// FieldAs is [User.Field] with a type. It returns the zero value for NULL and for a nil
// user. The error names the option if the field has not been read, or the types if the
// value has another one.
func FieldAs[T any](u *User, name string) (T, error) {
	var zero T
	v, err := u.Field(name)
	if err != nil || v == nil {
		return zero, err
	}
	value, ok := v.(T)
	if !ok {
		return zero, fmt.Errorf("auth: the field %q of the user is a %T and not a %T", name, v, zero)
	}
	return value, nil
}
