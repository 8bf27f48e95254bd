package signing

import (
	"errors"
	"strconv"
	"time"
	"unicode/utf8"
)

// cookieKeyPrefix separates cookie keys from all other keys, whatever the salt.
const cookieKeyPrefix = "django.http.cookies"

// NewCookieSigner returns the signer that Django uses for cookies: its key and fallback
// keys are prefixed, and its default salt is "django.core.signing.get_cookie_signer". The
// messages framework and [SignedCookie] use it. Errors are those of [NewTimestampSigner].
// Matches django.core.signing.get_cookie_signer.
func NewCookieSigner(o Options) (*TimestampSigner, error) {
	if o.Key == "" {
		return nil, ErrNoKey
	}
	if o.Salt == "" {
		o.Salt = "django.core.signing.get_cookie_signer"
	}
	o.Key = cookieKeyPrefix + o.Key
	fallbacks := make([]string, 0, len(o.FallbackKeys))
	for _, key := range o.FallbackKeys {
		if key != "" { // Django signs with the bare prefix in that case, which is a publicly known key
			fallbacks = append(fallbacks, cookieKeyPrefix+key)
		}
	}
	o.FallbackKeys = fallbacks
	return NewTimestampSigner(o)
}

// CookieOptions configure a [SignedCookie]. Options.Salt is the salt given to
// set_signed_cookie, "" by default.
type CookieOptions struct {
	Options
	// WriteLegacySalt signs with the salt used before Django 5.2.15 and 6.0.6. That salt
	// does not distinguish cookie "ab" with salt "c" from cookie "a" with salt "bc".
	// Older releases read no other salt.
	WriteLegacySalt bool
	// AcceptLegacySalt also accepts values signed with the legacy salt, so the value of
	// one cookie may be accepted for another cookie. It is Django's
	// SIGNED_COOKIE_LEGACY_SALT_FALLBACK, which defaults to True in 5.2.15 and 6.0.6 and
	// to False from 6.1 on.
	AcceptLegacySalt bool
}

// A SignedCookie signs and verifies the values of one cookie. Matches
// HttpResponse.set_signed_cookie and HttpRequest.get_signed_cookie.
type SignedCookie struct {
	signer *TimestampSigner
	legacy *TimestampSigner // also verifies; may be nil
}

// NewSignedCookie returns the signer for the cookie with this name. Errors are those of
// [NewTimestampSigner].
func NewSignedCookie(name string, o CookieOptions) (*SignedCookie, error) {
	legacySalt := name + o.Salt
	salt := "django.http.cookies.v2:" + strconv.Itoa(utf8.RuneCountInString(o.Salt)) + ":" + o.Salt + name
	if o.WriteLegacySalt {
		salt = legacySalt
	}
	current := o.Options
	current.Salt = salt
	signer, err := NewCookieSigner(current)
	if err != nil {
		return nil, err
	}
	c := &SignedCookie{signer: signer}
	if o.AcceptLegacySalt && !o.WriteLegacySalt {
		current.Salt = legacySalt
		if c.legacy, err = NewCookieSigner(current); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Sign returns the cookie text for value.
func (c *SignedCookie) Sign(value string) string { return c.signer.Sign(value) }

// Unsign returns the value in a cookie's text, whatever its age. The error is a
// [*DecodeError].
func (c *SignedCookie) Unsign(signed string) (string, error) {
	value, err := c.signer.Unsign(signed)
	if c.retry(err) {
		return c.legacy.Unsign(signed)
	}
	return value, err
}

// UnsignMaxAge is [SignedCookie.Unsign] with the age limit of
// [TimestampSigner.UnsignMaxAge].
func (c *SignedCookie) UnsignMaxAge(signed string, maxAge time.Duration) (string, error) {
	value, err := c.signer.UnsignMaxAge(signed, maxAge)
	if c.retry(err) {
		return c.legacy.UnsignMaxAge(signed, maxAge)
	}
	return value, err
}

// retry reports whether to try the legacy salt. It is not tried for a cookie that has
// expired under the current salt.
func (c *SignedCookie) retry(err error) bool {
	var refused *DecodeError
	return c.legacy != nil && errors.Is(err, ErrBadSignature) &&
		errors.As(err, &refused) && refused.Reason != SignatureExpired
}
