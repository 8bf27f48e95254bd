package djangosession

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Candidates are what [Codec.Explain] tries in addition to what it knows.
type Candidates struct {
	Keys    []string // secrets that may have been the site's
	Salts   []string // salts, such as "django.contrib.sessions.CustomStore"
	Cookies []string // names of cookies that set_signed_cookie may have signed, with each of Salts and without a salt
}

// A Layout is the form of a signed text.
type Layout string

// The layouts. Sessions have one of the first two.
const (
	DumpsLayout  Layout = "dumps"     // of signing.dumps: base64, time and signature
	LegacyLayout Layout = "legacy"    // base64 of a hash and the session; before Django 3.1
	TimedLayout  Layout = "timestamp" // of TimestampSigner.sign: a value, time and signature
	PlainLayout  Layout = "signer"    // of Signer.sign: a value and signature
)

// An Explanation describes a text and why it does not decode as a session.
type Explanation struct {
	Decodes    bool         // the codec can decode the text
	Problem    *DecodeError // why it cannot
	Kind       Kind         // proven if SignedWith is set or Decodes, otherwise judged by the form of the text
	Layout     Layout       // "" if the text has no signature in one of them
	Compressed bool
	Serializer string      // "json" or "pickle", if the text contains a readable object; otherwise ""
	SignedAt   time.Time   // according to the text; zero if it has no time. Proven only if SignedWith is set.
	SignedWith *SignedWith // how the signature was made; nil if nothing fits
	Hints      []string    // what to check, in full sentences; the most likely one first
}

// SignedWith describes how a signature was made.
type SignedWith struct {
	Key       string // the name of the key, such as "SECRET_KEY" or "SECRET_KEY_FALLBACKS[0]"; never the key itself
	Salt      string
	Algorithm string
	CookieKey bool   // the key has the prefix of get_cookie_signer
	Cookie    string // the cookie's name, if it is one of [Candidates].Cookies
}

// String returns the explanation in words, one line for each fact.
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

// Explain describes a text and why it does not decode: which key, salt, algorithm or
// layout would fit. It tries many signatures, so use it to find faults, not in requests.
// The explanation never contains the text.
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

// rank returns how much is known about a text.
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

// look describes a text by its signature or its form.
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
