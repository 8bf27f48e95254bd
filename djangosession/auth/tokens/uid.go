package tokens

import (
	"encoding/base64"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/internal/pybase64"
)

// EncodeUID returns the id of a user as it appears in links, beside the token. Matches
// urlsafe_base64_encode(force_bytes(user.pk)).
func EncodeUID(id string) string { return base64.RawURLEncoding.EncodeToString([]byte(id)) }

// DecodeUID returns the id of a user in a link, and reports whether the link has one.
// The id may be invalid for the site's user model: [auth.Users.Get] then returns
// [auth.ErrBadID]. Like urlsafe_base64_decode, which it matches, it ignores characters
// outside the alphabet.
func DecodeUID(uid string) (id string, ok bool) {
	b, err := pybase64.Decode(make([]byte, 0, len(uid)), uid, len(uid)%4, true)
	if err != nil || !utf8.Valid(b) {
		return "", false
	}
	return string(b), true
}
