package signing_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/djangobridge/djangobridge/signing"
)

// hmacTexts returns salts, secrets and values of lengths around all block sizes, the
// largest of which is 144 bytes.
func hmacTexts() []string {
	return []string{
		"", "a", "\x00", "sécret", "\xff\xfe", strings.Repeat("k", 63), strings.Repeat("k", 64), strings.Repeat("k", 65),
		strings.Repeat("k", 128), strings.Repeat("k", 129), strings.Repeat("k", 144), strings.Repeat("k", 145), strings.Repeat("k", 1000),
	}
}

// TestHMACIsSaltedHMACOfEachValue sends all values through one HMAC, so that anything
// left behind by one value would show in the next. The vectors prove that SaltedHMAC
// matches Django.
func TestHMACIsSaltedHMACOfEachValue(t *testing.T) {
	t.Parallel()
	for _, algorithm := range []string{
		signing.SHA256, signing.SHA1, "md5", "sha224", "sha384", "sha512", "sha3_224", "sha3_256", "sha3_384", "sha3_512",
		"blake2b", "blake2s",
	} {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			for _, salt := range []string{"", "salt", strings.Repeat("s", 200)} {
				for _, secret := range hmacTexts() {
					o := signing.HMACOptions{KeySalt: salt, Secret: secret, Algorithm: algorithm}
					m, err := signing.NewHMAC(o)
					if err != nil {
						t.Fatal(err)
					}
					for _, value := range hmacTexts() {
						want, err := signing.SaltedHMAC(value, o)
						got := m.Append([]byte("before"), value)
						if err != nil || !bytes.Equal(got, append([]byte("before"), want...)) {
							t.Fatalf("salt %q, secret of %d bytes, value of %d: got %x, want %x, %v",
								salt, len(secret), len(value), got, want, err)
						}
					}
				}
			}
		})
	}
}

func TestDjangosSaltedHMACOfOneHMAC(t *testing.T) {
	t.Parallel()
	forEach(t, "signing", func(t *testing.T, _ release, v *vector) {
		m, err := signing.NewHMAC(signing.HMACOptions{
			KeySalt: string(v.KeySalt), Secret: string(v.Secret), Algorithm: v.Algorithm,
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range []string{"another", v.text(t), "another"} {
			if got := hex.EncodeToString(m.Append(nil, value)); (got == v.Hex) != (value == v.text(t)) {
				t.Errorf("%.20q: got %s, of the case's value %s", value, got, v.Hex)
			}
		}
	}, "salted_hmac")
}

func TestHMACOfSeveralGoroutines(t *testing.T) {
	t.Parallel()
	o := signing.HMACOptions{KeySalt: "salt", Secret: "secret", Algorithm: signing.SHA256}
	m, err := signing.NewHMAC(o)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i, value := range append(hmacTexts(), strings.Repeat("v", 70<<10)) { // the last one is too long for the pool
		want, err := signing.SaltedHMAC(value, o)
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			for range 500 {
				if got := m.Append(nil, value); !bytes.Equal(got, want) {
					t.Errorf("value %d: got %x, want %x", i, got, want)
					return
				}
			}
		})
	}
	all.Wait()
}

func TestHMACRefusesUnknownAlgorithms(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "SHA256", "shake_128", "sha256 "} {
		_, err := signing.NewHMAC(signing.HMACOptions{KeySalt: "salt", Secret: "secret", Algorithm: name})
		var unknown *signing.AlgorithmError
		if !errors.As(err, &unknown) || unknown.Name != name {
			t.Errorf("%q: error %v", name, err)
		}
	}
}
