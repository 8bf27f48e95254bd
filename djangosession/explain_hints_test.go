package djangosession_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// TestExplainGivesTheseHintsAndNoOthers lists a part of each hint, in order.
func TestExplainGivesTheseHintsAndNoOthers(t *testing.T) {
	t.Parallel()
	const noKey = "None of the keys and salts tried made this signature"
	encoded := base64.RawURLEncoding.EncodeToString
	for name, c := range map[string]struct {
		text    string
		release string
		change  func(*djangosession.Settings)
		more    djangosession.Candidates
		kind    djangosession.Kind
		want    []string
	}{
		"a session": {text: plainText, kind: djangosession.SessionKind},
		"of a candidate key": {
			text: plainText, change: otherKey, more: djangosession.Candidates{Keys: []string{"test-secret-key"}},
			kind: djangosession.SessionKind, want: []string{"not signed with the secret of these settings"},
		},
		"of a candidate key and class": {
			text: customText, change: otherKey, kind: djangosession.SessionKind,
			more: djangosession.Candidates{Keys: []string{"test-secret-key"}, Salts: []string{"django.contrib.sessions.Custom"}},
			want: []string{"not signed with the secret of these settings"},
		},
		"of a fallback key that the release does not use": {
			text: plainText, release: "4.0", change: fallback, kind: djangosession.SessionKind,
			want: []string{"does not use SECRET_KEY_FALLBACKS"},
		},
		"of another class": {
			text: customText, more: djangosession.Candidates{Salts: []string{"django.contrib.sessions.Custom"}},
			kind: djangosession.SessionKind, want: []string{"The salt is not"},
		},
		"in a cookie": {text: cookieText, kind: djangosession.CookieSessionKind, want: []string{"no row in the database"}},
		"in a cookie, of a candidate key": {
			text: cookieText, change: otherKey, more: djangosession.Candidates{Keys: []string{"test-secret-key"}},
			kind: djangosession.CookieSessionKind,
			want: []string{"not signed with the secret of these settings", "no row in the database"},
		},
		"dumps":         {text: dumpsText, kind: djangosession.SignedKind, want: []string{"signed for another purpose"}},
		"altered":       {text: strings.Replace(plainText, "eyJh", "eyJi", 1), kind: djangosession.SessionKind, want: []string{noKey}},
		"altered dumps": {text: "x" + helloTimed, kind: djangosession.SignedKind, want: []string{noKey + ". Give the name of a signed cookie"}},
		"cut off": {
			text: plainText[:len(plainText)-5], kind: djangosession.SessionKind, want: []string{"has 38 characters", noKey + ": the site"},
		},
		"a session key": {
			text: "abcdefghijklmnopqrstuvwxyz012345", kind: djangosession.SessionKeyKind,
			want: []string{"Decode the column session_data in the row with this key instead."},
		},
		"a CSRF token":   {text: csrfToken, kind: djangosession.CSRFTokenKind, want: []string{"compares it with the visitor's secret"}},
		"a password":     {text: password, kind: djangosession.PasswordKind},
		"nothing":        {text: "", want: []string{"There is no text."}},
		"JSON in base64": {text: encoded([]byte(`{"apples": 1, "b": 2}`)), kind: djangosession.JSONKind, want: []string{"three parts"}},
		"a list in base64": {
			text: encoded([]byte(`["apples", 1, "b", 2]`)), kind: djangosession.JSONKind, want: []string{"three parts"},
		},
		"a number in base64": {text: encoded([]byte("123456789012345")), kind: djangosession.Base64Kind, want: []string{"three parts"}},
		"20 characters":      {text: encoded([]byte("\xf0apples in bag\xff")), kind: djangosession.Base64Kind, want: []string{"three parts"}},
		"19 characters":      {text: encoded([]byte("\xf0apples in ba\xff"))[:19], kind: djangosession.TextKind, want: []string{"three parts"}},
		"in double quotes":   {text: `"` + csrfSecret + `"`, kind: djangosession.CSRFSecretKind, want: []string{"without the quotes", "visitor's secret"}},
	} {
		release := c.release
		if release == "" {
			release = "6.1"
		}
		s, err := djangosession.NewSettingsFor(release, "test-secret-key")
		must(err)
		if c.change != nil {
			c.change(&s)
		}
		codec, err := djangosession.NewCodec(s)
		must(err)
		e := codec.Explain(c.text, c.more)
		good := len(e.Hints) == len(c.want) && e.Kind == c.kind
		for i := range min(len(c.want), len(e.Hints)) {
			good = good && strings.Contains(e.Hints[i], c.want[i])
		}
		if !good {
			t.Errorf("%s: kind %q with the hints %q, want %q with %q", name, e.Kind, e.Hints, c.kind, c.want)
		}
	}
}
