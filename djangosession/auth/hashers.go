package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
)

// ErrUnknownHasher is returned if a password cannot be checked, because its hasher needs
// a [Verifier] in [Options].Hashers or because the stored text is not an encoded
// password. The error is a [*HasherError].
var ErrUnknownHasher = errors.New("auth: unknown password hasher: set a Verifier in Options.Hashers")

// A HasherError names the hasher of a password that cannot be checked. errors.Is reports
// it as [ErrUnknownHasher], but never as [ErrBadCredentials], because the password may be
// right.
type HasherError struct {
	// Hasher is the algorithm with which the encoded password begins, such as "argon2";
	// "" for text that is not an encoded password.
	Hasher string
}

func (e *HasherError) Error() string {
	if e.Hasher == "" {
		return "auth: the stored text is not an encoded password: set a new password in Django"
	}
	return fmt.Sprintf("auth: passwords encoded by the hasher %q cannot be checked: "+
		"set a Verifier as Options.Hashers[%[1]q]", e.Hasher)
}

// Is reports whether target is [ErrUnknownHasher].
func (*HasherError) Is(target error) bool { return target == ErrUnknownHasher }

// unknownHasher returns the error for a password of an unknown hasher. It quotes nothing
// that could be part of a password, because the tables of some sites contain passwords
// that were never encoded.
func unknownHasher(encoded string) error {
	const least = 2 // between algorithm, parameters and hash
	name, _, _ := strings.Cut(encoded, "$")
	if !isDjangosHasher(name) && (strings.Count(encoded, "$") < least || !isDottedPath(name)) {
		name = ""
	}
	return &HasherError{Hasher: name}
}

// algorithmOf returns the algorithm of one of Django's hashers, given as in
// PASSWORD_HASHERS; "" for others.
func algorithmOf(hasher string) string {
	class, _ := strings.CutPrefix(hasher, "django.contrib.auth.hashers.")
	switch class {
	case "PBKDF2PasswordHasher":
		return pbkdf2SHA256
	case "PBKDF2SHA1PasswordHasher":
		return pbkdf2SHA1
	case "Argon2PasswordHasher":
		return "argon2"
	case "BCryptSHA256PasswordHasher":
		return "bcrypt_sha256"
	case "BCryptPasswordHasher":
		return "bcrypt"
	case "ScryptPasswordHasher":
		return "scrypt"
	case "SHA1PasswordHasher":
		return "sha1"
	case "MD5PasswordHasher":
		return "md5"
	case "CryptPasswordHasher":
		return "crypt"
	}
	return ""
}

// isDjangosHasher reports whether algorithm is that of one of Django's hashers.
func isDjangosHasher(algorithm string) bool {
	switch algorithm {
	case pbkdf2SHA256, pbkdf2SHA1, "argon2", "bcrypt_sha256", "bcrypt", "scrypt", "sha1", "md5", "crypt":
		return true
	}
	return false
}

// knowsHasher reports whether passwords of this algorithm can be checked.
func (o *Options) knowsHasher(algorithm string) bool {
	return o.Hashers[algorithm] != nil || digestOf(algorithm) != nil
}

// checkDefaultHasher logs a warning if the first of PASSWORD_HASHERS, which encodes new
// passwords, is unknown, or if refusals may not take as long as it does.
func (a *Auth) checkDefaultHasher(s *djangosession.Settings, sampled bool) {
	if len(s.PasswordHashers) == 0 {
		return
	}
	first := s.PasswordHashers[0]
	algorithm := algorithmOf(first)
	switch {
	case algorithm != "" && !a.options.knowsHasher(algorithm):
		a.unchecked = &HasherError{Hasher: algorithm}
		a.told.Store(algorithm, true)
		a.logger.Error(uncheckedMessage, a.unchecked.attrs()...)
	case !sampled && algorithm != pbkdf2SHA256:
		a.logger.Warn("the response time of refused logins may reveal which users exist: "+
			"set Options.SamplePassword to a password encoded by the first of PASSWORD_HASHERS", slog.String("hasher", first))
	}
}

// warnOfHasher logs that passwords of a hasher cannot be checked, once per hasher.
func (a *Auth) warnOfHasher(ctx context.Context, err *HasherError) {
	if _, told := a.told.LoadOrStore(err.Hasher, true); !told {
		a.logger.ErrorContext(ctx, uncheckedMessage, err.attrs()...)
	}
}

const uncheckedMessage = "users whose passwords were encoded by this hasher cannot log in"

func (e *HasherError) attrs() []any {
	return []any{slog.String("hasher", e.Hasher), slog.String("error", e.Error())}
}

// refused returns the error for a wrong name or password. If the site's default hasher is
// unknown, the passwords of nearly all users cannot be checked, and unknown names get the
// same error: a difference would reveal which users exist.
func (a *Auth) refused() error {
	if a.unchecked != nil {
		return a.unchecked
	}
	return ErrBadCredentials
}
