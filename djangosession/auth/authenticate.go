package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrBadCredentials is returned if the user does not exist, the password is wrong, or the
// user may not log in. Do not reveal which: it would show others who has an account.
var ErrBadCredentials = errors.New("auth: wrong user name or password")

// Authenticate returns the user with this name and password, for [Auth.Login].
// User.Backend is the first of AUTHENTICATION_BACKENDS that accepts them. An unknown name
// takes as long as a wrong password, if [Options] describe the site's default hasher. The
// database compares the names, exactly as given; Django's login form applies Unicode NFKC
// normalization first. Matches authenticate and ModelBackend.
//
// The error is [ErrBadCredentials], a [*BackendError] or an error of [Users]. It is a
// [*BackendError] if no backend of the site is known to check passwords, or if the first
// one is unknown: Django asks that backend first, and it may refuse the login, for
// example after too many attempts.
//
// The error is a [*HasherError] for a password of an unknown hasher. Each such hasher is
// logged once, however many users try to log in. If the site's default hasher (the first
// of PASSWORD_HASHERS) is unknown, unknown names and wrong passwords return the same
// error, so that it does not reveal which users exist. If the settings lack
// PASSWORD_HASHERS, respond to it as to [ErrBadCredentials].
//
// A call takes as much CPU time as in Django, a large part of a second. Limit the rate at
// which clients can call it.
//
// [Options].OnLoginFailed is called if the name or the password is refused.
func (a *Auth) Authenticate(ctx context.Context, username, password string) (*User, error) {
	user, err := a.authenticate(ctx, username, password)
	a.observeFailure(ctx, username, err)
	return user, err
}

func (a *Auth) authenticate(ctx context.Context, username, password string) (*User, error) {
	backends, err := a.passwordBackends()
	if err != nil {
		return nil, err
	}
	user, err := a.users.GetByUsername(ctx, username)
	switch {
	case errors.Is(err, ErrNoUser), err == nil && user == nil:
		return nil, a.equalizeTiming(password)
	case err != nil:
		return nil, fmt.Errorf("auth: find a user by name: %w", err)
	}
	if err := a.verify(ctx, user, password); err != nil {
		return nil, err
	}
	for _, b := range backends {
		if user.IsActive || a.takesInactive(b) {
			return a.adopt(user, b), nil
		}
	}
	return nil, ErrBadCredentials
}

// verify checks the password of a user. It takes as long for a user without a usable
// password, which is empty or was stored by set_unusable_password.
func (a *Auth) verify(ctx context.Context, user *User, password string) error {
	if user.Password == "" {
		return a.equalizeTiming(password)
	}
	ok, err := a.CheckPassword(password, user.Password)
	var unknown *HasherError
	switch {
	case ok && err == nil:
		return nil
	case err != nil && errors.As(err, &unknown):
		a.warnOfHasher(ctx, unknown)
		_ = a.equalizeTiming(password)
		return unknown
	case err != nil:
		return fmt.Errorf("auth: check a password: %w", err)
	case strings.HasPrefix(string(user.Password), unusablePrefix):
		return a.equalizeTiming(password)
	}
	name, _, _ := strings.Cut(string(user.Password), "$")
	n, _, ok := splitPBKDF2(string(user.Password))
	switch {
	case digestOf(name) != nil && !ok: // refused without any work
		return a.equalizeTiming(password)
	case name == pbkdf2SHA256 && a.options.SamplePassword == "" && n < a.options.Iterations:
		// A password with fewer iterations than new ones have must not be refused faster;
		// see harden_runtime.
		return a.spend(password, a.options.Iterations-n)
	}
	return a.refused()
}

// equalizeTiming does as much work as checking a password and returns the error of a
// refusal.
func (a *Auth) equalizeTiming(password string) error {
	if a.options.SamplePassword == "" {
		return a.spend(password, a.options.Iterations)
	}
	if _, err := a.CheckPassword(password, a.options.SamplePassword); err != nil {
		return fmt.Errorf("auth: check SamplePassword: %w", errors.Join(a.refused(), err))
	}
	return a.refused()
}

// spend is equalizeTiming with a given number of iterations of PBKDF2, Django's default
// hasher.
func (a *Auth) spend(password string, iterations int) error {
	if _, err := a.encode(pbkdf2SHA256, password, "the salt does not matter", iterations); err != nil {
		return errors.Join(a.refused(), err)
	}
	return a.refused()
}
