package signing

import (
	"errors"
	"math"
	"strings"
	"time"
)

// Options say how a signer works. Only Key is required.
type Options struct {
	// Key is the secret, Django's SECRET_KEY as a rule. Bytes that are not UTF-8 are taken as they are.
	Key string
	// FallbackKeys verify but never sign: SECRET_KEY_FALLBACKS. Django has them since 4.1.
	FallbackKeys []string
	// Salt sets uses of one key apart. The default is the name of Django's class:
	// "django.core.signing.Signer" or "django.core.signing.TimestampSigner".
	Salt string
	// Sep stands between value and signature; ":" by default. See [ErrSeparator].
	Sep string
	// Algorithm is a hash by its name in Python's hashlib; [SHA256] by default. For Django before 3.1 it is [SHA1].
	Algorithm string
	// AcceptSHA1 also takes signatures made with SHA-1, as Django 3.1 and 3.2 did; 4.0 and later refuse them. SHA-1 in an
	// HMAC is not broken, but what those releases refuse a Go service beside them should refuse too.
	AcceptSHA1 bool
	// MaxInflated is how many bytes a compressed object may inflate to; [DefaultMaxInflated] if 0. Django has no limit:
	// whoever has the key can make it inflate gigabytes.
	MaxInflated int
	// Now is the clock; time.Now by default.
	Now func() time.Time
}

// DefaultMaxInflated is 16 MiB.
const DefaultMaxInflated = 16 << 20

// Errors of the constructors.
var (
	// ErrNoKey refuses an empty key. (In Django an empty key stands for settings.SECRET_KEY.)
	ErrNoKey = errors.New("signing: the key is empty")
	// ErrSeparator refuses a separator that is empty or could be part of a signature, by Django's rule: all of it letters,
	// digits, or one of -_=[\]^`.
	ErrSeparator = errors.New("signing: unsafe separator: it must not be empty or consist of only A-z0-9-_=")
)

// A Signer signs text. It cannot change, and several goroutines may use it. Matches django.core.signing.Signer.
type Signer struct {
	sep         string
	sign        *HMAC
	verify      []*HMAC
	maxInflated int
}

// NewSigner returns a signer. The error is [ErrNoKey], [ErrSeparator] or an [*AlgorithmError].
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
	s := &Signer{sep: o.Sep, maxInflated: o.MaxInflated}
	if s.sep == "" {
		s.sep = ":"
	}
	if unsafeSep(s.sep) {
		return nil, ErrSeparator
	}
	if s.maxInflated <= 0 {
		s.maxInflated = DefaultMaxInflated
	}
	s.maxInflated = min(s.maxInflated, math.MaxInt-1) // inflating goes one byte further
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
				continue // Django takes an empty fallback for the key itself, which has been tried
			}
			m, err := NewHMAC(o.Salt+"signer", key, algorithm)
			if err != nil {
				return nil, err
			}
			s.verify = append(s.verify, m)
		}
	}
	s.sign = s.verify[0]
	return s, nil
}

// unsafeSep is the regular expression ^[A-z0-9-_=]*$ as Python reads it: A-z holds six signs between Z and a, and $ also
// matches before a final line end.
func unsafeSep(sep string) bool {
	for _, c := range []byte(strings.TrimSuffix(sep, "\n")) {
		if !('A' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '=') {
			return false
		}
	}
	return true
}

// Signature returns the signature of value alone, in URL-safe base64 without padding.
func (s *Signer) Signature(value string) string {
	return string(s.sign.appendSignature(nil, []byte(value)))
}

// Sign returns value, the separator and the signature.
func (s *Signer) Sign(value string) string {
	return string(s.finish(append(make([]byte, 0, len(value)+len(s.sep)+signatureRoom), value...)))
}

// signatureRoom is enough for a separator and the usual signature.
const signatureRoom = 64

// finish appends the separator and the signature to a value.
func (s *Signer) finish(value []byte) []byte {
	return s.sign.appendSignature(append(value, s.sep...), value)
}

// Unsign returns the value if the signature is good under the key or a fallback key. The error is a [*DecodeError].
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

// SignObject signs data, which a serializer has made of an object: what [py/pyjson] writes for Django's JSONSerializer.
// With compress the data is deflated if that saves at least two bytes, and if it does not inflate to more than the signer
// itself accepts. Matches Signer.sign_object.
//
// [py/pyjson]: https://pkg.go.dev/github.com/djangobridge/djangobridge/py/pyjson
func (s *Signer) SignObject(data []byte, compress bool) string {
	return string(s.finish(s.encodeObject(data, compress)))
}

// UnsignObject returns the data that [Signer.SignObject] was given. The error is a [*DecodeError]. Matches
// Signer.unsign_object.
func (s *Signer) UnsignObject(signed string) ([]byte, error) {
	value, err := s.Unsign(signed)
	if err != nil {
		return nil, err
	}
	return s.decodeObject(value)
}
