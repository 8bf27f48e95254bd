package signing

import (
	"errors"
	"math"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/internal/zlib"
)

// Options configure a signer. Only Key is required.
type Options struct {
	// Key is the secret, usually Django's SECRET_KEY. Bytes that are not UTF-8 are used
	// unchanged.
	Key string
	// FallbackKeys verify but never sign. They are Django's SECRET_KEY_FALLBACKS,
	// available since 4.1.
	FallbackKeys []string
	// Salt separates different uses of one key. The default is the name of Django's
	// class: "django.core.signing.Signer" or "django.core.signing.TimestampSigner".
	Salt string
	// Sep separates value and signature; ":" by default. See [ErrSeparator].
	Sep string
	// Algorithm is the name of a hash in Python's hashlib; [SHA256] by default. Use
	// [SHA1] for Django before 3.1.
	Algorithm string
	// AcceptSHA1 also accepts SHA-1 signatures, as Django 3.1 and 3.2 did. Django 4.0 and
	// later refuse them, and a Go service beside such a release should too, although
	// SHA-1 is not broken when used in an HMAC.
	AcceptSHA1 bool
	// Compress makes Dumps and SignObject deflate data if that saves at least two bytes
	// and if the signer itself would accept the inflated size. Reading accepts both.
	Compress bool
	// Dense makes Compress take more time for a shorter result, which is at most a few
	// bytes longer than Django's. It is for cookies, whose length is limited.
	Dense bool
	// MaxInflated limits the inflated size of a compressed object, in bytes;
	// [DefaultMaxInflated] if 0. Django has no limit: anyone with the key can make it
	// inflate gigabytes.
	MaxInflated int
	// Now is the clock; time.Now by default.
	Now func() time.Time
}

// DefaultMaxInflated is 16 MiB, in bytes.
const DefaultMaxInflated = 16 << 20

// Errors returned by the constructors.
var (
	// ErrNoKey refuses an empty key. (In Django an empty key means settings.SECRET_KEY.)
	ErrNoKey = errors.New("signing: the key is empty")
	// ErrSeparator refuses a separator that is empty or could be part of a signature. By
	// Django's rule, that is any separator made only of letters, digits and the
	// characters -_=[\]^`.
	ErrSeparator = errors.New("signing: unsafe separator: it must not be empty or consist of only A-z0-9-_=")
)

// A Signer signs text. It is immutable and safe for concurrent use. Matches
// django.core.signing.Signer.
type Signer struct {
	sep         string
	sign        *HMAC
	verify      []*HMAC
	compress    bool
	level       zlib.Level
	maxInflated int
}

// NewSigner returns a signer. The error is [ErrNoKey], [ErrSeparator] or an
// [*AlgorithmError].
func NewSigner(o Options) (*Signer, error) {
	if o.Salt == "" {
		o.Salt = "django.core.signing.Signer"
	}
	return newSigner(o)
}

func newSigner(o Options) (*Signer, error) {
	if o.Key == "" {
		return nil, ErrNoKey
	}
	s := &Signer{sep: o.Sep, maxInflated: o.MaxInflated, compress: o.Compress}
	if o.Dense {
		s.level = zlib.Best
	}
	if s.sep == "" {
		s.sep = ":"
	}
	if unsafeSep(s.sep) {
		return nil, ErrSeparator
	}
	if s.maxInflated <= 0 {
		s.maxInflated = DefaultMaxInflated
	}
	s.maxInflated = min(s.maxInflated, math.MaxInt-1) // inflating reads one byte beyond the limit
	if o.Algorithm == "" {
		o.Algorithm = SHA256
	}
	algorithms := []string{o.Algorithm}
	if o.AcceptSHA1 && o.Algorithm != SHA1 {
		algorithms = append(algorithms, SHA1)
	}
	for _, algorithm := range algorithms {
		for _, key := range append([]string{o.Key}, o.FallbackKeys...) {
			if key == "" {
				continue // Django reads an empty fallback as the key itself, which has already been tried
			}
			m, err := NewHMAC(HMACOptions{KeySalt: o.Salt + "signer", Secret: key, Algorithm: algorithm})
			if err != nil {
				return nil, err
			}
			s.verify = append(s.verify, m)
		}
	}
	s.sign = s.verify[0]
	return s, nil
}

// unsafeSep implements the regular expression ^[A-z0-9-_=]*$ with Python's meaning: A-z
// includes the six characters between Z and a, and $ also matches before a final newline.
func unsafeSep(sep string) bool {
	for _, c := range []byte(strings.TrimSuffix(sep, "\n")) {
		if !('A' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '=') {
			return false
		}
	}
	return true
}

// Signature returns only the signature of value, in URL-safe base64 without padding.
func (s *Signer) Signature(value string) string {
	return string(s.sign.appendSignature(nil, []byte(value)))
}

// Sign returns value, the separator and the signature.
func (s *Signer) Sign(value string) string {
	return string(s.finish(append(make([]byte, 0, len(value)+len(s.sep)+signatureRoom), value...)))
}

// signatureRoom is enough for a separator and a signature of usual length, in bytes.
const signatureRoom = 64

// finish appends the separator and the signature to value.
func (s *Signer) finish(value []byte) []byte {
	return s.sign.appendSignature(append(value, s.sep...), value)
}

// Unsign returns the value if its signature is valid under the key or a fallback key. The
// error is a [*DecodeError].
func (s *Signer) Unsign(signed string) (string, error) {
	i := strings.LastIndex(signed, s.sep)
	if i < 0 {
		return "", &DecodeError{Reason: Malformed, Detail: "no signature in the text", unsigned: true}
	}
	value, signature := signed[:i], signed[i+len(s.sep):]
	for _, m := range s.verify {
		if m.verify(value, signature) {
			return value, nil
		}
	}
	return "", &DecodeError{Reason: BadSignature}
}

// SignObject signs data, the output of a serializer: [py/pyjson] produces it for Django's
// JSONSerializer. It compresses data if [Options.Compress] is set. Matches
// Signer.sign_object.
//
// [py/pyjson]: https://pkg.go.dev/github.com/djangobridge/djangobridge/py/pyjson
func (s *Signer) SignObject(data []byte) string {
	b := newBuffers()
	defer b.release()
	return string(s.finish(s.encodeObject(b, data)))
}

// UnsignObject returns the data given to [Signer.SignObject]. The error is a
// [*DecodeError]. Matches Signer.unsign_object.
func (s *Signer) UnsignObject(signed string) ([]byte, error) {
	value, err := s.Unsign(signed)
	if err != nil {
		return nil, err
	}
	return s.decodeObject(value)
}
