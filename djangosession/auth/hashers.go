package auth

import (
	"errors"
	"fmt"
)

// ErrUnknownHasher is returned if a password cannot be checked or encoded, because its
// hasher is unknown, cannot be used, or is not in PASSWORD_HASHERS, or because the stored
// text is not an encoded password. The error is a [*HasherError].
var ErrUnknownHasher = errors.New("auth: unknown password hasher")

// ErrPasswordTooLong is returned by [Hashers].Make for a password that the site's default
// hasher cannot encode as a whole.
var ErrPasswordTooLong = errors.New("auth: the password is too long")

// A HasherError names the hasher of a password that cannot be checked or encoded.
// errors.Is reports it as [ErrUnknownHasher]. It is not an [ErrBadCredentials], because
// the password may be right, but answer clients alike; see [Auth.Authenticate].
type HasherError struct {
	// Hasher is the algorithm with which the encoded password begins, such as "argon2";
	// "" for text that is not an encoded password. It is a class in PASSWORD_HASHERS
	// whose algorithm is unknown.
	Hasher string
	// Problem continues the sentence "the password hasher ...", and ends with the remedy.
	Problem string
}

func (e *HasherError) Error() string {
	switch {
	case e.Hasher == "" && e.Problem == "":
		return "auth: the stored text is not an encoded password: set a new password"
	case e.Hasher == "":
		return "auth: the password hasher " + e.Problem
	}
	return fmt.Sprintf("auth: the password hasher %q %s", e.Hasher, e.Problem)
}

// Is reports whether target is [ErrUnknownHasher].
func (*HasherError) Is(target error) bool { return target == ErrUnknownHasher }
