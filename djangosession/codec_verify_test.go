package djangosession_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/signing"
)

// TestVerifyChecksTheSignatureAlone has texts that Django wrote, and one whose payload is
// not a session.
func TestVerifyChecksTheSignatureAlone(t *testing.T) {
	t.Parallel()
	at := time.Unix(1700000000, 0)
	for name, c := range map[string]struct {
		text, release, key string
		want               time.Time
		reason             djangosession.DecodeError // only Reason and SignedAt count
	}{
		"a session":             {text: plainText, want: at},
		"not a session":         {text: dumpsOfOne, want: at},
		"another key":           {text: plainText, key: "x", reason: djangosession.DecodeError{Reason: signing.BadSignature, SignedAt: at}},
		"no signature":          {text: "x", reason: djangosession.DecodeError{Reason: signing.Malformed}},
		"before 3.1":            {text: legacyText, release: "2.2.28"},
		"before 3.1, for 3.2":   {text: legacyText, release: "3.2.25"},
		"before 3.1, other key": {text: legacyText, release: "2.2.28", key: "x", reason: djangosession.DecodeError{Reason: signing.BadSignature}},
		"before 3.1, for 4.2":   {text: legacyText, release: "4.2.30", reason: djangosession.DecodeError{Reason: signing.Malformed}},
	} {
		if c.release == "" {
			c.release = "5.2.19"
		}
		if c.key == "" {
			c.key = "test-secret-key"
		}
		s, err := djangosession.NewSettingsFor(c.release, c.key)
		if err != nil {
			t.Fatal(err)
		}
		if name == "not a session" {
			s.KeySalt = "django.core.signing"
		}
		codec, err := djangosession.NewCodec(s)
		if err != nil {
			t.Fatal(err)
		}
		got, err := codec.Verify(c.text)
		refused, isRefused := errors.AsType[*djangosession.DecodeError](err)
		if !got.Equal(c.want) || isRefused != (c.reason.Reason != "") ||
			isRefused && (refused.Reason != c.reason.Reason || !refused.SignedAt.Equal(c.reason.SignedAt)) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// TestVerifyDoesNotInflate has a text that Decode refuses because of its size.
func TestVerifyDoesNotInflate(t *testing.T) {
	t.Parallel()
	s := djangosession.NewSettings("k")
	s.MaxInflated = 1000
	codec, err := djangosession.NewCodec(s)
	must(err)
	signer, err := signing.NewTimestampSigner(signing.Options{
		Key: "k", Salt: "django.contrib.sessions.SessionStore", Compress: true,
	})
	must(err)
	text := signer.SignObject([]byte(`{"a":"` + strings.Repeat("a", 100_000) + `"}`))
	if _, err := codec.Decode(text); err == nil {
		t.Fatal("the session is small enough")
	}
	if _, err := codec.Verify(text); err != nil {
		t.Error(err)
	}
}
