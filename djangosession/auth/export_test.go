package auth

// CountIterations replaces PBKDF2 in a: count is called with the iterations of each
// derivation, none are done, and every password is wrong.
func (a *Auth) CountIterations(count func(iterations int)) {
	a.encode = func(_, _, _ string, iterations int) (string, error) {
		count(iterations)
		return "", nil
	}
}

// FailPBKDF2 makes every key derivation of a return err.
func (a *Auth) FailPBKDF2(err error) {
	a.encode = func(_, _, _ string, _ int) (string, error) { return "", err }
}
