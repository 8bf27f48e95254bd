package auth

import (
	"context"
	"errors"
	"fmt"

	"github.com/djangobridge/djangobridge/djangosession"
)

// ErrBadCredentials is returned if the user does not exist, the password is wrong, or the
// user may not log in. Do not reveal which: it would show others who has an account.
var ErrBadCredentials = errors.New("auth: wrong user name or password")

// Authenticate returns the user with this name and password, for [Auth.Login].
// User.Backend is the first of AUTHENTICATION_BACKENDS that accepts them. The database
// compares the names, exactly as given; Django's login form applies Unicode NFKC
// normalization first. An unknown name takes as long as a wrong password. Matches
// authenticate and ModelBackend.
//
// If Django would now encode the password again, with another hasher or other parameters,
// Authenticate does so and stores the result. It does not overwrite a password that was
// changed in the meantime, but checks that one. As in Django, the user's other sessions
// end. Nothing is encoded or stored if the site is read-only.
//
// The error is [ErrBadCredentials], [ErrNoHashers], a [*BackendError], or an error of ctx
// or [Users]. It is a [*BackendError] if no backend of the site is known to check
// passwords, or if the first one is unknown: Django asks that backend first, and it may
// refuse the login, for example after too many attempts.
//
// The error is a [*HasherError] for a password of an unknown hasher. If the site's
// default hasher (the first of PASSWORD_HASHERS) is unknown, unknown names and wrong
// passwords return the same error. Answer clients as for [ErrBadCredentials] in every
// case: otherwise the difference reveals that the user exists. Package hashers logs the
// error.
//
// A call takes as much CPU time and memory as in Django. Limit the rate at which clients
// can call it.
//
// [Options].OnLoginFailed is called if the name or the password is refused.
func (a *Auth) Authenticate(ctx context.Context, username, password string) (*User, error) {
	start := a.start()
	user, err := a.authenticate(ctx, username, password)
	a.observe(ctx, OpAuthenticate, start, outcomeOf(err))
	a.observeFailure(ctx, username, err)
	return user, err
}

func (a *Auth) authenticate(ctx context.Context, username, password string) (*User, error) {
	backends, err := a.passwordBackends()
	if err != nil {
		return nil, err
	}
	user, err := a.users.GetByUsername(ctx, username)
	if err != nil && !errors.Is(err, ErrNoUser) {
		return nil, fmt.Errorf("auth: find a user by name: %w", err)
	}
	mustUpdate, err := a.checkPassword(ctx, user, password)
	if err == nil && mustUpdate {
		var encoded Secret
		if encoded, err = a.encodeAgain(ctx, password); err == nil {
			err = a.storeAgain(ctx, user, password, encoded)
		}
	}
	if err != nil {
		return nil, err
	}
	for _, b := range backends {
		if user.IsActive || a.takesInactive(b) {
			return a.adopt(user, b), nil
		}
	}
	return nil, ErrBadCredentials
}

// checkPassword checks the password of a user. It reports whether Django would now encode
// it again and this service may. The error is [ErrBadCredentials] if the password is
// wrong. A nil user takes as long.
func (a *Auth) checkPassword(ctx context.Context, user *User, password string) (mustUpdate bool, err error) {
	if a.options.Hashers == nil {
		return false, ErrNoHashers
	}
	var stored Secret
	if user != nil {
		stored = user.Password
	}
	ok, mustUpdate, err := a.options.Hashers.Check(ctx, password, stored)
	switch {
	case errors.Is(err, ErrUnknownHasher):
		return false, err
	case err != nil:
		return false, fmt.Errorf("auth: check a password: %w", err)
	case !ok || user == nil:
		return false, ErrBadCredentials
	}
	return mustUpdate && a.mayWrite(ctx) == nil, nil
}

// encodeAgain encodes a password that was right.
func (a *Auth) encodeAgain(ctx context.Context, password string) (Secret, error) {
	encoded, err := a.options.Hashers.Make(ctx, password)
	if err != nil {
		return "", fmt.Errorf("auth: encode a password again: %w", err)
	}
	return encoded, nil
}

// storeAgain stores a password that was right and was encoded again.
func (a *Auth) storeAgain(ctx context.Context, user *User, password string, encoded Secret) error {
	err := a.users.ReplacePassword(ctx, user.ID, user.Password, encoded)
	switch {
	case err == nil:
		user.Password = encoded
		return nil
	case errors.Is(err, ErrPasswordChanged):
		return a.recheckPassword(ctx, user, password)
	case errors.Is(err, ErrNoUser):
		return ErrBadCredentials
	case errors.Is(err, djangosession.ErrReadOnly), errors.Is(err, errors.ErrUnsupported):
		return nil
	}
	return fmt.Errorf("auth: store a password that was encoded again: %w", err)
}

// recheckPassword checks a password that was right against the one that has been stored
// since. Another login may have encoded the same password again.
func (a *Auth) recheckPassword(ctx context.Context, user *User, password string) error {
	now, err := a.users.Get(ctx, user.ID)
	switch {
	case errors.Is(err, ErrNoUser), err == nil && now == nil:
		return ErrBadCredentials
	case err != nil:
		return fmt.Errorf("auth: read a user again: %w", err)
	}
	ok, _, err := a.options.Hashers.Check(ctx, password, now.Password)
	switch {
	case err != nil:
		return fmt.Errorf("auth: check a password: %w", err)
	case !ok:
		return ErrBadCredentials
	}
	user.Password, user.IsActive = now.Password, now.IsActive
	return nil
}
