package signing

import (
	"encoding/base64"
	"slices"

	"github.com/djangobridge/djangobridge/internal/pybase64"
)

func appendBase64(dst, src []byte) []byte { return base64.RawURLEncoding.AppendEncode(dst, src) }

// decodeBase64 reads base64 as Django's signing.b64_decode does. Django adds padding
// according to the length of the text and passes it to Python's decoder, which ignores
// bytes outside the alphabet and reads "+/" as "-_". The result uses buf if buf is large
// enough.
func decodeBase64(buf []byte, s string) ([]byte, error) {
	n := base64.RawURLEncoding.DecodedLen(len(s))
	b := slices.Grow(buf[:0], n)[:n]
	// Go's decoder ignores line ends, which then show up as missing bytes.
	if n, err := base64.RawURLEncoding.Decode(b, []byte(s)); err == nil && n == len(b) {
		return b, nil
	}
	return pybase64.Decode(b[:0], s, -len(s)&3, true)
}
