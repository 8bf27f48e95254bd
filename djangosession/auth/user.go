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

// A User is somebody who may log in, as the user table has it at one moment. A nil *User is nobody: Django's AnonymousUser.
type User struct {
	ID       string // the primary key as sessions hold it: pk.value_to_string
	Username string // the field that USERNAME_FIELD names
	// Password is the encoded password, on which the session's hash depends.
	Password Secret `json:"-"`
	// NoHash is for users whose model has no get_session_auth_hash: then nothing binds sessions to the password, and a session
	// without a hash is a login.
	NoHash      bool
	IsActive    bool // true for a model without the field
	IsStaff     bool
	IsSuperuser bool
	LastLogin   time.Time // zero for never, or a model without the field
	// Backend is by which backend the user is logged in or was authenticated; "" before that.
	Backend string

	permissions permissions
}

// String returns the user's name, "AnonymousUser" for nobody. Matches str(user).
func (u *User) String() string {
	if u == nil {
		return "AnonymousUser"
	}
	return u.Username
}

// IDInt64 returns the id of a model whose primary key is a number. The error is [ErrBadID].
func (u *User) IDInt64() (int64, error) {
	n, err := strconv.ParseInt(u.ID, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != u.ID {
		return 0, ErrBadID
	}
	return n, nil
}

// IDUUID returns the id of a model whose primary key is a UUID. The error is [ErrBadID].
func (u *User) IDUUID() (py.UUID, error) {
	id, err := py.ParseUUID(u.ID)
	if err != nil {
		return id, ErrBadID
	}
	return id, nil
}

// IDComparer may be implemented by [Users] that know when two texts are the id of one user. Of others two are taken for one also
// where they are two writings of a UUID.
type IDComparer interface {
	SameID(a, b string) bool
}

// sameID reports whether two ids are those of one user.
func (a *Auth) sameID(x, y string) bool {
	if users, ok := a.users.(IDComparer); ok {
		return users.SameID(x, y)
	}
	return x == y || uuidtext.Same(x, y)
}

// Users is where the people of a site are kept; tables.Users reads Django's tables. Several goroutines may use it. The users
// that it returns are the caller's.
type Users interface {
	// Get returns the user of this id, active or not. It returns [ErrNoUser] if there is none, and [ErrBadID] if no user can
	// have it.
	Get(ctx context.Context, id string) (*User, error)
	// GetByUsername returns the user of this name, as get_by_natural_key does, or [ErrNoUser].
	GetByUsername(ctx context.Context, username string) (*User, error)
	// SetLastLogin stores when the user has logged in. It returns [ErrNoUser] if there is none any more, and does nothing for
	// a model without such a field.
	SetLastLogin(ctx context.Context, id string, at time.Time) error
	// Groups returns the names of the groups that the user is in.
	Groups(ctx context.Context, user *User) ([]string, error)
	// Permissions returns the permissions that the user or one of the user's groups has, all that there are for a superuser,
	// each as app_label.codename. Whether the user is active does not matter here.
	Permissions(ctx context.Context, user *User) ([]string, error)
}

// Errors of [Users].
var (
	ErrNoUser = errors.New("auth: no such user")
	ErrBadID  = errors.New("auth: no user of the site's user model can have this id")
)

// A Secret is text that does not print: neither in a log nor by way of package fmt or encoding/json.
type Secret string

const redacted = "********"

// String implements [fmt.Stringer] and hides the text.
func (Secret) String() string { return redacted }

// Format implements [fmt.Formatter] and hides the text, also from verbs that are not for text, such as %d.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText implements [encoding.TextMarshaler] and hides the text.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements [slog.LogValuer] and hides the text.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
