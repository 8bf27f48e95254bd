package messages

import (
	"crypto/subtle"
	"encoding/hex"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/cookies"
	"github.com/djangobridge/djangobridge/internal/release"
	"github.com/djangobridge/djangobridge/py/pyjson"
	"github.com/djangobridge/djangobridge/signing"
)

const (
	// CookieName is the name of the cookie with messages.
	CookieName = "messages"

	salt = "django.contrib.messages"
	// maxCookie is the maximum length of the cookie's value, in quotes if it needs them.
	maxCookie = 2048
)

// cookieSigner signs and verifies the value of the cookie.
type cookieSigner struct {
	signer      *signing.TimestampSigner
	hash        *signing.HMAC // of Django before 3.1
	readsHash   bool
	readsSigned bool
	readsDumps  bool
}

func newCookieSigner(s *djangosession.Settings, rel release.Release) (cookieSigner, error) {
	if _, err := s.SignedCookie(CookieName, ""); err != nil && rel.SignsMessages() { // a SIGNING_BACKEND of the site
		return cookieSigner{}, err
	}
	o, err := s.SigningOptions()
	if err != nil {
		return cookieSigner{}, err
	}
	// Messages that do not fit into the cookie can be lost where Django's are not, by a
	// logout for example. So the value should not be longer than Django's.
	o.Salt, o.Compress, o.Dense = salt, true, true
	signer, err := signing.NewCookieSigner(o)
	if err != nil {
		return cookieSigner{}, err
	}
	hash, err := signing.NewHMAC(signing.HMACOptions{KeySalt: salt, Secret: s.SecretKey, Algorithm: signing.SHA1})
	if err != nil {
		return cookieSigner{}, err
	}
	return cookieSigner{
		signer: signer, hash: hash,
		readsHash: rel.ReadsPlainMessages(), readsSigned: rel.ReadsSignedMessages(), readsDumps: rel.ReadsDumpsMessages(),
	}, nil
}

// sign returns the value of a cookie with this JSON, in the newest form that the release
// reads.
func (c *cookieSigner) sign(text []byte) string {
	switch {
	case c.readsDumps:
		return c.signer.SignObject(text)
	case c.readsSigned:
		return c.signer.Sign(string(text))
	}
	return hex.EncodeToString(c.hash.Append(nil, string(text))) + "$" + string(text)
}

// verify returns the list in a cookie, and whether it has a valid signature and is JSON.
// Matches _decode.
func (c *cookieSigner) verify(value string) (decoded any, ok bool) {
	text := func(s string) (any, bool) {
		v, err := pyjson.LoadsString(s)
		return v, err == nil
	}
	if c.readsSigned || c.readsDumps {
		plain, err := c.signer.Unsign(value)
		switch {
		case err != nil:
		case c.readsSigned && !(c.readsDumps && isBase64(plain)):
			return text(plain)
		default:
			data, err := c.signer.UnsignObject(value)
			if err != nil {
				return nil, false
			}
			v, err := pyjson.Loads(data)
			return v, err == nil
		}
	}
	sum, plain, found := strings.Cut(value, "$")
	if !found || !c.readsHash {
		return nil, false
	}
	want := hex.EncodeToString(c.hash.Append(nil, plain))
	if subtle.ConstantTimeCompare([]byte(sum), []byte(want)) != 1 {
		return nil, false
	}
	return text(plain)
}

// isBase64 reports whether a signed text is base64, compressed or not, as opposed to
// JSON.
func isBase64(text string) bool {
	return strings.Trim(text, ".-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == ""
}

// EncodeCookie returns the value of the cookie with these messages. With more, it says
// that the session has further ones. The value may be longer than a cookie may be. The
// error is [ErrText].
func (c *Codec) EncodeCookie(list []Message, more bool) (string, error) {
	text, err := c.encode(list, more, ",")
	if err != nil {
		return "", err
	}
	return c.sign(text), nil
}

// DecodeCookie returns the messages of a cookie with this value, and whether it says that
// the session has further ones. A value that is not a cookie of this site has no
// messages: ok is false. The error is [ErrUnreadable], for a cookie with a valid
// signature.
func (c *Codec) DecodeCookie(value string) (list List, more, ok bool, err error) {
	if value == "" {
		return nil, false, false, nil
	}
	decoded, ok := c.verify(value)
	if !ok || decoded == nil { // Django treats null, and what is not JSON, like a wrong signature
		return nil, false, false, nil
	}
	list, more, err = c.decode(decoded)
	return list, more, err == nil, err
}

// fits returns the value of the cookie with these messages, and whether it is short
// enough.
func (c *Codec) fits(list []Message, more bool) (value string, ok bool, err error) {
	value, err = c.EncodeCookie(list, more)
	return value, err == nil && len(cookies.Quote(value)) <= maxCookie, err
}

// signatureRoom is more than what the value of a cookie has besides its messages.
const signatureRoom = 64

// cost returns the length of a message, in the form of JSON, in the value of a cookie. It
// never underestimates, as long as the message is not compressed.
func (c *Codec) cost(item []byte) int {
	if c.readsDumps {
		return (len(item)+1)*4/3 + 1
	}
	return len(cookies.Quote(string(item))) + len(`\054`)
}

// An end is the part of a list that is kept if not all of it fits.
type end int

const (
	newest end = iota // as CookieStorage alone
	oldest            // as inside FallbackStorage
)

// trim returns the value of a cookie with as many of the messages as fit, and the others.
// If there are others, the cookie ends in the mark. Matches the loop in
// CookieStorage._store, and its bisection since 5.0.
func (c *Codec) trim(list []Message, keep end) (value string, rest []Message, err error) {
	if value, ok, err := c.fits(list, false); ok || err != nil {
		return value, nil, err
	}
	low, high := 0, len(list)-1 // how many are kept; low always fits, because an empty list does
	for low < high {
		n := (low + high + 1) / 2
		kept := list[:n]
		if keep == newest {
			kept = list[len(list)-n:]
		}
		_, ok, err := c.fits(kept, true)
		if err != nil {
			return "", nil, err
		}
		if ok {
			low = n
		} else {
			high = n - 1
		}
	}
	kept, rest := list[:max(low, 0)], list[max(low, 0):]
	if keep == newest {
		rest, kept = list[:len(list)-low], list[len(list)-low:]
	}
	value, err = c.EncodeCookie(kept, true)
	return value, rest, err
}

// cookie returns the cookie of a response.
func (m *Messages) cookie(value string) *cookies.Cookie {
	s := &m.settings
	c := &cookies.Cookie{
		Name: CookieName, Value: value, Domain: s.SessionCookieDomain, Path: "/",
		Secure: s.SessionCookieSecure, HTTPOnly: s.SessionCookieHTTPOnly,
	}
	if m.release.HasSameSite() {
		c.SameSite = s.SessionCookieSameSite
	}
	return c
}

// deletion returns the cookie that deletes the cookie with messages.
func (m *Messages) deletion() *cookies.Cookie {
	c := m.cookie("")
	c.Expires, c.MaxAge = time.Unix(0, 0).UTC().Format(m.release.CookieDate()), "0"
	if !m.release.DeletesWithSameSite() {
		c.SameSite = ""
	}
	c.HTTPOnly = false
	c.Secure = m.release.DeletesNoneSecurely() && strings.EqualFold(c.SameSite, "none")
	return c
}
