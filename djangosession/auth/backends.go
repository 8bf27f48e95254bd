package auth

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// Django's built-in backends that find users in a table.
const (
	ModelBackend                   = "django.contrib.auth.backends.ModelBackend"
	AllowAllUsersModelBackend      = "django.contrib.auth.backends.AllowAllUsersModelBackend"
	RemoteUserBackend              = "django.contrib.auth.backends.RemoteUserBackend"
	AllowAllUsersRemoteUserBackend = "django.contrib.auth.backends.AllowAllUsersRemoteUserBackend"
)

// ErrBackend is returned if a backend cannot authenticate a user or log one in. The error
// is a [*BackendError].
var ErrBackend = errors.New("auth: the authentication backend is unknown or ambiguous")

// A BackendError names the backend at fault and the remedy. errors.Is reports it as
// [ErrBackend].
type BackendError struct {
	// Backend is the backend as AUTHENTICATION_BACKENDS names it; "" if the caller named
	// none.
	Backend string
	// Option is the field of [Options] or [djangosession.Settings] that solves the
	// problem; "" if the caller has to name a backend.
	Option  string
	problem string // includes the remedy
}

func (e *BackendError) Error() string {
	if e.Backend == "" {
		return "auth: " + e.problem
	}
	return fmt.Sprintf("auth: the backend %q %s", e.Backend, e.problem)
}

// Is reports whether target is [ErrBackend].
func (*BackendError) Is(target error) bool { return target == ErrBackend }

// backendFor returns the backend by which to log a user in.
func (a *Auth) backendFor(user *User, backend string) (string, error) {
	all := a.backends
	if backend == "" {
		backend = user.Backend
	}
	switch {
	case slices.Contains(all, backend):
		return backend, nil
	case backend != "":
		return "", &BackendError{Backend: backend, Option: "AuthenticationBackends", problem: "is not one of " +
			"AUTHENTICATION_BACKENDS (" + strings.Join(all, ", ") + "): " + listIt}
	case len(all) > 1:
		return "", &BackendError{problem: "the site has several AUTHENTICATION_BACKENDS (" + strings.Join(all, ", ") +
			"), but User.Backend is empty: set it, or call LoginBackend"}
	}
	return all[0], nil
}

// listIt is the remedy for a backend that is missing from AUTHENTICATION_BACKENDS.
const listIt = "list it in Settings.AuthenticationBackends, or use the site's exported settings, which contain it"

// passwordBackends returns the backends that check passwords, up to the first one with an
// unknown effect. The error explains why the list is empty.
func (a *Auth) passwordBackends() ([]string, error) {
	var backends []string
	for _, b := range a.backends {
		switch {
		case b == ModelBackend, b == AllowAllUsersModelBackend, slices.Contains(a.options.PasswordBackends, b):
			backends = append(backends, b)
		case b == RemoteUserBackend, b == AllowAllUsersRemoteUserBackend, slices.Contains(a.options.IgnoredBackends, b):
		case len(backends) > 0: // Django asks the earlier ones first
			return backends, nil
		default:
			return nil, &BackendError{Backend: b, Option: "PasswordBackends", problem: "comes first, and may accept or refuse " +
				"logins: list it in Options.PasswordBackends if it checks passwords as ModelBackend does, or in " +
				"Options.IgnoredBackends if it neither accepts nor refuses names and passwords; if it does more, " +
				"for example limits attempts, let Django log users in"}
		}
	}
	if len(backends) == 0 {
		first := a.backends[0]
		return nil, &BackendError{Backend: first, Option: "PasswordBackends", problem: "does not check passwords, nor does any " +
			"other of AUTHENTICATION_BACKENDS: list one that does in Options.PasswordBackends"}
	}
	return backends, nil
}

// warnOfPermissions logs if no backend is known to grant the permissions of ModelBackend.
func (a *Auth) warnOfPermissions() {
	grants := []string{ModelBackend, AllowAllUsersModelBackend, RemoteUserBackend, AllowAllUsersRemoteUserBackend}
	grants = slices.Concat(grants, a.options.PasswordBackends, a.options.InactiveBackends)
	if slices.ContainsFunc(a.backends, func(b string) bool { return slices.Contains(grants, b) }) {
		return
	}
	a.logger.Warn("Go may grant permissions that Django refuses: HasPerm and PermissionRequired grant those of "+
		"ModelBackend, and none of AUTHENTICATION_BACKENDS is known to do so. This is harmless if one extends ModelBackend. "+
		"List it in Options.PasswordBackends only if it checks passwords too", slog.Any("backends", a.backends))
}

// takesInactive reports whether a backend accepts inactive users.
func (a *Auth) takesInactive(backend string) bool {
	return backend == AllowAllUsersModelBackend || backend == AllowAllUsersRemoteUserBackend ||
		slices.Contains(a.options.InactiveBackends, backend)
}

// isDjangos reports whether a backend is one of Django's own.
func isDjangos(backend string) bool {
	return strings.HasPrefix(backend, "django.contrib.auth.backends.")
}

// isDottedPath reports whether text has the form of a Python class path, so that logging
// it cannot reveal another part of a session.
func isDottedPath(text string) bool {
	const most = 200
	return text != "" && len(text) <= most && !strings.ContainsFunc(text, func(c rune) bool {
		return c != '.' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	})
}
