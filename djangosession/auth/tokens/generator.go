package tokens

import (
	"crypto/subtle"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/signing"
)

// A Generator makes and checks tokens. It is immutable and safe for concurrent use.
// Matches PasswordResetTokenGenerator.
type Generator struct {
	macs      []*signing.HMAC // the first makes tokens; all are accepted
	hashValue func(user *auth.User, timestamp int64) string
	now       func() time.Time
	zone      *time.Location // TIME_ZONE
	loginZone *time.Location // of last_login as Django reads it
	timeout   int64          // in seconds

	inDays      bool // tokens contain the day
	acceptsDays bool // tokens that contain the day are accepted
	withEmail   bool
	refused     error // why the address of users, on which tokens depend, is not known
}

// Errors of [Generator.Make].
var (
	errNoUser = errors.New("tokens: make a token: there is no user")
	errBlind  = errors.New("tokens: make a token: the settings do not describe the fields of the user model, such as the " +
		"email address, on which tokens depend: export them again")
	errComputed = errors.New("tokens: make a token: Python code of the site computes or converts the email address of users, on " +
		"which tokens depend: set Options.HashValue to a function that returns what _make_hash_value does")
	errClock = errors.New("tokens: make a token: the clock of this machine is before 2001")
)

// Make returns a token for user. It contains letters, digits and one hyphen. The error is
// for a nil user, for a clock before 2001, and, unless Options.HashValue is set, for users
// whose email address is not known: the settings are of an older version of this module
// and do not describe it, or Python code computes or converts it. Matches make_token.
func (g *Generator) Make(user *auth.User) (string, error) {
	if user == nil {
		return "", errNoUser
	}
	if g.refused != nil {
		return "", g.refused
	}
	timestamp := g.timestamp(g.now(), g.inDays)
	if timestamp < 0 {
		return "", errClock
	}
	return g.token(g.macs[0], user, timestamp), nil
}

// Check reports whether token is valid for user. It accepts any text, and compares in
// constant time. Read the user from the database for each check, because the token
// depends on the current password. Matches check_token.
func (g *Generator) Check(user *auth.User, token string) bool {
	text, _, ok := strings.Cut(token, "-")
	if user == nil || !ok || g.refused != nil {
		return false
	}
	// A number of more than 63 bits is not the time of any token.
	timestamp, err := strconv.ParseInt(text, 36, 64)
	if err != nil || !g.isMade(user, timestamp, token) {
		return false
	}
	if g.inDays || g.acceptsDays && len(text) < 4 {
		return g.timestamp(g.now(), true)-timestamp <= g.timeout/secondsPerDay
	}
	return g.timestamp(g.now(), false)-timestamp <= g.timeout
}

// isMade reports whether token is the user's token with this timestamp.
func (g *Generator) isMade(user *auth.User, timestamp int64, token string) bool {
	made := 0
	for _, mac := range g.macs {
		made |= subtle.ConstantTimeCompare([]byte(g.token(mac, user, timestamp)), []byte(token))
	}
	return made == 1
}

func (g *Generator) token(mac *signing.HMAC, user *auth.User, timestamp int64) string {
	const digits = "0123456789abcdef"
	value := g.value
	if g.hashValue != nil {
		value = g.hashValue
	}
	token := append(strconv.AppendInt(nil, timestamp, 36), '-')
	for _, b := range mac.Append(nil, value(user, timestamp)) {
		token = append(token, digits[b>>4]) // every second digit
	}
	return string(token)
}

// value returns the text that a token protects. Matches _make_hash_value.
func (g *Generator) value(user *auth.User, timestamp int64) string {
	login, email := "", ""
	if !user.LastLogin.IsZero() {
		login = user.LastLogin.In(g.loginZone).Format(time.DateTime)
	}
	if g.withEmail {
		email = user.Email
	}
	return user.ID + string(user.Password) + login + strconv.FormatInt(timestamp, 10) + email
}

const secondsPerDay = 24 * 60 * 60

// timestamp returns the seconds or days from 2001 to t, by the wall clock of the site.
func (g *Generator) timestamp(t time.Time, inDays bool) int64 {
	t = t.In(g.zone)
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	wall := time.Date(year, month, day, hour, minute, second, 0, time.UTC)
	seconds := wall.Unix() - time.Date(2001, time.January, 1, 0, 0, 0, 0, time.UTC).Unix()
	if !inDays {
		return seconds
	}
	if seconds < 0 { // the days of Python's timedelta are rounded down
		seconds -= secondsPerDay - 1
	}
	return seconds / secondsPerDay
}
