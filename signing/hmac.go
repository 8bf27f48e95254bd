package signing

import (
	"crypto/hmac"
	"crypto/md5"  //nolint:gosec // used by sites that chose it; the default is SHA-256
	"crypto/sha1" //nolint:gosec // used by Django before 3.1
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"hash"
	"sync"

	"github.com/djangobridge/djangobridge/signing/internal/blake2"
)

// Names of algorithms in Python's hashlib. [Options.Algorithm] accepts these and md5,
// sha224, sha384, sha512, sha3_224, sha3_256, sha3_384, sha3_512, blake2b and blake2s.
const (
	SHA256 = "sha256" // Django's default since 3.1
	SHA1   = "sha1"   // Django's only algorithm before 3.1
)

// An AlgorithmError reports a hash algorithm that is unknown, or that Django cannot sign
// with (shake_128). Matches django.utils.crypto.InvalidAlgorithm.
type AlgorithmError struct{ Name string }

func (e *AlgorithmError) Error() string { return fmt.Sprintf("signing: unknown algorithm %q", e.Name) }

func newHash(algorithm string) (func() hash.Hash, error) {
	switch algorithm {
	case SHA256:
		return sha256.New, nil
	case SHA1:
		return sha1.New, nil
	case "md5":
		return md5.New, nil
	case "sha224":
		return sha256.New224, nil
	case "sha384":
		return sha512.New384, nil
	case "sha512":
		return sha512.New, nil
	case "sha3_224":
		return func() hash.Hash { return sha3.New224() }, nil
	case "sha3_256":
		return func() hash.Hash { return sha3.New256() }, nil
	case "sha3_384":
		return func() hash.Hash { return sha3.New384() }, nil
	case "sha3_512":
		return func() hash.Hash { return sha3.New512() }, nil
	case "blake2b":
		return blake2.NewB, nil
	case "blake2s":
		return blake2.NewS, nil
	}
	return nil, &AlgorithmError{Name: algorithm}
}

// HMACOptions configure an [HMAC]. The names are those of Django's salted_hmac.
type HMACOptions struct {
	// KeySalt separates different uses of one secret.
	KeySalt string
	// Secret is usually Django's SECRET_KEY. An empty secret is allowed.
	Secret string
	// Algorithm is the name of a hash in Python's hashlib, such as [SHA256]. It has no
	// default; Django's is SHA-1.
	Algorithm string
}

// SaltedHMAC is the keyed hash behind all of Django's signatures: an HMAC whose key is
// the digest of salt and secret. It returns the raw digest of value. To hash many values,
// make one [HMAC] instead. The error is an [*AlgorithmError]. Matches
// django.utils.crypto.salted_hmac.
func SaltedHMAC(value string, o HMACOptions) ([]byte, error) {
	m, err := NewHMAC(o)
	if err != nil {
		return nil, err
	}
	return m.Append(nil, value), nil
}

// An HMAC is [SaltedHMAC] with one salt, secret and algorithm, for many values. It is
// immutable and safe for concurrent use. Matches django.utils.crypto.salted_hmac, which
// derives its key on every call.
type HMAC struct {
	// The key is derived once. The hash states are pooled because making one costs more
	// than hashing a session.
	pool sync.Pool // of *macState
	size int       // of the digest, in bytes
}

type macState struct {
	hash   hash.Hash
	digest [64]byte
	text   [88]byte // the digest in base64
	input  []byte   // the value as bytes, because hash.Hash takes no string
}

// maxPooledInput bounds the input buffer of a pooled state, in bytes.
const maxPooledInput = 64 << 10

// NewHMAC returns the keyed hash. The error is an [*AlgorithmError].
func NewHMAC(o HMACOptions) (*HMAC, error) {
	h, err := newHash(o.Algorithm)
	if err != nil {
		return nil, err
	}
	digest := h()
	digest.Write([]byte(o.KeySalt))
	digest.Write([]byte(o.Secret))
	key := digest.Sum(nil)
	m := &HMAC{size: digest.Size()}
	m.pool.New = func() any { return &macState{hash: hmac.New(h, key)} }
	return m, nil
}

// Append appends the raw digest of value to dst.
func (m *HMAC) Append(dst []byte, value string) []byte {
	st := m.start()
	defer m.put(st)
	// The sum is computed in the state and then copied, so that a dst on the caller's
	// stack stays there.
	return append(dst, st.sum(value)...)
}

func (m *HMAC) start() *macState {
	st, _ := m.pool.Get().(*macState)
	st.hash.Reset()
	return st
}

func (m *HMAC) put(st *macState) {
	if cap(st.input) > maxPooledInput {
		st.input = nil
	}
	m.pool.Put(st)
}

// sum returns the digest of value. The result is part of st and valid until st is used
// again.
func (st *macState) sum(value string) []byte {
	st.input = append(st.input[:0], value...)
	st.hash.Write(st.input)
	return st.hash.Sum(st.digest[:0])
}

// appendSignature appends the signature of value in base64.
func (m *HMAC) appendSignature(dst, value []byte) []byte {
	st := m.start()
	defer m.put(st)
	st.hash.Write(value)
	return appendBase64(dst, st.hash.Sum(st.digest[:0]))
}

// verify reports, in constant time, whether signature is what appendSignature writes for
// value.
func (m *HMAC) verify(value, signature string) bool {
	if len(signature) != base64.RawURLEncoding.EncodedLen(m.size) {
		return false
	}
	st := m.start()
	defer m.put(st)
	want := appendBase64(st.text[:0], st.sum(value))
	st.input = append(st.input[:0], signature...)
	return subtle.ConstantTimeCompare(want, st.input) == 1
}
