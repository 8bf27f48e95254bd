package signing

import (
	"errors"
	"strconv"
	"time"
	"unicode/utf8"
)

// cookieKeyPrefix sets cookie keys apart from others, whatever the salt.
const cookieKeyPrefix = "django.http.cookies"

// NewCookieSigner returns the signer that Django has for cookies: its key and fallback keys are prefixed, its default salt
// is "django.core.signing.get_cookie_signer". The error is as [NewTimestampSigner] has it. Matches
// django.core.signing.get_cookie_signer; the messages framework uses it, and [SignedCookie] is made of it.
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
		if key != "" { // Django signs with the bare prefix then, a key that everybody knows
			fallbacks = append(fallbacks, cookieKeyPrefix+key)
		}
	}
	o.FallbackKeys = fallbacks
	return NewTimestampSigner(o)
}

// CookieOptions say how a [SignedCookie] works. Options.Salt is the salt given to set_signed_cookie, "" by default.
type CookieOptions struct {
	Options
	// WriteLegacySalt signs with the salt that Django had before 5.2.15 and 6.0.6, which does not tell the cookie "ab" with
	// salt "c" from the cookie "a" with salt "bc". Older releases read no other.
	WriteLegacySalt bool
	// AcceptLegacySalt also takes values signed with that salt: SIGNED_COOKIE_LEGACY_SALT_FALLBACK, which is True by
	// default in 5.2.15 and 6.0.6 and False from 6.1 on. It means that the value of one cookie can be passed off as another's.
	AcceptLegacySalt bool
}

// A SignedCookie signs and verifies the values of one cookie. Matches HttpResponse.set_signed_cookie and
// HttpRequest.get_signed_cookie.
type SignedCookie struct {
	signer *TimestampSigner
	legacy *TimestampSigner // verifies too; may be nil
}

// NewSignedCookie returns the signer for the cookie of this name. The error is as [NewTimestampSigner] has it.
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

// Sign returns the cookie's text for value.
func (c *SignedCookie) Sign(value string) string { return c.signer.Sign(value) }

// Unsign returns the value of a cookie's text, whatever its age. The error is a [*DecodeError].
func (c *SignedCookie) Unsign(signed string) (string, error) {
	value, err := c.signer.Unsign(signed)
	if c.retry(err) {
		return c.legacy.Unsign(signed)
	}
	return value, err
}

// UnsignMaxAge is [SignedCookie.Unsign] with the limit of [TimestampSigner.UnsignMaxAge].
func (c *SignedCookie) UnsignMaxAge(signed string, maxAge time.Duration) (string, error) {
	value, err := c.signer.UnsignMaxAge(signed, maxAge)
	if c.retry(err) {
		return c.legacy.UnsignMaxAge(signed, maxAge)
	}
	return value, err
}

// retry reports whether the legacy salt is to be tried: not for a cookie that the current salt found expired.
func (c *SignedCookie) retry(err error) bool {
	var refused *DecodeError
	return c.legacy != nil && errors.Is(err, ErrBadSignature) &&
		errors.As(err, &refused) && refused.Reason != SignatureExpired
}
