// Package signedtime reads when stored sessions were signed. A wrong signature says nothing
// about that time.
package signedtime

import (
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/signing"
)

// Tolerance is how far the clock of another machine may be ahead. A later signature is
// considered damaged.
const Tolerance = 24 * time.Hour

// Of returns the signing time in a text of the layout since Django 3.1; the zero time if
// it has none.
func Of(text string) time.Time {
	value, _, found := cutLast(text)
	if !found {
		return time.Time{}
	}
	_, stamp, found := cutLast(value)
	seconds, err := signing.B62Decode(stamp)
	if !found || err != nil {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}

func cutLast(text string) (before, after string, found bool) {
	i := strings.LastIndexByte(text, ':')
	if i < 0 {
		return "", "", false
	}
	return text[:i], text[i+1:], true
}

// IsNewer reports whether a signature was made after the settings were exported, so that
// they may be outdated if it is wrong.
func IsNewer(signed, exported, now time.Time) bool {
	return signed.After(exported) && !signed.After(now.Add(Tolerance))
}
