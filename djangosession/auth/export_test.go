package auth

// CountIterations has count called with the number of iterations of PBKDF2 each time that a derives a key. They are not done,
// and no password is right.
func (a *Auth) CountIterations(count func(iterations int)) {
	a.encode = func(_, _, _ string, iterations int) (string, error) {
		count(iterations)
		return "", nil
	}
}
