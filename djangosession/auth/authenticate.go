package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
// The error is [ErrBadCredentials]; [ErrBackend] if no backend of the site is known to check passwords, or if one that is not
// known comes first: Django asks it first, and it may refuse the login, for too many attempts say; [ErrUnknownHasher]; or that
// of [Users].
//
// It takes as much processor time as Django's, a good part of a second: bound how often a client may ask.
func (a *Auth) Authenticate(ctx context.Context, username, password string) (*User, error) {
	backends := a.passwordBackends()
	if len(backends) == 0 {
		return nil, ErrBackend
	}
	user, err := a.users.GetByUsername(ctx, username)
	switch {
	case errors.Is(err, ErrNoUser), err == nil && user == nil:
		return nil, a.takeTime(password)
	case err != nil:
		return nil, fmt.Errorf("auth: find a user by name: %w", err)
	}
	if err := a.verify(user, password); err != nil {
		return nil, err
	}
	for _, b := range backends {
		if user.IsActive || a.takesInactive(b) {
			return a.adopt(user, b), nil
		}
	}
	return nil, ErrBadCredentials
}

// verify checks the password of a user, and takes as long for one that has none.
func (a *Auth) verify(user *User, password string) error {
	ok, err := a.CheckPassword(password, user.Password)
	switch {
	case ok && err == nil:
		return nil
	case errors.Is(err, ErrUnknownHasher):
		return errors.Join(err, a.takeTime(password))
	case err != nil:
		return fmt.Errorf("auth: check a password: %w", err)
	case strings.HasPrefix(string(user.Password), unusablePrefix):
		return a.takeTime(password)
	}
	// A password encoded with fewer iterations than new ones must not be quicker to refuse; see harden_runtime.
	if name, _, _ := strings.Cut(string(user.Password), "$"); name == pbkdf2SHA256 && a.options.SamplePassword == "" {
		if n, _, ok := splitPBKDF2(string(user.Password)); ok && n < a.options.Iterations {
			return takeTime(password, a.options.Iterations-n)
		}
	}
	return ErrBadCredentials
}

// passwordBackends returns the backends that check passwords, up to the first of which it is not known what it does.
func (a *Auth) passwordBackends() []string {
	var backends []string
	for _, b := range a.options.AuthenticationBackends {
		switch {
		case b == ModelBackend, b == AllowAllUsersModelBackend, slices.Contains(a.options.PasswordBackends, b):
			backends = append(backends, b)
		case b == RemoteUserBackend, b == AllowAllUsersRemoteUserBackend, slices.Contains(a.options.PassedBackends, b):
		default:
			return backends
		}
	}
	return backends
}

// takeTime does as much work as checking a password, and returns [ErrBadCredentials].
func (a *Auth) takeTime(password string) error {
	if a.options.SamplePassword != "" {
		_, err := a.CheckPassword(password, a.options.SamplePassword)
		return errors.Join(ErrBadCredentials, err)
	}
	return takeTime(password, a.options.Iterations)
}

// takeTime is the method of this name with so many iterations of Django's default hasher.
func takeTime(password string, iterations int) error {
	_, err := encodePBKDF2(pbkdf2SHA256, password, "the salt does not matter", iterations)
	return errors.Join(ErrBadCredentials, err)
}
