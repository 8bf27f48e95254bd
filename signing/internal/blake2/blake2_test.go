package blake2_test

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"testing"

	"github.com/djangobridge/djangobridge/signing/internal/blake2"
)

// The expected values come from Python. Each covers all message lengths from 0 to 300:
//
//	d = hashlib.sha256()
//	for n in range(301): d.update(hashlib.blake2b(bytes(i % 251 for i in range(n))).digest())
func TestAgreesWithHashlib(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		new  func() hash.Hash
		abc  string
		each string
	}{
		"blake2b": {
			blake2.NewB,
			"ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
			"4dc156c1584c011f7b5cec75eaed49105cbe43537195904771238b08fc18787d",
		},
		"blake2s": {
			blake2.NewS,
			"508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982",
			"fbfa32deecf6db4f5fd5ad44bbdf0c48d2c955bd13c5d360eae7ae56594dd9a1",
		},
	} {
		h := c.new()
		for _, b := range []byte("abc") {
			h.Write([]byte{b})
		}
		if got := hex.EncodeToString(h.Sum(nil)); got != c.abc {
			t.Errorf("%s of abc is %s, want %s", name, got, c.abc)
		}
		all := sha256.New()
		for n := range 301 {
			msg := make([]byte, n)
			for i := range msg {
				msg[i] = byte(i % 251)
			}
			h.Reset()
			h.Write(msg)
			if len(h.Sum(nil)) != h.Size() {
				t.Fatalf("%s: digest of another size than %d", name, h.Size())
			}
			all.Write(h.Sum(nil)) // a second Sum must return the same
		}
		if got := hex.EncodeToString(all.Sum(nil)); got != c.each {
			t.Errorf("%s of all lengths: %s, want %s", name, got, c.each)
		}
	}
}
