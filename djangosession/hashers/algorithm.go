package hashers

import "time"

// An algorithm is a hasher of Django's with the parameters of the site.
type algorithm interface {
	// parse reads an encoded password. It reports false if the text can match no
	// password.
	parse(encoded string) (stored, bool)
	// encode encodes a password with a new salt.
	encode(password string) (string, error)
	// cost is what encode needs.
	cost() cost
	// spend does work for about the given time.
	spend(password string, d time.Duration) error
	// problem returns why the parameters of the site cannot be used; "" if they can.
	problem() string
	// refuses returns the reason why encode cannot encode a password, or nil.
	refuses(password string) error
}

// stored is an encoded password.
type stored interface {
	cost() cost
	matches(password string) (bool, error)
	// outdated is must_update.
	outdated() bool
	// problem returns why the password cannot be checked; "" if it can.
	problem() string
}

// cost is the work for one password.
type cost struct {
	time   time.Duration // on a usual processor; see the units of the algorithms
	memory int64         // in bytes
}

// maxTime limits the time for one stored password. It is more than ten times that of
// Django's current default.
const maxTime = 20_000_000 * pbkdf2Unit

// hashable is the part of algorithm for those that always encode.
type hashable struct{}

func (hashable) refuses(string) error { return nil }

// times is a time as a number of units.
func times(n int64, unit time.Duration) time.Duration {
	if n > int64(maxTime/unit) {
		return maxTime + 1
	}
	return time.Duration(n) * unit
}
