package djangosession

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Candidates are what [Codec.Explain] tries besides what it knows.
type Candidates struct {
	Keys    []string // secrets that may have been the site's
	Salts   []string // salts, such as "django.contrib.sessions.CustomStore"
	Cookies []string // names of cookies that set_signed_cookie may have signed, with each of Salts and without a salt
}

// A Layout is the form of a signed text.
type Layout string

// The layouts. Sessions have the first two.
const (
	DumpsLayout  Layout = "dumps"     // what signing.dumps writes: base64, time and signature
	LegacyLayout Layout = "legacy"    // base64 of a hash and the session; before Django 3.1
	TimedLayout  Layout = "timestamp" // what TimestampSigner.sign writes: a value, time and signature
	PlainLayout  Layout = "signer"    // what Signer.sign writes: a value and signature
)

// An Explanation says what a text is, and what would have to be different for it to decode as a session.
type Explanation struct {
	Decodes    bool         // the codec takes the text as it is
	Problem    *DecodeError // why it does not
	Kind       Kind         // what the text is: proven if SignedWith is set or Decodes, otherwise judged by its form
	Layout     Layout       // "" if the text is not signed in any of them
	Compressed bool
	Serializer string      // "json" or "pickle", if the text holds an object that can be read; otherwise ""
	SignedAt   time.Time   // by the text itself; zero if it does not say. Proven only if SignedWith is set.
	SignedWith *SignedWith // what the signature was made with; nil if nothing fits
	Hints      []string    // what to look at, in whole sentences; the most likely one first
}

// SignedWith is what a signature was made with.
type SignedWith struct {
	Key       string // where the key comes from, such as "SECRET_KEY" or "SECRET_KEY_FALLBACKS[0]"; never the key
	Salt      string
	Algorithm string
	CookieKey bool   // the key has the prefix of get_cookie_signer
	Cookie    string // the cookie's name, if it is one of [Candidates].Cookies
}

// String returns the explanation in words, a line each.
func (e *Explanation) String() string {
	var b strings.Builder
	if e.Decodes {
		b.WriteString("The text decodes.\n")
	} else {
		fmt.Fprintf(&b, "The text does not decode as a session: %s.\n", strings.TrimPrefix(e.Problem.Error(), "signing: "))
		if words := e.Kind.words(); words != "" {
			verb := "looks like"
			if e.SignedWith != nil {
				verb = "is"
			}
			fmt.Fprintf(&b, "It %s %s.\n", verb, words)
		}
	}
	if words := e.Layout.words(); words != "" {
		b.WriteString("Layout: " + words)
		if e.Compressed {
			b.WriteString(", compressed")
		}
		b.WriteString(".\n")
	}
	if !e.SignedAt.IsZero() {
		fmt.Fprintf(&b, "Signed at: %s.\n", e.SignedAt.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	if e.SignedWith != nil {
		fmt.Fprintf(&b, "Signed with: %s, salt %q, %s.\n", e.SignedWith.Key, e.SignedWith.Salt, e.SignedWith.Algorithm)
	}
	for _, hint := range e.Hints {
		b.WriteString(hint + "\n")
	}
	return b.String()
}

func (l Layout) words() string {
	switch l {
	case DumpsLayout:
		return "signing.dumps, as Django writes sessions since 3.1"
	case LegacyLayout:
		return "base64 of a hash and the session, as Django wrote it before 3.1"
	case TimedLayout:
		return "a value, the time and a signature, as TimestampSigner writes them"
	case PlainLayout:
		return "a value and a signature, as Signer writes them"
	}
	return ""
}

func (e *Explanation) hintf(format string, args ...any) {
	e.Hints = append(e.Hints, fmt.Sprintf(format, args...))
}

// Explain says what a text is and why it does not decode: which key, salt, algorithm or layout would have fitted. It tries
// many signatures; it is for people looking for a fault, not for requests. The explanation never contains the text.
func (c *Codec) Explain(text string, more Candidates) *Explanation {
	_, err := c.Decode(text)
	var found *Explanation
	for _, f := range forms(text) {
		e := c.look(f.text, more)
		if found != nil && e.rank() <= found.rank() {
			continue
		}
		found = e
		if f.how != "" {
			e.hintf("The text fits %s.", f.how)
		}
	}
	found.Decodes = err == nil
	errors.As(err, &found.Problem)
	if found.Decodes {
		found.Kind, found.Hints = SessionKind, nil
		return found
	}
	c.advise(found, text, more)
	return found
}

// rank says how much is known about a text.
func (e *Explanation) rank() int {
	switch {
	case e.SignedWith != nil:
		return 4
	case e.Layout == DumpsLayout || e.Layout == LegacyLayout:
		return 3
	case e.Kind != "" && e.Kind != TextKind && e.Kind != Base64Kind:
		return 2
	case e.Kind != "":
		return 1
	}
	return 0
}

// look finds out what a text is: by its signature, or by its form.
func (c *Codec) look(text string, more Candidates) *Explanation {
	e := &Explanation{}
	e.describe(text)
	if e.Layout != "" {
		c.whoMade(e, text, more)
	} else {
		c.lookAtOldMessages(e, text, more)
	}
	if e.Kind == "" {
		e.Kind = kindOf(text)
	}
	return e
}
