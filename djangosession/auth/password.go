package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
)

// Hashers checks and encodes passwords; package hashers implements it. Implementations
// must be safe for concurrent use.
type Hashers interface {
	// Check reports whether encoded is the encoding of password, and if so, whether
	// Django would now encode the password again. Empty text, and text that begins with
	// "!", match no password. A refusal takes as long as the check of a password encoded
	// by Make. The error is a [*HasherError] for an unknown hasher.
	Check(ctx context.Context, password string, encoded Secret) (ok, mustUpdate bool, err error)
	// Make encodes a password with a new salt. The error is [ErrPasswordTooLong] for a
	// password that is too long for the hasher.
	Make(ctx context.Context, password string) (Secret, error)
}

// unusablePrefix is UNUSABLE_PASSWORD_PREFIX.
const unusablePrefix = "!"

// HasUsablePassword reports whether set_unusable_password was not called for the user. It
// is false for nil. Matches has_usable_password.
func (u *User) HasUsablePassword() bool {
	return u != nil && !strings.HasPrefix(string(u.Password), unusablePrefix)
}

// MakePassword encodes a password by the site's default hasher, for tables that the
// caller writes. [Auth.SetPassword] stores it. The error is [ErrNoHashers],
// [ErrPasswordTooLong], a [*HasherError] or another error of [Hashers].Make. Matches
// make_password.
func (a *Auth) MakePassword(ctx context.Context, password string) (Secret, error) {
	if a.options.Hashers == nil {
		return "", ErrNoHashers
	}
	return a.options.Hashers.Make(ctx, password)
}

// CheckPassword reports whether password is that of user.Password. If the stored password
// may have changed since user was read, read the user again. If Django would now encode
// the password again, CheckPassword does so, stores the result and updates user.Password.
// Then [Auth.UpdateSessionAuthHash] keeps the user logged in, and other sessions of the
// user end, as in Django. The session of a request in which [UserFrom] found the user gets
// a new key first, so that no parallel request ends the login; if it cannot, the password
// stays as it is. The error is one of [Auth.MakePassword] or of [Users]. Matches
// check_password of the user model.
func (a *Auth) CheckPassword(ctx context.Context, user *User, password string) (bool, error) {
	if user == nil {
		return false, ErrNilUser
	}
	mustUpdate, err := a.checkPassword(ctx, user, password)
	if err == nil && mustUpdate && a.renewKey(ctx, user) == nil {
		err = a.upgradePassword(ctx, user, password)
	}
	switch {
	case errors.Is(err, ErrBadCredentials):
		return false, nil
	case err != nil:
		return false, err
	}
	return true, nil
}

// renewKey gives the session of the request a new key, if it is known to be a login of the
// user. Parallel requests of the same browser then cannot find the session while its hash
// is that of an old password, and flush it.
func (a *Auth) renewKey(ctx context.Context, user *User) error {
	v, err := a.requestState(ctx)
	if err != nil {
		return nil //nolint:nilerr // no session of a request
	}
	if login := v.found().login.User; login == nil || !a.sameID(login.ID, user.ID) {
		return nil
	}
	return v.change(ctx, false, func(ctx context.Context, s *djangosession.Session, before State) (State, error) {
		return before, beforeHeader(ctx, s, func() error { return s.CycleKey(ctx) })
	})
}

// SetPassword encodes a password, stores it, and sets user.Password. It does not check
// whether the password is good. [Auth.UpdateSessionAuthHash] keeps the user logged in and
// says in which order; all other sessions of the user end. The error is [ErrPasswordChanged]
// if the stored password is no longer that of user: read the user again. Other errors are
// those of [Auth.MakePassword] and [Users]. Matches set_password and save.
func (a *Auth) SetPassword(ctx context.Context, user *User, password string) error {
	if user == nil {
		return ErrNilUser
	}
	if err := a.mayWrite(ctx); err != nil {
		return fmt.Errorf("auth: set a password: %w", err)
	}
	encoded, err := a.MakePassword(ctx, password)
	if err != nil {
		return err
	}
	return a.replacePassword(ctx, user, encoded)
}

// SetUnusablePassword stores text that matches no password, and sets user.Password. The
// errors are those of [Auth.SetPassword]. Matches set_unusable_password and save.
func (a *Auth) SetUnusablePassword(ctx context.Context, user *User) error {
	if user == nil {
		return ErrNilUser
	}
	if err := a.mayWrite(ctx); err != nil {
		return fmt.Errorf("auth: set a password: %w", err)
	}
	return a.replacePassword(ctx, user, UnusablePassword())
}

// UnusablePassword returns text that matches no password, for new users without one.
// Matches make_password(None).
func UnusablePassword() Secret {
	const length = 40 // UNUSABLE_PASSWORD_SUFFIX_LENGTH
	return Secret(unusablePrefix + (rand.Text() + rand.Text())[:length])
}

// replacePassword stores the password of a user.
func (a *Auth) replacePassword(ctx context.Context, user *User, encoded Secret) error {
	if err := a.users.ReplacePassword(ctx, user.ID, user.Password, encoded); err != nil {
		return fmt.Errorf("auth: store a password: %w", err)
	}
	user.Password = encoded
	return nil
}
