package djangosession_test

import (
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// TestExplainFindsKeysThatWereChangedInTransport has settings whose key differs from the
// signing key in the ways in which shells and environment files change it.
func TestExplainFindsKeysThatWereChangedInTransport(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ signed, settings, words string }{
		"the same":            {signed: "secret", settings: "secret", words: "SECRET_KEY"},
		"line end lost":       {signed: "secret\n", settings: "secret", words: "SECRET_KEY with a line end after it"},
		"double quotes lost":  {signed: `"secret"`, settings: "secret", words: "SECRET_KEY with double quotes around it"},
		"single quotes lost":  {signed: "'secret'", settings: "secret", words: "SECRET_KEY with single quotes around it"},
		"line end added":      {signed: "secret", settings: "secret\n", words: "SECRET_KEY without the white space around it"},
		"white space added":   {signed: "secret", settings: "  secret\t", words: "SECRET_KEY without the white space around it"},
		"quotes added":        {signed: "secret", settings: `"secret"`, words: "SECRET_KEY without the quotes around it"},
		"quotes and line end": {signed: "secret", settings: "'secret'\n", words: "SECRET_KEY without the quotes around it"},
	} {
		d := py.NewDict(1)
		d.Set("a", int64(1))
		writer, err := djangosession.NewCodec(djangosession.NewSettings(c.signed))
		must(err)
		text, err := writer.Encode(d)
		must(err)
		reader, err := djangosession.NewCodec(djangosession.NewSettings(c.settings))
		must(err)
		e := reader.Explain(text, djangosession.Candidates{})
		if e.SignedWith == nil || e.SignedWith.Key != c.words {
			t.Errorf("%s: made with %+v", name, e.SignedWith)
			continue
		}
		if hinted := strings.Contains(e.String(), "The text was not signed with the secret of these settings"); hinted == e.Decodes {
			t.Errorf("%s: in words: %s", name, e)
		}
	}
}

// TestExplainTellsLayoutsApartInWords wants different words for each layout, and
// compression only where there is some.
func TestExplainTellsLayoutsApartInWords(t *testing.T) {
	t.Parallel()
	s := djangosession.NewSettings("test-secret-key")
	s.AcceptLegacyLayout = true
	codec, err := djangosession.NewCodec(s)
	must(err)
	d := py.NewDict(1)
	d.Set("a", strings.Repeat("long ", 100))
	compressed, err := codec.Encode(d)
	must(err)
	uncompressed, err := codec.EncodeUncompressed(d)
	must(err)
	if compressed[0] != '.' || uncompressed[0] == '.' {
		t.Errorf("compressed %.1q, not compressed %.1q", compressed, uncompressed)
	}
	for name, c := range map[string]struct {
		text, words string
		compressed  bool
	}{
		"compressed":     {text: compressed, words: "Layout: signing.dumps", compressed: true},
		"not compressed": {text: uncompressed, words: "Layout: signing.dumps"},
		"before 3.1":     {text: legacyText, words: "before 3.1"},
		"timed":          {text: helloTimed, words: "TimestampSigner"},
		"plain":          {text: helloSigner, words: "Layout: a value and a signature"},
	} {
		e := codec.Explain(c.text, djangosession.Candidates{})
		words := e.String()
		if !strings.Contains(words, c.words) || strings.Contains(words, "compressed") != c.compressed || e.Compressed != c.compressed {
			t.Errorf("%s: in words: %s", name, words)
		}
		if timed := c.compressed || strings.Contains(name, "not") || name == "timed"; strings.Contains(words, "Signed at") != timed {
			t.Errorf("%s: of the time: %s", name, words)
		}
		if e.SignedWith == nil || !strings.Contains(words, "Signed with: SECRET_KEY, salt") {
			t.Errorf("%s: nothing of the key: %s", name, words)
		}
	}
}

// TestExplainWantsAnAlgorithmOfTokens has texts in three parts that are not JSON Web
// Tokens.
func TestExplainWantsAnAlgorithmOfTokens(t *testing.T) {
	t.Parallel()
	codec, err := djangosession.NewCodec(djangosession.NewSettings("k"))
	must(err)
	for text, want := range map[string]bool{
		jwt:                             true,
		"eyJhbGciOiJub25lIn0.e30.":      true,  // {"alg": "none"}
		"e30.e30.e30":                   false, // {} names no algorithm
		"W10.e30.e30":                   false, // [] is not a header
		"eyJhbGciOiJub25lIn0..":         false, // the other parts are empty
		"eyJhbGciOiJub25lIn0.e30":       false,
		"eyJhbGciOiJub25lIn0.e30.a.b":   false,
		"eyJhbGciOiJub25lIn0.e30.a.b.c": true, // encrypted, in five parts
	} {
		if kind := codec.Explain(text, djangosession.Candidates{}).Kind; (kind == djangosession.JWTKind) != want {
			t.Errorf("%q: %q", text, kind)
		}
	}
}

// TestExplainNamesTheSerializer explains texts with a good signature.
func TestExplainNamesTheSerializer(t *testing.T) {
	t.Parallel()
	pickled := djangosession.NewSettings("test-secret-key")
	pickled.Serializer = djangosession.PickleSerializer{}
	writer, err := djangosession.NewCodec(pickled)
	must(err)
	d := py.NewDict(1)
	d.Set("a", int64(1))
	pickle, err := writer.EncodeUncompressed(d)
	must(err)
	codec, err := djangosession.NewCodec(djangosession.NewSettings("test-secret-key"))
	must(err)
	for name, c := range map[string]struct{ text, want string }{
		"JSON":       {text: plainText, want: "json"},
		"pickle":     {text: pickle, want: "pickle"},
		"dumps":      {text: dumpsText, want: "json"},
		"messages":   {text: messages61, want: "json"},
		"plain text": {text: helloTimed, want: ""},
		"no time":    {text: helloSigner, want: ""},
	} {
		if e := codec.Explain(c.text, djangosession.Candidates{}); e.Serializer != c.want {
			t.Errorf("%s: %q, want %q", name, e.Serializer, c.want)
		}
	}
}

// TestExplainSaysWhichLayoutsTheReleaseDoesNotRead has both layouts for each release.
func TestExplainSaysWhichLayoutsTheReleaseDoesNotRead(t *testing.T) {
	t.Parallel()
	const words = "does not read this layout"
	for release, unread := range map[string]map[string]bool{
		"2.2.28": {legacyText: false, plainText: true}, "3.2.25": {legacyText: false, plainText: false},
		"6.1": {legacyText: true, plainText: false},
	} {
		s, err := djangosession.NewSettingsFor(release, "test-secret-key")
		must(err)
		codec, err := djangosession.NewCodec(s)
		must(err)
		for text, want := range unread {
			e := codec.Explain(text, djangosession.Candidates{})
			if strings.Contains(e.String(), words) != want || e.Decodes == want {
				t.Errorf("%s: in words: %s", release, e)
			}
		}
	}
}
