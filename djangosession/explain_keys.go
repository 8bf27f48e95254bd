package djangosession

import (
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/signing"
)

// namedKey is a key to try, with a name that may be shown.
type namedKey struct{ name, key string }

// keys returns the possible keys of the site, the most likely first. Secrets change in
// transport: environment files add a line end or quotes, and shells remove them.
func (c *Codec) keys(more Candidates) []namedKey {
	s := c.settings
	ks := []namedKey{{"SECRET_KEY", s.SecretKey}}
	for i, k := range s.SecretKeyFallbacks {
		if k != "" {
			ks = append(ks, namedKey{fmt.Sprintf("SECRET_KEY_FALLBACKS[%d]", i), k})
		}
	}
	for i, k := range more.Keys {
		if k != "" {
			ks = append(ks, namedKey{fmt.Sprintf("candidate key %d", i+1), k})
		}
	}
	for _, k := range slices.Clip(ks) {
		if trimmed := strings.TrimSpace(k.key); trimmed != k.key && trimmed != "" {
			ks = append(ks, namedKey{k.name + " without the white space around it", trimmed})
		}
		if unquoted := strings.Trim(strings.TrimSpace(k.key), `"'`); unquoted != k.key && unquoted != "" {
			ks = append(ks, namedKey{k.name + " without the quotes around it", unquoted})
		}
		ks = append(
			ks,
			namedKey{k.name + " with a line end after it", k.key + "\n"},
			namedKey{k.name + " with double quotes around it", `"` + k.key + `"`},
			namedKey{k.name + " with single quotes around it", "'" + k.key + "'"},
		)
	}
	return ks
}

// use is a use of signing to try.
type use struct {
	salt      string
	kind      Kind // "" if the contents determine it
	dumps     bool // only signing.dumps uses this salt
	cookieKey bool
	cookie    string // the name of a cookie that set_signed_cookie signs
}

// Salts of Django's own uses of signing.
const (
	cookieSessionSalt = "django.contrib.sessions.backends.signed_cookies"
	messagesSalt      = "django.contrib.messages"
)

func (c *Codec) uses(more Candidates) []use {
	uses := []use{{salt: c.settings.keySalt(), kind: SessionKind, dumps: true}}
	for _, name := range more.Cookies {
		for _, salt := range append([]string{""}, more.Salts...) {
			old, current := cookieSalts(name, salt)
			uses = append(
				uses,
				use{salt: current, kind: SignedCookieKind, cookieKey: true, cookie: name},
				use{salt: old, kind: SignedCookieKind, cookieKey: true, cookie: name},
			)
		}
	}
	for _, salt := range more.Salts {
		uses = append(uses, use{salt: salt}, use{salt: salt, kind: SignedKind, cookieKey: true})
	}
	return append(
		uses,
		use{salt: "django.contrib.sessions.SessionStore", kind: SessionKind, dumps: true},
		use{salt: cookieSessionSalt, kind: CookieSessionKind, dumps: true},
		use{salt: "django.core.signing", kind: SignedKind, dumps: true},
		use{salt: "django.core.signing.TimestampSigner", kind: SignedKind},
		use{salt: "django.core.signing.Signer", kind: SignedKind},
		use{salt: messagesSalt, kind: MessagesKind, cookieKey: true},
		use{salt: "django.core.signing.get_cookie_signer", kind: SignedKind, cookieKey: true},
	)
}

// cookieSalts returns the salts of set_signed_cookie: before 5.2.15 and 6.0.6, and since.
func cookieSalts(name, salt string) (old, current string) {
	return name + salt, "django.http.cookies.v2:" + strconv.Itoa(utf8.RuneCountInString(salt)) + ":" + salt + name
}

// algorithmOf returns the algorithm of a signature, judged by its length.
func algorithmOf(signature string) (string, bool) {
	switch len(signature) {
	case 43:
		return signing.SHA256, true
	case 27:
		return signing.SHA1, true
	}
	return "", false
}

// whoMade searches for the key and the use of signing that made the signature of a text.
func (c *Codec) whoMade(e *Explanation, text string, more Candidates) {
	if e.Layout == LegacyLayout {
		e.SignedWith = c.whoMadeLegacy(text, more)
		return
	}
	algorithm, known := algorithmOf(text[strings.LastIndexByte(text, ':')+1:])
	if !known {
		return
	}
	for _, key := range c.keys(more) {
		for _, u := range c.uses(more) {
			o := signing.Options{Key: key.key, Salt: u.salt, Algorithm: algorithm}
			if u.made(text, e.Layout, o) {
				e.SignedWith = &SignedWith{Key: key.name, Salt: u.salt, Algorithm: algorithm, CookieKey: u.cookieKey, Cookie: u.cookie}
				e.settle(u, text)
				return
			}
		}
	}
}

// settle records what follows for a text from the use of signing that made it.
func (e *Explanation) settle(u use, text string) {
	if u.dumps && e.Layout == TimedLayout {
		e.Layout, e.Compressed = DumpsLayout, strings.HasPrefix(text, ".")
	}
	e.lookInside(text)
	switch {
	case u.kind != "":
		e.Kind = u.kind
	case e.Kind != SessionKind:
		e.Kind = SignedKind
	}
}

// made reports whether this use of signing made the text.
func (u use) made(text string, layout Layout, o signing.Options) bool {
	if layout == PlainLayout {
		signer, err := signing.NewSigner(o)
		if err != nil || u.cookieKey { // its signer always adds the time
			return false
		}
		_, err = signer.Unsign(text)
		return err == nil
	}
	newSigner := signing.NewTimestampSigner
	if u.cookieKey {
		newSigner = signing.NewCookieSigner
	}
	signer, err := newSigner(o)
	if err != nil {
		return false
	}
	_, err = signer.Unsign(text)
	return err == nil
}

func (c *Codec) whoMadeLegacy(text string, more Candidates) *SignedWith {
	salts := append([]string{c.settings.legacySalt(), "django.contrib.sessionsSessionStore"}, more.Salts...)
	for _, key := range c.keys(more) {
		for _, salt := range salts {
			if _, err := (&legacyLayout{salt: salt, keys: []string{key.key}}).decode(text); err == nil {
				return &SignedWith{Key: key.name, Salt: salt, Algorithm: signing.SHA1}
			}
		}
	}
	return nil
}

// lookAtOldMessages recognizes the messages cookie of before Django 3.1: a SHA-1 hash in
// hex, a dollar sign and JSON.
func (c *Codec) lookAtOldMessages(e *Explanation, text string, more Candidates) {
	sum, value, found := strings.Cut(text, "$")
	if !found || len(sum) != 40 || !isHex(sum) || !isMessages(value) {
		return
	}
	e.Kind = MessagesKind
	for _, key := range c.keys(more) {
		want, err := signing.SaltedHMAC(value, signing.HMACOptions{KeySalt: messagesSalt, Secret: key.key, Algorithm: signing.SHA1})
		if err == nil && subtle.ConstantTimeCompare([]byte(hex.EncodeToString(want)), []byte(sum)) == 1 {
			e.SignedWith = &SignedWith{Key: key.name, Salt: messagesSalt, Algorithm: signing.SHA1}
			return
		}
	}
}
