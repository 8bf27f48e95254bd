package djangosession_test

import (
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/signing"
)

// Texts that Django wrote with the secret "test-secret-key".
const (
	plainText  = "eyJhIjoxfQ:1r31eq:mvqAFpOL1fZXbE9_M4qDR7eYKgZG_5R2MwsvV9eChd8" // 3.1 and later
	sha1Text   = "eyJhIjoxfQ:1r31eq:NNsVFSpsLTOFIk07ZvjoiQ4AaFc"                 // of the new layout
	legacyText = "Y2RkNmIzNzdiYzU0NmFkYmI3NDNhNTQyN2ZkMmNjYWZkM2EzOTRjZTp7ImEiOjF9"
	customText = "eyJhIjoxfQ:1r31eq:PnH5YZBoJj6PK_RYweGK43GrqXC1diGcx3p0_WE7F7A" // of a class named Custom
	cookieText = "eyJhIjoxfQ:1r31eq:AJu16St_lXmPR35BcDlMtqC8Z-L-JTNezUHSXtss5hs" // of the engine signed_cookies
	dumpsText  = "eyJhIjoxfQ:1r31eq:kmKJ58BuWZwTcnsGz2rX1Jis7G9EYc9E_xzye2nkyDY" // signing.dumps({"a": 1})
)

func TestExplainFindsWhatWouldFit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text   string
		change func(*djangosession.Settings)
		more   djangosession.Candidates
		made   djangosession.SignedWith // empty fields match everything
		said   string                   // must be part of String
	}{
		"all is well":      {text: plainText, made: djangosession.SignedWith{Key: "SECRET_KEY", Algorithm: "sha256"}, said: "The text decodes."},
		"a fallback key":   {text: plainText, change: fallback, made: djangosession.SignedWith{Key: "SECRET_KEY_FALLBACKS[0]"}, said: "The text decodes."},
		"a candidate key":  {text: plainText, change: otherKey, more: djangosession.Candidates{Keys: []string{"x", "test-secret-key"}}, made: djangosession.SignedWith{Key: "candidate key 2"}, said: "not signed with the secret of these settings"},
		"a key with a \\n": {text: plainText, change: key("test-secret-key\n"), made: djangosession.SignedWith{Key: "SECRET_KEY without the white space around it"}, said: "line end|white space"},
		"a quoted key":     {text: plainText, change: key(`"test-secret-key"`), made: djangosession.SignedWith{Key: "SECRET_KEY without the quotes around it"}},
		"another class":    {text: customText, more: djangosession.Candidates{Salts: []string{"django.contrib.sessions.Custom"}}, made: djangosession.SignedWith{Salt: "django.contrib.sessions.Custom"}, said: "SESSION_STORE"},
		"our class is custom": {
			text: plainText, change: func(s *djangosession.Settings) { s.SessionStore = "Custom" },
			made: djangosession.SignedWith{Salt: "django.contrib.sessions.SessionStore"}, said: `"django.contrib.sessions.Custom"`,
		},
		"a session in a cookie":   {text: cookieText, made: djangosession.SignedWith{Salt: "django.contrib.sessions.backends.signed_cookies"}},
		"no session":              {text: dumpsText, made: djangosession.SignedWith{Salt: "django.core.signing"}, said: "is not a session"},
		"the old layout":          {text: legacyText, made: djangosession.SignedWith{Key: "SECRET_KEY", Algorithm: "sha1"}, said: "ACCEPT_LEGACY_LAYOUT"},
		"SHA-1":                   {text: sha1Text, made: djangosession.SignedWith{Algorithm: "sha1"}, said: "SHA-1"},
		"quotes around it":        {text: `"` + plainText + `"`, made: djangosession.SignedWith{Key: "SECRET_KEY"}, said: "without the quotes"},
		"bytes as text":           {text: "b'" + plainText + "'", made: djangosession.SignedWith{Key: "SECRET_KEY"}, said: "without the quotes"},
		"URL escapes":             {text: strings.ReplaceAll(plainText, ":", "%3A"), made: djangosession.SignedWith{Key: "SECRET_KEY"}, said: "URL unescaping"},
		"a line end":              {text: plainText + "\n", made: djangosession.SignedWith{Key: "SECRET_KEY"}, said: "without the white space"},
		"altered":                 {text: strings.Replace(plainText, "eyJh", "eyJi", 1), said: "None of the keys"},
		"cut off":                 {text: plainText[:len(plainText)-5], said: "has 38 characters where SHA-256 has 43"},
		"a session key":           {text: "abcdefghijklmnopqrstuvwxyz012345", said: "session key"},
		"bare JSON":               {text: `{"a":1}`, said: "never signed"},
		"nothing":                 {text: "", said: "no text"},
		"good signature, no JSON": {text: signed(t, "not json"), made: djangosession.SignedWith{Key: "SECRET_KEY"}, said: "signature is good"},
	} {
		s := djangosession.NewSettings("test-secret-key")
		if c.change != nil {
			c.change(&s)
		}
		codec, err := djangosession.NewCodec(s)
		must(err)
		e := codec.Explain(c.text, c.more)
		words := e.String()
		if _, err := codec.Decode(c.text); (err == nil) != e.Decodes || (e.Problem == nil) != e.Decodes {
			t.Errorf("%s: decodes %v, but %v", name, e.Decodes, err)
		}
		if (e.SignedWith == nil) != (c.made == djangosession.SignedWith{}) {
			t.Errorf("%s: made with %+v, want %+v", name, e.SignedWith, c.made)
			continue
		}
		if m := e.SignedWith; m != nil && (c.made.Key != "" && m.Key != c.made.Key || c.made.Salt != "" && m.Salt != c.made.Salt ||
			c.made.Algorithm != "" && m.Algorithm != c.made.Algorithm) {
			t.Errorf("%s: made with %+v, want %+v", name, *m, c.made)
		}
		found := false
		for said := range strings.SplitSeq(c.said, "|") {
			found = found || strings.Contains(words, said)
		}
		if !found || strings.Contains(words, "test-secret-key") {
			t.Errorf("%s: in words:\n%s\nwant %q", name, words, c.said)
		}
	}
}

func fallback(s *djangosession.Settings) {
	s.SecretKey, s.SecretKeyFallbacks = "new", []string{"test-secret-key"}
}

func otherKey(s *djangosession.Settings) { s.SecretKey = "new" }

func key(k string) func(*djangosession.Settings) {
	return func(s *djangosession.Settings) { s.SecretKey = k }
}

func signed(t *testing.T, payload string) string {
	t.Helper()
	text, err := signing.Dumps([]byte(payload), signing.Options{Key: "test-secret-key", Salt: "django.contrib.sessions.SessionStore"})
	must(err)
	return text
}

func TestFallbackKeysThatTheReleaseIgnoresAreExplained(t *testing.T) {
	t.Parallel()
	s, err := djangosession.NewSettingsFor("4.0", "new")
	must(err)
	s.SecretKeyFallbacks = []string{"test-secret-key"}
	codec, err := djangosession.NewCodec(s)
	must(err)
	if _, err := codec.Decode(plainText); err == nil {
		t.Error("Django 4.0 has no fallback keys")
	}
	if words := codec.Explain(plainText, djangosession.Candidates{}).String(); !strings.Contains(words, "does not use SECRET_KEY_FALLBACKS") {
		t.Errorf("in words:\n%s", words)
	}
}
