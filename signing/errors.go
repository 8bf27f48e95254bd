package signing

import (
	"errors"
	"strings"
	"time"
)

// A Reason says why a signed text, or a session stored as one, was refused.
type Reason string

// The reasons. BadSerialization is used by the serializers above this package.
const (
	Malformed        Reason = "malformed"         // not in the format that the signer writes
	BadSignature     Reason = "bad_signature"     // not a signature by any key of the signer
	SignatureExpired Reason = "signature_expired" // valid signature, but older than the maximum age
	TooLarge         Reason = "too_large"         // inflates to more than the limit
	BadCompression   Reason = "bad_compression"   // valid signature, but the zlib data does not inflate
	BadSerialization Reason = "bad_serialization" // valid signature, but the serializer cannot read the data
)

// ErrBadSignature matches, with errors.Is, the refusals that are a BadSignature in
// Django: a wrong signature, an expired signature (Django's SignatureExpired), and text
// without a signature. All other refusals concern text with a valid signature.
var ErrBadSignature = errors.New("signing: bad signature")

// A DecodeError describes why text was refused. Its message never contains the text, a
// key or a signature.
type DecodeError struct {
	Reason Reason
	Detail string // an explanation; may be empty
	Err    error  // the underlying cause; may be nil
	// SignedAt is the time of signing that a session's text claims, in whole seconds. It
	// is not verified. It is the zero time if the text claims no time, or if it is not
	// the text of a session.
	SignedAt time.Time

	unsigned bool // the text has no signature, which is a BadSignature in Django
}

func (e *DecodeError) Error() string {
	s := "signing: " + strings.ReplaceAll(string(e.Reason), "_", " ")
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the underlying cause.
func (e *DecodeError) Unwrap() error { return e.Err }

// Is makes errors.Is(err, ErrBadSignature) work.
func (e *DecodeError) Is(target error) bool {
	if target != ErrBadSignature {
		return false
	}
	return e.Reason == BadSignature || e.Reason == SignatureExpired || e.unsigned
}
