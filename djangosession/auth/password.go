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
// a new key first; see [Auth.ChangePassword]. If it cannot, the password stays as it is.
// The error is one of [Auth.MakePassword] or of [Users]. Matches check_password of the
// user model.
func (a *Auth) CheckPassword(ctx context.Context, user *User, password string) (bool, error) {
	if user == nil {
		return false, ErrNilUser
	}
	mustUpdate, err := a.checkPassword(ctx, user, password)
	if err == nil && mustUpdate {
		err = a.upgradeWithNewKey(ctx, user, password)
	}
	switch {
	case errors.Is(err, ErrBadCredentials):
		return false, nil
	case err != nil:
		return false, err
	}
	return true, nil
}

// upgradeWithNewKey encodes a password that was right again and stores it, unless the
// session of the request needs a new key for that and cannot have one.
func (a *Auth) upgradeWithNewKey(ctx context.Context, user *User, password string) error {
	encoded, err := a.encodeAgain(ctx, password)
	if err != nil {
		return err
	}
	store := func(ctx context.Context) error { return a.storeAgain(ctx, user, password, encoded) }
	v, err := a.requestState(ctx)
	switch {
	case errors.Is(err, ErrNoMiddleware), err == nil && !v.isLogin(user):
		return store(ctx)
	case err != nil: // a hook asks while the user is being determined
		return nil
	}
	ctx, cancel := outlasting(ctx)
	defer cancel()
	ctx, s, err := v.lock(ctx)
	if err != nil {
		return err
	}
	defer v.asking.Unlock()
	if !v.isLogin(user) { // logged out in the meantime
		return store(ctx)
	}
	if err := beforeHeader(ctx, s, func() error { return s.CycleKey(ctx) }); err != nil {
		return nil // the password stays as it is
	}
	return store(ctx)
}

// isLogin reports whether the request is known to be one of this user.
func (v *requestState) isLogin(user *User) bool {
	login := v.found().login.User
	return login != nil && v.auth.sameID(login.ID, user.ID)
}

// ChangePassword is [Auth.SetPassword] for a user who changes the own password: the
// session of the request gets a new key and the hash of the new password, so that the user
// stays logged in. All other sessions of the user end. In a request of another user, the
// session only gets a new key.
//
// The password is encoded first, which ends with ctx and changes nothing. The rest
// continues for at most [djangosession.DefaultSaveTimeout]. The session gets its key
// before the password is stored: a parallel request of the same browser, which knows only
// the old key, would otherwise find the old hash, and flush the session.
//
// The error is one of SetPassword, [ErrNoMiddleware], [djangosession.ErrSessionGone] if
// the session has been logged out, or [djangosession.ErrHeaderSent] if the response has
// begun. After the latter three, and those of encoding, the password is unchanged. Django
// stores the session even if it was logged out. Matches set_password, save and
// update_session_auth_hash.
func (a *Auth) ChangePassword(ctx context.Context, user *User, password string) error {
	v, err := a.requestState(ctx)
	if err != nil {
		return err
	}
	encoded, err := a.newPassword(ctx, user, password)
	if err != nil {
		return err
	}
	if _, err := v.lookup(ctx); err != nil {
		return err
	}
	ctx, cancel := outlasting(ctx)
	defer cancel()
	var failed error // to store the password, after which the session is still a login of the user
	err = v.change(ctx, false, func(ctx context.Context, s *djangosession.Session, before State) (State, error) {
		if !v.isLogin(user) {
			err := a.replacePassword(ctx, user, encoded)
			if err == nil && s.Key() != "" {
				err = beforeHeader(ctx, s, func() error { return s.CycleKey(ctx) })
			}
			return before, err
		}
		err := beforeHeader(ctx, s, func() error {
			if err := s.CycleKey(ctx); err != nil {
				return fmt.Errorf("auth: change a password: %w", err)
			}
			failed = a.replacePassword(ctx, user, encoded)
			if failed == nil && !user.NoHash {
				s.Set(HashSessionKey, a.hasher.hash(user))
			}
			return nil
		})
		if err != nil || failed != nil {
			return before, err
		}
		return State{User: a.adopt(user, before.User.Backend)}, nil
	})
	return errors.Join(err, failed)
}

// SetPassword encodes a password, stores it, and sets user.Password. It does not check
// whether the password is good. All sessions of the user end; [Auth.ChangePassword] keeps
// the user of the request logged in. The error is [ErrPasswordChanged] if the stored
// password is no longer that of user: read the user again. Other errors are those of
// [Auth.MakePassword] and [Users]. Matches set_password and save.
func (a *Auth) SetPassword(ctx context.Context, user *User, password string) error {
	encoded, err := a.newPassword(ctx, user, password)
	if err != nil {
		return err
	}
	return a.replacePassword(ctx, user, encoded)
}

// newPassword encodes a password for a user.
func (a *Auth) newPassword(ctx context.Context, user *User, password string) (Secret, error) {
	if user == nil {
		return "", ErrNilUser
	}
	if err := a.mayWrite(ctx); err != nil {
		return "", fmt.Errorf("auth: set a password: %w", err)
	}
	return a.MakePassword(ctx, password)
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
