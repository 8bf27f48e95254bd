package signing_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/signing"
)

const fuzzKey = "fuzz-secret-key"

func fuzzOptions() signing.Options {
	return signing.Options{
		Key: fuzzKey, FallbackKeys: []string{"old"}, AcceptSHA1: true, MaxInflated: 1 << 20,
		Now: func() time.Time { return time.Unix(1700000000, 0) },
	}
}

// FuzzLoads checks that no text makes Loads panic or return data that this key did not
// sign. Accepted data, signed again, must load as the same data.
func FuzzLoads(f *testing.F) {
	for _, data := range []string{"", "{}", `{"a":1}`, `{"foo":"barbarbarbarbarbarbarbarbarbar"}`} {
		for _, compress := range []bool{false, true} {
			o := fuzzOptions()
			o.Compress = compress
			signed, err := signing.Dumps([]byte(data), o)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(signed)
		}
	}
	for _, text := range []string{
		"", ":", "::", ".:1:x", "a:b:c", "eyJhIjoxfQ:1r31eq:kmKJ58BuWZwTcnsGz2rX1Jis7G9EYc9E_xzye2nkyDY", "\xff:\xfe:\x00",
		"eyJhIjoxfQ:1r31eq:NNsVFSpsLTOFIk07ZvjoiQ4AaFc",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		data, err := signing.Loads(text, fuzzOptions())
		if err != nil {
			var refused *signing.DecodeError
			if !errors.As(err, &refused) || data != nil {
				t.Fatalf("error %v with %d bytes of data", err, len(data))
			}
			return
		}
		again, err := signing.Dumps(data, fuzzOptions())
		if err != nil {
			t.Fatal(err)
		}
		back, err := signing.Loads(again, fuzzOptions())
		if err != nil || !bytes.Equal(back, data) {
			t.Fatalf("%q came back as %q, %v", data, back, err)
		}
	})
}

// FuzzTampering changes one byte of a signed text, or truncates it, and expects a
// refusal.
func FuzzTampering(f *testing.F) {
	f.Add([]byte(`{"_auth_user_id":"1"}`), uint(0), byte(1), uint(0))
	f.Add([]byte(`{"_auth_user_id":"1"}`), uint(40), byte(0x20), uint(0))
	f.Add([]byte(""), uint(3), byte(0xff), uint(1))
	f.Add(bytes.Repeat([]byte("abc"), 100), uint(60), byte(4), uint(3))
	f.Fuzz(func(t *testing.T, data []byte, at uint, flip byte, cut uint) {
		o := fuzzOptions()
		o.Compress = true
		signed, err := signing.Dumps(data, o)
		if err != nil {
			t.Fatal(err)
		}
		forged := []byte(signed)
		forged[at%uint(len(forged))] ^= flip
		forged = forged[:uint(len(forged))-cut%uint(len(forged))]
		if string(forged) == signed {
			return
		}
		if _, err := signing.Loads(string(forged), fuzzOptions()); err == nil {
			t.Fatalf("accepted %q, made of %q", forged, signed)
		}
	})
}

func FuzzBase62(f *testing.F) {
	for _, text := range []string{"", "0", "-", "-0", "1r31eq", "AzL8n0Y58m7", "-AzL8n0Y58m8", "zzzzzzzzzzzzzzzz", "+1", "é"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := signing.B62Decode(text)
		if err != nil {
			return
		}
		if again, err := signing.B62Decode(signing.B62Encode(n)); err != nil || again != n {
			t.Fatalf("%d became %d, %v", n, again, err)
		}
	})
}
