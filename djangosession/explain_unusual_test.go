package djangosession_test

import (
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// Texts that Django 5.2.19 wrote with the secret "test-secret-key". Those in MessagePack
// come from a serializer of the site.
const (
	dumpsOfText      = "ImhlbGxvIg:1r31eq:Pt-bTENZTU-EBzJ8DB66Phmdjdr5htmBYRqR7xw7fHk" // signing.dumps("hello")
	ownCookieSession = "gaFhAQ:1r31eq:NwB2ZIQkc3f6GYdzf54xAikwc5PQ7KSAiIXbRNRrf1U"     // of the engine signed_cookies, in MessagePack
	ownSession       = "gaFhAQ:1r31eq:LjdNNfR2H3AF0Yw6ATeR3A0upRMnDQcuVDcr2PaQDBI"     // in MessagePack
	cookieSigner     = "hello:1imRQe:O979DUaBdjOCjmNqgtXIIualouukr5DKiH-pzGjAUTA"      // get_cookie_signer().sign("hello")
	saltedSigner     = "hello:1r31eq:BBI0v7-UYU8IaD4_gB6AH-5j4PwdkMmd0SaHgeKyUJA"      // get_cookie_signer(salt="shop").sign("hello")
	oldSHA1Cookie    = "3 apples:1r31eq:cGZQfj_ejgJq1hyhd4-q7gG7nz0"                   // set_signed_cookie("cart", "3 apples") of 2.2
	newSHA1Cookie    = "3 apples:1r31eq:skKOPJCYA-4fsGCy7hKfcdrQPEc"                   // with the salt of 5.2.15
	emptyDumps       = ":1r31eq:4ZJaxYiIw3-fdIVvtYws6MZSqYj7IR6S03Liv7i4EHs"           // "" with the salt of signing.dumps
	dumpsOfOne       = "MQ:1r31eq:lztwzX2QBOKMAEqc9dn5gtkxYip8cKoRLygxFh9r75A"         // signing.dumps(1)
	quotesSession    = "eyJhIjoxfQ:1r31eq:J6eHMegappe5Pr5cHcN-aOaPAIhfWqt4uKzZTtd_mAs" // with a secret of two quotes
	otherMessages    = "W1siX19qc29uX21lc3NhZ2UiLDAsMjAsImhpIl1d:1r31eq:MEDd0FIBYMzXFsJu2uMFqJZ9tAAMUnOlPGSy9ji6bUk"
)

func TestExplainKnowsDumpsByItsSalt(t *testing.T) {
	t.Parallel()
	salts := djangosession.Candidates{Salts: []string{"x"}}
	checkSayings(t, map[string]saying{
		"dumps of a text": {
			text: dumpsOfText, kind: djangosession.SignedKind, layout: djangosession.DumpsLayout, proven: true,
			said: "Layout: signing.dumps, as Django writes sessions since 3.1.",
		},
		"a session in a cookie, by another serializer": {
			text: ownCookieSession, kind: djangosession.CookieSessionKind, layout: djangosession.DumpsLayout, proven: true, said: "no row",
		},
		"what messages write, with another salt": {
			text: otherMessages, more: salts, kind: djangosession.SignedKind, layout: djangosession.DumpsLayout, proven: true, said: `salt "x"`,
		},
		"a session by another serializer, of another key": {
			text: ownSession, change: otherKey, kind: djangosession.SignedKind, layout: djangosession.TimedLayout,
			said: "Layout: a value, the time and a signature, as TimestampSigner writes them.",
		},
		"a session by another serializer, of another class": {
			text: ownSession, change: func(s *djangosession.Settings) { s.SessionStore = "Custom" },
			kind: djangosession.SessionKind, layout: djangosession.DumpsLayout, proven: true, said: "Layout: signing.dumps",
		},
		"get_cookie_signer without a salt": {
			text: cookieSigner, kind: djangosession.SignedKind, layout: djangosession.TimedLayout, proven: true,
			said: "get_cookie_signer",
		},
		"get_cookie_signer with a salt": {
			text: saltedSigner, more: djangosession.Candidates{Salts: []string{"shop"}}, kind: djangosession.SignedKind,
			layout: djangosession.TimedLayout, proven: true, said: `salt "shop"`,
		},
		"a cookie of a site with its own signer": {
			text: newCookie, more: djangosession.Candidates{Cookies: []string{"cart"}},
			change: func(s *djangosession.Settings) { s.SigningBackend = "shop.Signer" },
			kind:   djangosession.SignedCookieKind, layout: djangosession.TimedLayout, proven: true,
			said: "These settings cannot verify signed cookies: ",
		},
		"a cookie of 2.2, read by 4.2": {
			text: oldSHA1Cookie, release: "4.2.30", more: djangosession.Candidates{Cookies: []string{"cart"}},
			kind: djangosession.SignedCookieKind, layout: djangosession.TimedLayout, proven: true,
			said: "does not accept SHA-1", unsaid: "FALLBACK",
		},
		"a cookie with SHA-1 and the new salt": {
			text: newSHA1Cookie, more: djangosession.Candidates{Cookies: []string{"cart"}},
			kind: djangosession.SignedCookieKind, layout: djangosession.TimedLayout, proven: true,
			said: "does not accept SHA-1", unsaid: "FALLBACK",
		},
		"dumps of nothing": {
			text: emptyDumps, kind: djangosession.SignedKind, layout: djangosession.DumpsLayout, proven: true,
			said: "is not a session",
		},
		"dumps of a digit": {
			text: dumpsOfOne, kind: djangosession.SignedKind, layout: djangosession.DumpsLayout, proven: true, said: "is not a session",
		},
		"empty keys are not quoted": {
			text: quotesSession, more: djangosession.Candidates{Keys: []string{""}},
			change: func(s *djangosession.Settings) { s.SecretKeyFallbacks = []string{""} },
			kind:   djangosession.SessionKind, layout: djangosession.DumpsLayout, said: "None of the keys",
		},
		"Signer": {
			text: helloSigner, kind: djangosession.SignedKind, layout: djangosession.PlainLayout, proven: true,
			said: "Layout: a value and a signature, as Signer writes them.",
		},
		"a session of before 3.1": {
			text: legacyText, change: otherKey, kind: djangosession.SessionKind, layout: djangosession.LegacyLayout,
			said: "Layout: base64 of a hash and the session, as Django wrote it before 3.1.",
		},
	})
}

// TestExplainRecognisesPickles has pickle.dumps({"a": 1}, protocol), and texts that start
// or end like a pickle.
func TestExplainRecognisesPickles(t *testing.T) {
	t.Parallel()
	checkSayings(t, map[string]saying{
		"three bytes":          {text: "KGwu", kind: djangosession.PickleKind, said: "pickle"}, // which CPython reads as []
		"protocol 0":           {text: "KGRwMApWYQpwMQpJMQpzLg==", kind: djangosession.PickleKind, said: "pickle"},
		"protocol 1":           {text: "fXEAWAEAAABhcQFLAXMu", kind: djangosession.PickleKind, said: "pickle"},
		"protocol 2":           {text: "gAJ9cQBYAQAAAGFxAUsBcy4=", kind: djangosession.PickleKind, said: "pickle"},
		"protocol 6":           {text: "gAZLAUsBSwFLAUsBSwFLAUsBLg==", kind: djangosession.Base64Kind, said: "base64"},
		"no end":               {text: "gARLAUsBSwFLAUsBSwFLAUsBLw==", kind: djangosession.Base64Kind, said: "base64"},
		"no start":             {text: "eChhYmNkZWZnaGlqa2xtbm9wLg==", kind: djangosession.Base64Kind, said: "base64"},
		"two bytes":            {text: "gC4=", kind: djangosession.TextKind, said: "three parts between colons"},
		"two bytes of brace":   {text: "KC4=", kind: djangosession.TextKind, said: "three parts between colons"},
		"messages, not signed": {text: `[["__json_message",0,20,"hi"]]`, kind: djangosession.MessagesKind, said: "None of the keys"},
	})
}

// TestExplainKnowsTheTimesOfResetTokens has times as Django counts them, in base 36: days
// before 3.1, and seconds since. Explain takes a number for a time up to a hundred years.
func TestExplainKnowsTheTimesOfResetTokens(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("0", 20)
	checkSayings(t, map[string]saying{
		"the last day":      {text: "s8n-" + hash, kind: djangosession.ResetTokenKind, said: "made it on 2101-03-17"},
		"the day after":     {text: "s8o-" + hash, kind: djangosession.ResetTokenKind, said: "together", unsaid: "made it"},
		"50 days after":     {text: "sa2-" + hash, kind: djangosession.ResetTokenKind, said: "together", unsaid: "made it"},
		"the last second":   {text: "1gaps00-" + hash + hash[:12], kind: djangosession.ResetTokenKind, said: "made it at 2101-03-18 00:00:00"},
		"the second after":  {text: "1gaps01-" + hash + hash[:12], kind: djangosession.ResetTokenKind, said: "together", unsaid: "made it"},
		"seconds as days":   {text: "1gaps00-" + hash, kind: djangosession.ResetTokenKind, said: "together", unsaid: "made it"},
		"the first day":     {text: "0-" + hash, kind: djangosession.ResetTokenKind, said: "made it on 2001-01-01"},
		"the first second":  {text: "0-" + hash + hash[:12], kind: djangosession.ResetTokenKind, said: "made it at 2001-01-01 00:00:00"},
		"more than 64 bits": {text: "zzzzzzzzzzzzz-" + hash, kind: djangosession.ResetTokenKind, said: "together", unsaid: "made it"},
	})
}

func TestExplainSaysWhenAndHowATextWasWritten(t *testing.T) {
	t.Parallel()
	codec, err := djangosession.NewCodec(djangosession.NewSettings("test-secret-key"))
	must(err)
	for text, serializer := range map[string]string{plainText: "json", dumpsOfText: "json", dumpsOfOne: "json", emptyDumps: ""} {
		if got := codec.Explain(text, djangosession.Candidates{}).Serializer; got != serializer {
			t.Errorf("%q: serializer %q", text, got)
		}
		if at := codec.Explain(text, djangosession.Candidates{}).SignedAt; !at.Equal(time.Unix(1700000000, 0)) || at.Location() != time.UTC {
			t.Errorf("signed at %v", at)
		}
	}
}
