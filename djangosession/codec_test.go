package djangosession_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

func TestDecodeMaxAge(t *testing.T) {
	t.Parallel()
	s := djangosession.NewSettings("test-secret-key")
	s.Now = func() time.Time { return frozen.Add(time.Minute) }
	s.AcceptLegacyLayout = true
	codec, err := djangosession.NewCodec(s)
	must(err)
	if _, err := codec.DecodeMaxAge(plainText, 2*time.Minute); err != nil {
		t.Error(err)
	}
	for text, want := range map[string]string{plainText: "signature_expired", legacyText: "malformed"} {
		_, err := codec.DecodeMaxAge(text, time.Minute)
		if refused, ok := errors.AsType[*djangosession.DecodeError](err); !ok || string(refused.Reason) != want {
			t.Errorf("error %v, want the reason %s", err, want)
		}
	}
}

// TestDecodedSessionsShareNoMemory decodes other texts of the same length afterwards,
// which would overwrite memory that the first session shared with the codec.
func TestDecodedSessionsShareNoMemory(t *testing.T) {
	t.Parallel()
	for name, serializer := range map[string]djangosession.Serializer{
		"json": djangosession.JSONSerializer{}, "pickle": djangosession.PickleSerializer{},
		"transitional": djangosession.TransitionalSerializer{},
	} {
		s := djangosession.NewSettings("test-secret-key")
		s.Serializer = serializer
		codec, err := djangosession.NewCodec(s)
		must(err)
		text := func(c string) string {
			d := py.NewDict(1)
			d.Set("note", strings.Repeat(c, 500))
			encoded, err := codec.Encode(d)
			must(err)
			return encoded
		}
		first, err := codec.Decode(text("a"))
		must(err)
		for range 10 {
			_, err := codec.Decode(text("b"))
			must(err)
		}
		if got, _ := first.Get("note"); py.Resolve(got) != strings.Repeat("a", 500) {
			t.Errorf("%s: the session became %.20q", name, py.Resolve(got))
		}
	}
}

// TestDecodeMaxAgeOfReleases passes texts of both layouts to releases that read one of
// them.
func TestDecodeMaxAgeOfReleases(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"2.2.28", "3.2.25", "6.1"} {
		s, err := djangosession.NewSettingsFor(release, "test-secret-key")
		must(err)
		s.Now = func() time.Time { return frozen }
		codec, err := djangosession.NewCodec(s)
		must(err)
		for text, want := range map[string]bool{plainText: release != "2.2.28", legacyText: false, "": false, "::": false} {
			d, err := codec.DecodeMaxAge(text, time.Hour)
			if (err == nil) != want || (d != nil) != want {
				t.Errorf("%s: %.10q: %v, %v", release, text, d, err)
				continue
			}
			if _, ok := errors.AsType[*djangosession.DecodeError](err); !ok && !want {
				t.Errorf("%s: %.10q: error %v", release, text, err)
			}
			if whole, err := codec.Decode(text); want && (err != nil || !py.Equal(whole, d)) {
				t.Errorf("%s: %v, decoded %v", release, d, whole)
			}
		}
	}
}

// TestDamagedTextTellsWhenItWasSigned has a text that lost its data, or its time.
func TestDamagedTextTellsWhenItWasSigned(t *testing.T) {
	t.Parallel()
	codec, err := djangosession.NewCodec(djangosession.NewSettings("test-secret-key"))
	must(err)
	for text, want := range map[string]time.Time{
		"eyJhIjoxfQ:1r31eq:x": time.Unix(1700000000, 0), ":1r31eq:x": time.Unix(1700000000, 0),
		"1r31eq:x": {}, ":x": {}, "x": {}, "": {}, "a:!:x": {},
	} {
		_, err := codec.Decode(text)
		refused, ok := errors.AsType[*djangosession.DecodeError](err)
		if !ok || !refused.SignedAt.Equal(want) {
			t.Errorf("%q: %v, signed at %v", text, err, refused.SignedAt)
		}
	}
}
