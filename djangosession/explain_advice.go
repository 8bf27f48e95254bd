package djangosession

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/signing"
)

// advise adds hints that follow from the findings.
func (c *Codec) advise(e *Explanation, text string, more Candidates) {
	switch {
	case e.SignedWith == nil:
		adviseUnknown(e, text)
		return
	case c.adviseKey(e):
	case e.Kind == SessionKind:
		c.adviseSession(e, text)
		return
	}
	switch e.Kind {
	default:
	case CookieSessionKind:
		e.hintf("The engine signed_cookies stores the whole session in the browser: it has no row in the database.")
		c.adviseSHA1(e)
	case MessagesKind:
		c.adviseMessages(e)
	case SignedCookieKind:
		c.adviseCookie(e, text, more)
	case SignedKind:
		e.hintf("It was signed for another purpose and is not a session.")
		c.adviseSHA1(e)
	}
}

// adviseKey adds a hint if the wrong key signed the text, and reports whether it did.
func (c *Codec) adviseKey(e *Explanation) bool {
	fallback := strings.HasPrefix(e.SignedWith.Key, "SECRET_KEY_FALLBACKS[")
	switch {
	case e.SignedWith.Key == "SECRET_KEY":
		return false
	case fallback && !c.settings.release.HasFallbackKeys():
		e.hintf("Django %s does not use SECRET_KEY_FALLBACKS.", c.releaseName())
		return true
	case fallback && strings.HasSuffix(e.SignedWith.Key, "]"):
		return false
	}
	e.hintf("The text was not signed with the secret of these settings: see %q above.", e.SignedWith.Key)
	return true
}

// adviseSession adds hints about a session that cannot be read although a key of the site
// signed it.
func (c *Codec) adviseSession(e *Explanation, text string) {
	switch {
	case e.Layout == LegacyLayout && c.legacy == nil, e.Layout == DumpsLayout && c.signer == nil:
		e.hintf("Django %s does not read this layout. Set ACCEPT_LEGACY_LAYOUT, or the DJANGO_VERSION that the site runs.",
			c.releaseName())
	case e.Layout == DumpsLayout && e.SignedWith.Salt != c.settings.keySalt():
		e.hintf("The salt is not %q, the one of these settings: set SESSION_STORE to the qualified name of the site's session "+
			"store class, or KEY_SALT.", c.settings.keySalt())
	case e.Layout == LegacyLayout && e.SignedWith.Salt != c.settings.legacySalt():
		e.hintf("The salt is not %q, the one of these settings: set SESSION_STORE to the name of the site's session store class.",
			c.settings.legacySalt())
	case e.Problem.Reason == signing.BadSerialization && c.adviseSerializer(e, text):
	case e.Problem.Reason != signing.BadSignature && len(e.Hints) == 0:
		e.hintf("The signature is good, so its writer had the key. The contents cannot be read: check that SESSION_SERIALIZER " +
			"is that of the site.")
	default:
		c.adviseSHA1(e)
	}
}

// releaseName returns the Django release of these settings.
func (c *Codec) releaseName() string {
	if c.settings.DjangoVersion == "" {
		return NewestRelease
	}
	return c.settings.DjangoVersion
}

// adviseSHA1 adds a hint if the text was signed with SHA-1 and the release refuses it.
func (c *Codec) adviseSHA1(e *Explanation) {
	if e.SignedWith.Algorithm == signing.SHA1 && !c.settings.legacy {
		e.hintf("Django %s does not accept SHA-1. Set ACCEPT_LEGACY_LAYOUT, or the DJANGO_VERSION that the site runs.",
			c.releaseName())
	}
}

// adviseSerializer adds a hint if another serializer can read the content, and reports
// whether one can.
func (c *Codec) adviseSerializer(e *Explanation, text string) bool {
	data, err := c.payload(text)
	if err != nil {
		return false
	}
	if _, err := (PickleSerializer{}).Loads(data); err == nil {
		e.Serializer = pickleName
		e.hintf("The signature is good, and its content is a pickle: the site uses PickleSerializer, and these settings do not.")
		return true
	}
	if _, err := (JSONSerializer{}).Loads(data); err == nil {
		e.Serializer = jsonName
		e.hintf("The signature is good, and its content is JSON: the site uses JSONSerializer, and these settings do not.")
		return true
	}
	return false
}

// adviseMessages adds hints about the releases that write and read this form of the
// messages cookie.
func (c *Codec) adviseMessages(e *Explanation) {
	writers, reads := "3.2 and later write", c.settings.release.ReadsDumpsMessages()
	switch e.Layout {
	case TimedLayout:
		writers, reads = "3.1 writes", c.settings.release.ReadsSignedMessages()
	case "":
		writers, reads = "3.0 and earlier write", c.settings.release.ReadsPlainMessages()
	case DumpsLayout, LegacyLayout, PlainLayout:
	}
	e.hintf("Django %s messages in this form.", writers)
	if !reads {
		e.hintf("Django %s does not read it.", c.releaseName())
	}
}

// adviseCookie adds a hint whether the site accepts a signed cookie, or why not.
func (c *Codec) adviseCookie(e *Explanation, text string, more Candidates) {
	for _, salt := range append([]string{""}, more.Salts...) {
		old, current := cookieSalts(e.SignedWith.Cookie, salt)
		if e.SignedWith.Salt != old && e.SignedWith.Salt != current {
			continue
		}
		signer, err := c.settings.SignedCookie(e.SignedWith.Cookie, salt)
		if err != nil {
			e.hintf("These settings cannot verify signed cookies: %s.", err)
			return
		}
		for _, f := range forms(text) {
			if _, err := signer.Unsign(f.text); err == nil {
				e.hintf("The site accepts this cookie.")
				return
			}
		}
		switch v2 := c.settings.release.HasCookieSaltV2(); {
		case e.SignedWith.Salt == old && v2 && !c.settings.SignedCookieLegacySaltFallback:
			e.hintf("Django releases before 5.2.15 and 6.0.6 used this salt. Django %s accepts it only if "+
				"SIGNED_COOKIE_LEGACY_SALT_FALLBACK is True.", c.releaseName())
		case e.SignedWith.Salt == current && !v2:
			e.hintf("Only Django 5.2.15, 6.0.6 and later use this salt: Django %s does not accept it.", c.releaseName())
		default:
			c.adviseSHA1(e)
		}
		return
	}
}

// adviseUnknown adds hints about a text that none of the tried keys and salts has signed.
func adviseUnknown(e *Explanation, text string) {
	switch e.Kind {
	case "":
		e.hintf("There is no text.")
	case SessionKeyKind:
		e.hintf("Decode the column session_data in the row with this key instead.")
	case CSRFTokenKind, CSRFSecretKind:
		e.hintf("It is not signed and contains no data: Django compares it with the visitor's secret.")
	case ResetTokenKind:
		e.adviseResetToken(strings.TrimSpace(text))
	case PasswordKind, HashKind, JWTKind:
	case MessagesKind, SignedKind, SessionKind, CookieSessionKind, SignedCookieKind:
		e.adviseSignature(strings.TrimSpace(text))
	case JSONKind, PickleKind, Base64Kind, TextKind:
		e.hintf("A stored session has three parts between colons: the data, the time and the signature.")
	}
}

func (e *Explanation) adviseSignature(text string) {
	if e.Layout == DumpsLayout || e.Layout == TimedLayout {
		signature := strings.TrimRight(text[strings.LastIndexByte(text, ':')+1:], `'"`)
		if _, known := algorithmOf(signature); !known {
			e.hintf("The signature has %d characters where SHA-256 has 43: the text was probably cut off or altered.", len(signature))
		}
	}
	if e.Kind == SignedKind {
		e.hintf("None of the keys and salts tried made this signature. Give the name of a signed cookie, and the " +
			"site's own salts, as candidates.")
		return
	}
	e.hintf("None of the keys and salts tried made this signature: the site has another SECRET_KEY or another session " +
		"store class, or the text was altered after it was signed.")
}

var resetTokenParts = regexp.MustCompile(`([0-9a-z]+)-([0-9a-f]+)/?$`)

// adviseResetToken adds the age of a password reset token, the only fact in it.
func (e *Explanation) adviseResetToken(text string) {
	e.hintf("It can be verified only together with its user: the hash covers the user's id, password, last login and, since " +
		"Django 3.2, e-mail address.")
	parts := resetTokenParts.FindStringSubmatch(text)
	if parts == nil {
		return
	}
	n, err := strconv.ParseInt(parts[1], 36, 64)
	start := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	const hundredYears = 100 * 366 * 24 * 3600 // seconds
	switch {
	case err != nil || n > hundredYears:
	case len(parts[2]) == 20 && n < 100*366: // days, before Django 3.1
		e.hintf("Django 3.0 or earlier made it on %s, in the site's time zone.", start.AddDate(0, 0, int(n)).Format(time.DateOnly))
	case len(parts[2]) == 32:
		e.hintf("Django 3.1 or later made it at %s, in the site's time zone.",
			start.Add(time.Duration(n)*time.Second).Format(time.DateTime))
	}
}
