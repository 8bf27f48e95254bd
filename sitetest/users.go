package sitetest

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// A User describes a user of a site in memory.
type User struct {
	Username string
	Password string // without one, the user cannot log in with a password
	Email    string
	ID       string // the next number if empty

	Inactive, Staff, Superuser bool

	Groups      []string // names; see [Site.AddGroup]
	Permissions []string // as app_label.codename, such as "shop.add_order"
}

// AddUser adds a user to a site in memory.
func (s *Site) AddUser(t testing.TB, u User) *auth.User {
	t.Helper()
	s.inMemory(t, "AddUser")
	user, err := s.users.Add(&auth.User{
		ID: u.ID, Username: u.Username, Email: u.Email, Password: encode(t, u.Password),
		IsActive: !u.Inactive, IsStaff: u.Staff, IsSuperuser: u.Superuser,
	}, memory.Access{Groups: u.Groups, Permissions: u.Permissions})
	if err != nil {
		t.Fatalf("sitetest: AddUser: %v", err)
	}
	return user
}

// AddGroup adds a group with these permissions to a site in memory.
func (s *Site) AddGroup(t testing.TB, name string, permissions ...string) {
	t.Helper()
	s.inMemory(t, "AddGroup")
	s.users.SetGroup(name, permissions...)
}

// User returns the user who enters this name to log in: the value of USERNAME_FIELD, or,
// with LoginFields of [djangobridge.Options], that of one of these fields, such as an
// e-mail address.
func (s *Site) User(t testing.TB, login string) *auth.User {
	t.Helper()
	user, err := s.Users.GetByUsername(t.Context(), login)
	if err != nil {
		t.Fatalf("sitetest: User: find the user who logs in as %q: %v", login, err)
	}
	return user
}

// inMemory ends the test if users cannot be added.
func (s *Site) inMemory(t testing.TB, method string) {
	t.Helper()
	if s.users == nil {
		t.Fatalf("sitetest: %s: the site is in a database, where Django creates users: find one by its name with Site.User", method)
	}
}

// unusable is the start of a password that matches nothing.
const unusable = "!"

// encode returns a password as the site's hasher encodes it.
func encode(t testing.TB, password string) auth.Secret {
	t.Helper()
	if password == "" {
		return unusable
	}
	const salt = "sitetest"
	key, err := pbkdf2.Key(sha256.New, password, []byte(salt), 1, sha256.Size)
	if err != nil {
		t.Fatalf("sitetest: hash a password: %v", err)
	}
	return auth.Secret("pbkdf2_sha256$1$" + salt + "$" + base64.StdEncoding.EncodeToString(key))
}

// cheapHashers returns PASSWORD_HASHERS of a site in memory, and their description.
func cheapHashers() ([]string, []djangosession.PasswordHasher) {
	const class = "django.contrib.auth.hashers.PBKDF2PasswordHasher"
	return []string{class}, []djangosession.PasswordHasher{{
		Class: class, Algorithm: "pbkdf2_sha256", MRO: []string{class}, Parameters: map[string]int{"iterations": 1},
	}}
}

// unwritten are users for the helpers of this package, which must not change them.
type unwritten struct{ auth.Users }

// SetLastLogin stores nothing.
func (unwritten) SetLastLogin(context.Context, string, time.Time) error { return nil }

// ReplacePassword implements [auth.Users].
func (unwritten) ReplacePassword(context.Context, string, auth.Secret, auth.Secret) error {
	return djangosession.ErrReadOnly
}

// SameID implements [auth.IDComparer].
func (u unwritten) SameID(a, b string) bool {
	if users, ok := u.Users.(auth.IDComparer); ok {
		return users.SameID(a, b)
	}
	return a == b
}
