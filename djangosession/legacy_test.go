package djangosession_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/signing"
)

// Sessions that Django 3.2.25 wrote with DEFAULT_HASHING_ALGORITHM = "sha1" and the
// secret "secret".
const (
	legacyPlus  = "OTZkNzViM2M3NjAxNmYzMjJkMThlYTJjMzYzZTYwZmFmOGFjZjY2MDp7ImEiOiI+Pj4iLCJwIjoiIn0=" // {'a': '>>>', 'p': ''}
	legacySlash = "ZWQ5MjVmYTVmYzQ1NDAxMjBjYWU5ZDJlOTc3YTE0ODhjNTAxYWFiMjp7ImEiOiI/Pz8iLCJwIjoiIn0=" // {'a': '???', 'p': ''}
	legacyOne   = "NTdkYjJhMDQwZDA4ZjIyNDFmMmM1YjM5Zjg5OGQ5MDNkMGE3MDQ0Zjp7ImEiOjF9"                 // {'a': 1}
)

func legacyCodec(t *testing.T, key string) *djangosession.Codec {
	t.Helper()
	s, err := djangosession.NewSettingsFor("3.2.25", key)
	if err != nil {
		t.Fatal(err)
	}
	s.DefaultHashingAlgorithm = "sha1"
	codec, err := djangosession.NewCodec(s)
	if err != nil {
		t.Fatal(err)
	}
	return codec
}

// TestLegacyLayoutIsOfTheStandardAlphabet has the results of Django 3.2.25 for texts with
// characters of the other alphabet. It skips - and _, like every character outside its
// own.
func TestLegacyLayoutIsOfTheStandardAlphabet(t *testing.T) {
	t.Parallel()
	codec := legacyCodec(t, "secret")
	for text, want := range map[string]any{
		legacyPlus: ">>>", legacySlash: "???", legacyOne: int64(1),
		legacyOne[:8] + "-" + legacyOne[8:]:       int64(1),
		legacyOne[:8] + "_" + legacyOne[8:]:       int64(1),
		legacyOne[:8] + "-_-_" + legacyOne[8:]:    int64(1),
		legacyOne[:8] + "\n" + legacyOne[8:]:      int64(1),
		strings.Replace(legacyPlus, "+", "-", 1):  nil,
		strings.Replace(legacySlash, "/", "_", 1): nil,
	} {
		d, err := codec.Decode(text)
		if want == nil {
			if err == nil {
				t.Errorf("%q is read as %v", text, d)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got, _ := d.Get("a"); !py.Equal(got, want) {
			t.Errorf("%q: a is %v, want %v", text, got, want)
		}
	}
	for text, a := range map[string]string{legacyPlus: ">>>", legacySlash: "???"} {
		d := py.NewDict(2)
		d.Set("a", a)
		d.Set("p", "")
		if got, err := codec.Encode(d); err != nil || got != text {
			t.Errorf("%s: written as %q, %v", a, got, err)
		}
		if got, err := codec.EncodeUncompressed(d); err != nil || got != text {
			t.Errorf("%s: written uncompressed as %q, %v", a, got, err)
		}
	}
}

func TestLegacyLayoutRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		key, text string
		reason    signing.Reason
	}{
		"another key": {key: "other", text: legacyOne, reason: signing.BadSignature},
		"a changed value": {
			key: "secret", text: legacyOne[:len(legacyOne)-4] + "OjJ9", reason: signing.BadSignature,
		},
		"no hash":              {key: "secret", text: "eyJhIjoxfQ==", reason: signing.BadSignature}, // {"a", a colon, 1}
		"neither":              {key: "secret", text: "AAAA", reason: signing.Malformed},
		"outside ASCII":        {key: "secret", text: legacyOne[:8] + "é" + legacyOne[8:], reason: signing.Malformed},
		"the first past ASCII": {key: "secret", text: legacyOne[:8] + "\u0080" + legacyOne[8:], reason: signing.Malformed},
		"cut base64":           {key: "secret", text: legacyOne[:len(legacyOne)-3], reason: signing.Malformed},
		"empty":                {key: "secret", text: "", reason: signing.Malformed},
	} {
		d, err := legacyCodec(t, c.key).Decode(c.text)
		refused, ok := errors.AsType[*djangosession.DecodeError](err)
		if !ok || refused.Reason != c.reason || d != nil {
			t.Errorf("%s: %v, %v; want the reason %s", name, d, err, c.reason)
		}
	}
	// The last character of ASCII is skipped too.
	if _, err := legacyCodec(t, "secret").Decode(legacyOne[:8] + "\u007f" + legacyOne[8:]); err != nil {
		t.Errorf("the last of ASCII: %v", err)
	}
}

func TestLegacyLayoutReportsWhatItCannotWrite(t *testing.T) {
	t.Parallel()
	codec := legacyCodec(t, "secret")
	d := py.NewDict(1)
	d.Set("bytes", py.Bytes("x")) // JSON has no bytes
	text, err := codec.Encode(d)
	uncompressed, uncompressedErr := codec.EncodeUncompressed(d)
	for _, err := range []error{err, uncompressedErr} {
		if wrong, ok := errors.AsType[*djangosession.ValueError](err); !ok || wrong.Name != "bytes" || text+uncompressed != "" {
			t.Errorf("error %v", err)
		}
	}
}

func TestLegacyLayoutKnowsNoKeySalt(t *testing.T) {
	t.Parallel()
	// Written by a class named Store with key_salt = "my.salt", on Django 3.2 with
	// DEFAULT_HASHING_ALGORITHM = "sha1".
	const text = "ZDY1ZDI4ZjQyYWQxYWJlNDQ3ODAzYTNiZDFlYTRlODg4ZGNmMmYyMzp7ImEiOjF9"
	s, err := djangosession.NewSettingsFor("3.2.25", "test-secret-key")
	must(err)
	s.SessionStore, s.KeySalt, s.DefaultHashingAlgorithm = "Store", "my.salt", "sha1"
	codec, err := djangosession.NewCodec(s)
	must(err)
	d := py.NewDict(0)
	d.Set("a", int64(1))
	if got, err := codec.Encode(d); got != text || err != nil {
		t.Errorf("wrote %s, %v", got, err)
	}
	if got, err := codec.Decode(text); err != nil || !py.Equal(got, d) {
		t.Errorf("not read: %v", err)
	}
}

func TestReleasesReadTheLayoutsThatTheyReadInDjango(t *testing.T) {
	t.Parallel()
	for release, c := range map[string]struct{ plain, sha1, legacy bool }{
		"2.2.28": {false, false, true}, "3.2.25": {true, true, true}, "4.0": {true, false, false}, "6.1": {true, false, false},
	} {
		for _, both := range []bool{false, true} {
			s, err := djangosession.NewSettingsFor(release, "test-secret-key")
			must(err)
			s.AcceptLegacyLayout = both
			codec, err := djangosession.NewCodec(s)
			must(err)
			for text, want := range map[string]bool{plainText: c.plain, sha1Text: c.sha1, legacyText: c.legacy} {
				if _, err := codec.Decode(text); (err == nil) != (want || both) {
					t.Errorf("%s, both %v: %.20s...: %v", release, both, text, err)
				}
				if e := codec.Explain(text, djangosession.Candidates{}); e.SignedWith == nil || !e.Decodes && len(e.Hints) == 0 {
					t.Errorf("%s, both %v: no advice about %.20s...", release, both, text)
				}
			}
		}
	}
}
