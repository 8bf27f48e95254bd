package memory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// Users keeps users in the memory of the process, for tests and experiments. It
// implements [auth.Users]. Ids may be any text. It is safe for concurrent use.
type Users struct {
	// LoginFields names the fields in which GetByUsername looks for a name, such as
	// "email"; only "username" by default. They are "username", "email", "first_name",
	// "last_name", and those of the users' Fields. Set it before the first use.
	LoginFields []string
	// IgnoreCase makes GetByUsername ignore case. Set it before the first use.
	IgnoreCase bool

	mu     sync.Mutex
	byID   map[string]*member
	groups map[string][]string // permissions, by group
	lastID int
}

// member is a stored user.
type member struct {
	user   *auth.User
	access Access
}

// Access is what a user may do.
type Access struct {
	Groups      []string // names; see [Users.SetGroup]
	Permissions []string // as app_label.codename, such as "shop.add_order"
}

// NewUsers returns an empty set of users.
func NewUsers() *Users {
	return &Users{byID: map[string]*member{}, groups: map[string][]string{}}
}

// SetGroup adds a group with these permissions, or replaces them.
func (u *Users) SetGroup(name string, permissions ...string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.groups[name] = slices.Clone(permissions)
}

// Add stores a copy of user. If user has no ID, the copy gets the next number. The result
// is the stored user. The error reports an ID or a user name that is in use, a group that
// does not exist, or a nil user.
func (u *Users) Add(user *auth.User, a Access) (*auth.User, error) {
	if user == nil {
		return nil, fmt.Errorf("memory: add a user: %w", auth.ErrNilUser)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	stored := clone(user)
	for stored.ID == "" || user.ID == "" && u.byID[stored.ID] != nil {
		u.lastID++
		stored.ID = strconv.Itoa(u.lastID)
	}
	if u.byID[stored.ID] != nil {
		return nil, fmt.Errorf("memory: add a user: the id %q is in use", stored.ID)
	}
	if u.named(stored.Username) != nil {
		return nil, fmt.Errorf("memory: add a user: the name %q is in use", stored.Username)
	}
	for _, g := range a.Groups {
		if _, ok := u.groups[g]; !ok {
			return nil, fmt.Errorf("memory: add a user: there is no group %q: call SetGroup first", g)
		}
	}
	u.byID[stored.ID] = &member{user: stored, access: Access{
		Groups: slices.Clone(a.Groups), Permissions: slices.Clone(a.Permissions),
	}}
	return clone(stored), nil
}

// clone returns a copy that can be given away.
func clone(u *auth.User) *auth.User {
	return &auth.User{
		ID: u.ID, Username: u.Username, Password: u.Password, NoHash: u.NoHash, IsActive: u.IsActive, IsStaff: u.IsStaff,
		IsSuperuser: u.IsSuperuser, LastLogin: u.LastLogin, Email: u.Email, FirstName: u.FirstName, LastName: u.LastName,
		DateJoined: u.DateJoined, Fields: maps.Clone(u.Fields), Backend: u.Backend,
	}
}

// named returns the user with this name, or nil. u.mu is held.
func (u *Users) named(username string) *member {
	for _, m := range u.byID {
		if m.user.Username == username {
			return m
		}
	}
	return nil
}

// change runs f with the user of this id.
func (u *Users) change(ctx context.Context, id string, f func(*member) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("memory: users: %w", err)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	m := u.byID[id]
	if m == nil {
		return auth.ErrNoUser
	}
	return f(m)
}

// Get implements [auth.Users].
func (u *Users) Get(ctx context.Context, id string) (user *auth.User, err error) {
	err = u.change(ctx, id, func(m *member) error { user = clone(m.user); return nil })
	return user, err
}

// GetByUsername implements [auth.Users]. Like a table, it refuses a name that several
// users have.
func (u *Users) GetByUsername(ctx context.Context, username string) (*auth.User, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("memory: users: %w", err)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	var found *member
	for _, m := range u.byID {
		switch {
		case !u.matches(m.user, username):
		case found != nil:
			return nil, errors.New("memory: several users have this name: compare fewer LoginFields, or compare case")
		default:
			found = m
		}
	}
	if found == nil {
		return nil, auth.ErrNoUser
	}
	return clone(found.user), nil
}

// UsersByEmail returns the users with this address, without regard to case, active or not,
// in the order of their ids, and none if it is empty. Package auth/views uses it.
func (u *Users) UsersByEmail(ctx context.Context, email string) ([]*auth.User, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("memory: users: %w", err)
	}
	if email == "" {
		return nil, nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	var found []*auth.User
	for _, m := range u.byID {
		if strings.EqualFold(m.user.Email, email) {
			found = append(found, clone(m.user))
		}
	}
	slices.SortFunc(found, func(a, b *auth.User) int { // their ids may be numbers
		return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), strings.Compare(a.ID, b.ID))
	})
	return found, nil
}

// matches reports whether a login with this name is the user's.
func (u *Users) matches(user *auth.User, name string) bool {
	is := func(text string) bool { return text == name || u.IgnoreCase && strings.EqualFold(text, name) }
	if len(u.LoginFields) == 0 {
		return is(user.Username)
	}
	return slices.ContainsFunc(u.LoginFields, func(field string) bool {
		switch field {
		case "username":
			return is(user.Username)
		case "email":
			return is(user.Email)
		case "first_name":
			return is(user.FirstName)
		case "last_name":
			return is(user.LastName)
		}
		text, ok := user.Fields[field].(string)
		return ok && is(text)
	})
}

// SetLastLogin implements [auth.Users].
func (u *Users) SetLastLogin(ctx context.Context, id string, at time.Time) error {
	return u.change(ctx, id, func(m *member) error { m.user.LastLogin = at; return nil })
}

// ReplacePassword implements [auth.Users].
func (u *Users) ReplacePassword(ctx context.Context, id string, old, encoded auth.Secret) error {
	return u.change(ctx, id, func(m *member) error {
		if m.user.Password != old {
			return auth.ErrPasswordChanged
		}
		m.user.Password = encoded
		return nil
	})
}

// Groups implements [auth.Users].
func (u *Users) Groups(ctx context.Context, user *auth.User) (names []string, err error) {
	err = u.change(ctx, user.ID, func(m *member) error { names = slices.Clone(m.access.Groups); return nil })
	return names, err
}

// Permissions implements [auth.Users]. All permissions are those of all groups and users.
func (u *Users) Permissions(ctx context.Context, user *auth.User) (names []string, err error) {
	err = u.change(ctx, user.ID, func(m *member) error {
		all := map[string]bool{}
		add := func(permissions []string) {
			for _, p := range permissions {
				all[p] = true
			}
		}
		members := []*member{m}
		groups := m.access.Groups
		if user.IsSuperuser {
			members, groups = slices.Collect(maps.Values(u.byID)), slices.Collect(maps.Keys(u.groups))
		}
		for _, other := range members {
			add(other.access.Permissions)
		}
		for _, g := range groups {
			add(u.groups[g])
		}
		names = slices.Sorted(maps.Keys(all))
		return nil
	})
	return names, err
}
