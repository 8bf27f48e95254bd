package djangosession_test

import (
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
		"a cookie of a site with its own signer": {
			text: newCookie, more: djangosession.Candidates{Cookies: []string{"cart"}},
			change: func(s *djangosession.Settings) { s.SigningBackend = "shop.Signer" },
			kind:   djangosession.SignedCookieKind, layout: djangosession.TimedLayout, proven: true,
			said: "These settings cannot verify signed cookies: ",
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

func TestExplainSaysWhenATextWasSigned(t *testing.T) {
	t.Parallel()
	codec, err := djangosession.NewCodec(djangosession.NewSettings("test-secret-key"))
	must(err)
	for _, text := range []string{plainText, dumpsOfText} {
		if at := codec.Explain(text, djangosession.Candidates{}).SignedAt; !at.Equal(time.Unix(1700000000, 0)) || at.Location() != time.UTC {
			t.Errorf("signed at %v", at)
		}
	}
}
