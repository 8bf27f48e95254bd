package djangosession_test

import (
	"errors"
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
