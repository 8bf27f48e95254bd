package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrBadCredentials says that there is no such user, that the password is another one, or that the user may not log in. Do
// not tell people which: it would tell others who has an account.
var ErrBadCredentials = errors.New("auth: wrong user name or password")

// Authenticate returns the user whose name and password these are, for [Auth.Login]: by the first of
// AUTHENTICATION_BACKENDS that takes them, which User.Backend names. An unknown name takes as long as a wrong password, if
// [Options] know the site's hasher. Names are compared as the database compares them, in the form given: Django's login form
// puts them into Unicode's form NFKC before. Matches authenticate and ModelBackend.
//
// The error is [ErrBadCredentials]; a [*BackendError] if no backend of the site is known to check passwords, or if one that
// is not known comes first: Django asks it first, and it may refuse the login, for too many attempts say; or that of [Users].
//
// A password that a hasher unknown here has encoded gives a [*HasherError], which the log gets once for each hasher, however
// often people try. If that is the site's default hasher, by the first of PASSWORD_HASHERS in the settings, names without a
// user and wrong passwords give the same error, so that it does not tell which users exist. Answer it as you answer
// [ErrBadCredentials] if the settings lack PASSWORD_HASHERS.
//
// It takes as much processor time as Django's, a good part of a second: bound how often a client may ask.
func (a *Auth) Authenticate(ctx context.Context, username, password string) (*User, error) {
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

// verify checks the password of a user, and takes as long for one that has none: what set_unusable_password stores, or nothing.
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
	case digestOf(name) != nil && !ok: // it was refused without any work
		return a.equalizeTiming(password)
	case name == pbkdf2SHA256 && a.options.SamplePassword == "" && n < a.options.Iterations:
		// A password encoded with fewer iterations than new ones must not be quicker to refuse; see harden_runtime.
		return a.spend(password, a.options.Iterations-n)
	}
	return a.refused()
}

// equalizeTiming does as much work as checking a password, and returns the error of a refusal.
func (a *Auth) equalizeTiming(password string) error {
	if a.options.SamplePassword == "" {
		return a.spend(password, a.options.Iterations)
	}
	if _, err := a.CheckPassword(password, a.options.SamplePassword); err != nil {
		return fmt.Errorf("auth: check SamplePassword: %w", errors.Join(a.refused(), err))
	}
	return a.refused()
}

// spend is equalizeTiming with this number of iterations of PBKDF2, Django's default hasher.
func (a *Auth) spend(password string, iterations int) error {
	if _, err := a.encode(pbkdf2SHA256, password, "the salt does not matter", iterations); err != nil {
		return errors.Join(a.refused(), err)
	}
	return a.refused()
}
