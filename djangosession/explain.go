package djangosession

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/signing"
)

// Candidates are what [Codec.Explain] tries besides what it knows.
type Candidates struct {
	Keys  []string // secrets that may have been the site's
	Salts []string // key salts, such as "django.contrib.sessions.CustomStore"
}

// A Layout is a form in which Django has stored sessions.
type Layout string

// The layouts.
const (
	DumpsLayout  Layout = "dumps"  // what signing.dumps writes; since 3.1
	LegacyLayout Layout = "legacy" // base64 of a hash and the session; before 3.1
)

// An Explanation says what a stored text is, and what would have to be different for it to decode.
type Explanation struct {
	Decodes    bool         // the codec takes the text as it is
	Problem    *DecodeError // why it does not
	Layout     Layout       // "" if it is neither
	Compressed bool
	SignedAt   time.Time // by the text itself; zero if it does not say. Proven only if Made is set.
	Made       *Made     // what the signature was made with; nil if nothing fits
	Hints      []string  // what to look at, in whole sentences; the most likely one first
}

// Made is what a signature was made with.
type Made struct {
	Key       string // where the key comes from, such as "SECRET_KEY" or "SECRET_KEY_FALLBACKS[0]"; never the key
	Salt      string
	Algorithm string
}

// String returns the explanation in words, a line each.
func (e *Explanation) String() string {
	var b strings.Builder
	if e.Decodes {
		b.WriteString("The text decodes.\n")
	} else {
		fmt.Fprintf(&b, "The text does not decode: %s.\n", strings.TrimPrefix(e.Problem.Error(), "signing: "))
	}
	switch e.Layout {
	case DumpsLayout:
		b.WriteString("Layout: signing.dumps, as Django writes it since 3.1")
	case LegacyLayout:
		b.WriteString("Layout: base64 of a hash and the session, as Django wrote it before 3.1")
	default:
		b.WriteString("Layout: none that Django stores sessions in")
	}
	if e.Compressed {
		b.WriteString(", compressed")
	}
	b.WriteString(".\n")
	if !e.SignedAt.IsZero() {
		fmt.Fprintf(&b, "Signed at: %s.\n", e.SignedAt.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	if e.Made != nil {
		fmt.Fprintf(&b, "Signed with: %s, salt %q, %s.\n", e.Made.Key, e.Made.Salt, e.Made.Algorithm)
	}
	for _, hint := range e.Hints {
		b.WriteString(hint + "\n")
	}
	return b.String()
}

func (e *Explanation) hintf(format string, args ...any) {
	e.Hints = append(e.Hints, fmt.Sprintf(format, args...))
}

// Explain says of a text why it does not decode: which key, salt, algorithm or layout would have fitted. It tries many
// signatures; it is for people looking for a fault, not for requests.
func (c *Codec) Explain(text string, more Candidates) *Explanation {
	e := &Explanation{}
	_, err := c.Decode(text)
	e.Decodes = err == nil
	errors.As(err, &e.Problem)
	for _, f := range forms(text) {
		c.describe(e, f.text)
		if e.Made = c.whoMade(f.text, e.Layout, more); e.Made != nil {
			if f.how != "" {
				e.hintf("The text fits %s.", f.how)
			}
			break
		}
	}
	if !e.Decodes {
		c.advise(e, text)
	}
	return e
}

// form is a text as it may have been before something in between changed it.
type form struct{ text, how string }

func forms(text string) []form {
	fs := []form{{text: text}}
	trimmed := strings.TrimSpace(text)
	if trimmed != text {
		fs = append(fs, form{trimmed, "without the white space around it"})
	}
	unquoted := strings.TrimPrefix(trimmed, "b")
	if n := len(unquoted); n >= 2 && unquoted[0] == unquoted[n-1] && strings.ContainsRune(`"'`, rune(unquoted[0])) {
		fs = append(fs, form{unquoted[1 : n-1], "without the quotes around it"})
	}
	if unescaped, err := url.PathUnescape(trimmed); err == nil && unescaped != trimmed {
		fs = append(fs, form{unescaped, "after URL unescaping"})
	}
	return fs
}

// describe tells what a text is by its looks.
func (c *Codec) describe(e *Explanation, text string) {
	e.Layout, e.Compressed, e.SignedAt = "", false, time.Time{}
	if !strings.Contains(text, ":") {
		if _, err := (&legacyLayout{keys: []string{""}}).decode(text); reason(err) == string(BadSignature) {
			e.Layout = LegacyLayout
		}
		return
	}
	parts := strings.Split(text, ":")
	if len(parts) < 3 {
		return
	}
	if at, err := signing.B62Decode(parts[len(parts)-2]); err == nil {
		e.Layout = DumpsLayout
		e.Compressed = strings.HasPrefix(text, ".")
		e.SignedAt = time.Unix(at, 0).UTC()
	}
}

// advise says what follows from what was found.
func (c *Codec) advise(e *Explanation, text string) {
	switch {
	case e.Made == nil:
		adviseUnknown(e, text)
	case e.Layout == LegacyLayout && c.legacy == nil:
		e.hintf("Django %s does not read this layout. Set ACCEPT_LEGACY_LAYOUT, or the DJANGO_VERSION that the site runs.",
			c.settings.DjangoVersion)
	case e.Layout == DumpsLayout && c.signer == nil:
		e.hintf("Django %s does not read this layout. Set ACCEPT_LEGACY_LAYOUT, or the DJANGO_VERSION that the site runs.",
			c.settings.DjangoVersion)
	case strings.HasPrefix(e.Made.Key, "SECRET_KEY_FALLBACKS") && !c.settings.release.hasFallbackKeys():
		e.hintf("Django %s does not use SECRET_KEY_FALLBACKS.", c.settings.DjangoVersion)
	case e.Problem.Reason == BadSerialization && c.adviseSerializer(e, text):
	case e.Problem.Reason != BadSignature && len(e.Hints) == 0:
		e.hintf("The signature is good, so whoever wrote this had the key; what it contains cannot be read. " +
			"Is the serializer the one that the site uses?")
	case e.Made.Key != "SECRET_KEY" && !strings.HasPrefix(e.Made.Key, "SECRET_KEY_FALLBACKS"):
		e.hintf("The secret of these settings is not the one that signed: see %q above.", e.Made.Key)
	case e.Layout == DumpsLayout && e.Made.Salt != c.settings.keySalt():
		e.hintf("The salt is another one than these settings have, %q: set SESSION_STORE to the qualified name of the "+
			"site's session store class, or KEY_SALT. A text of another use of signing is no session.", c.settings.keySalt())
	case e.Layout == DumpsLayout && e.Made.Algorithm == signing.SHA1:
		e.hintf("Django %s does not accept SHA-1. Set ACCEPT_LEGACY_LAYOUT, or the DJANGO_VERSION that the site runs.",
			c.settings.DjangoVersion)
	}
}

// adviseSerializer says which other serializer reads what is signed, and reports whether one does.
func (c *Codec) adviseSerializer(e *Explanation, text string) bool {
	data, err := c.payload(text)
	if err != nil {
		return false
	}
	if _, err := (PickleSerializer{}).Loads(data); err == nil {
		e.hintf("The signature is good, and what it contains is a pickle: the site uses PickleSerializer, and these settings do not.")
		return true
	}
	if _, err := (JSONSerializer{}).Loads(data); err == nil {
		e.hintf("The signature is good, and what it contains is JSON: the site uses JSONSerializer, and these settings do not.")
		return true
	}
	return false
}

func adviseUnknown(e *Explanation, text string) {
	trimmed := strings.TrimSpace(text)
	switch {
	case trimmed == "":
		e.hintf("There is no text.")
	case len(trimmed) == KeyLength && strings.Trim(trimmed, keyChars) == "":
		e.hintf("It looks like a session key, as the cookie holds it. What decodes is the column session_data.")
	case trimmed[0] == '{':
		e.hintf("It looks like JSON that was never signed.")
	case e.Layout == "":
		e.hintf("A stored session has three parts between colons: the data, the time and the signature.")
	default:
		if e.Layout == DumpsLayout {
			signature := trimmed[strings.LastIndexByte(trimmed, ':')+1:]
			if _, known := algorithmOf(signature); !known {
				e.hintf("The signature has %d characters where SHA-256 has 43: the text seems to be cut off or altered.",
					len(signature))
			}
		}
		e.hintf("None of the keys and salts tried made this signature: the site has another SECRET_KEY or another session " +
			"store class, or the text was altered after it was signed.")
	}
}
