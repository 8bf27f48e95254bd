package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"time"

	"github.com/djangobridge/djangobridge/internal/uuidtext"
	"github.com/djangobridge/djangobridge/py"
)

// A User is a row of the user table at one moment. A nil *User stands for Django's
// AnonymousUser.
type User struct {
	ID       string // primary key as sessions hold it: pk.value_to_string
	Username string // value of the field USERNAME_FIELD
	// Password is the encoded password, from which the session's hash is computed.
	Password Secret `json:"-"`
	// NoHash is for models without get_session_auth_hash. Sessions are then not bound to
	// the password, and a session without a hash is a login.
	NoHash      bool
	IsActive    bool // true if the model has no such field
	IsStaff     bool
	IsSuperuser bool
	LastLogin   time.Time // zero if never, or if the model has no such field

	// Email, FirstName, LastName and DateJoined are empty if the model has no such field,
	// or if the settings were exported by an older version, without the model's fields.
	Email      string // value of the field that get_email_field_name returns
	FirstName  string
	LastName   string
	DateJoined time.Time
	// Fields contains the further fields that were read; see tables.UserOptions.Fields
	// and [User.Field].
	Fields map[string]any

	// Backend is the backend by which the user was authenticated or is logged in; ""
	// before.
	Backend string

	permissions permissions
}

// String returns the user name, or "AnonymousUser" for nil. Matches str(user).
func (u *User) String() string {
	if u == nil {
		return "AnonymousUser"
	}
	return u.Username
}

// IDInt64 returns the id if the model's primary key is an integer. The error is
// [ErrBadID].
func (u *User) IDInt64() (int64, error) {
	if u == nil {
		return 0, ErrBadID
	}
	n, err := strconv.ParseInt(u.ID, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != u.ID {
		return 0, ErrBadID
	}
	return n, nil
}

// IDUUID returns the id if the model's primary key is a UUID. The error is [ErrBadID].
func (u *User) IDUUID() (py.UUID, error) {
	if u == nil {
		return py.UUID{}, ErrBadID
	}
	id, err := py.ParseUUID(u.ID)
	if err != nil {
		return id, ErrBadID
	}
	return id, nil
}

// IDComparer is an optional interface of [Users] that can compare ids. Without it, ids
// are equal if they are the same text or two spellings of the same UUID.
type IDComparer interface {
	SameID(a, b string) bool
}

// sameID reports whether two ids belong to the same user.
func (a *Auth) sameID(x, y string) bool {
	if users, ok := a.users.(IDComparer); ok {
		return users.SameID(x, y)
	}
	return x == y || uuidtext.Same(x, y)
}

// Users stores the users of a site; tables.Users uses Django's tables. Implementations
// must be safe for concurrent use. Returned users belong to the caller.
type Users interface {
	// Get returns the user with this id, active or not. The error is [ErrNoUser] if there
	// is no such user, and [ErrBadID] if the id is invalid for the user model.
	Get(ctx context.Context, id string) (*User, error)
	// GetByUsername returns the user with this name, as get_by_natural_key does, or
	// [ErrNoUser].
	GetByUsername(ctx context.Context, username string) (*User, error)
	// SetLastLogin stores the time of the user's last login. The error is [ErrNoUser] if
	// the user no longer exists. It does nothing if the model has no such field.
	SetLastLogin(ctx context.Context, id string, at time.Time) error
	// ReplacePassword stores an encoded password if the stored one is exactly old, in one
	// step. The error is [ErrPasswordChanged] if another is stored, [ErrNoUser] if the
	// user no longer exists, [ErrBadID], [djangosession.ErrReadOnly], or
	// [errors.ErrUnsupported] if the model has no password field.
	ReplacePassword(ctx context.Context, id string, old, encoded Secret) error
	// Groups returns the names of the user's groups.
	Groups(ctx context.Context, user *User) ([]string, error)
	// Permissions returns the permissions of the user and of the user's groups, as
	// app_label.codename; for a superuser, all that exist. Inactive users are treated
	// like active ones.
	Permissions(ctx context.Context, user *User) ([]string, error)
}

// Errors of [Users].
var (
	ErrNoUser = errors.New("auth: no such user")
	ErrBadID  = errors.New("auth: no user of the site's user model can have this id")
	// ErrPasswordChanged is returned by ReplacePassword.
	ErrPasswordChanged = errors.New("auth: the user's password was changed in the meantime: read the user again")
)

// A Secret is text that package fmt, log/slog and encoding/json print as asterisks.
type Secret string

const redacted = "********"

// String implements [fmt.Stringer] and hides the text.
func (Secret) String() string { return redacted }

// Format implements [fmt.Formatter] and hides the text, even for verbs such as %d.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText implements [encoding.TextMarshaler] and hides the text.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements [slog.LogValuer] and hides the text.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
