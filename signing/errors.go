package signing

import (
	"errors"
	"strings"
	"time"
)

// A Reason says why a signed text, or a session made of one, was refused.
type Reason string

// The reasons. The serializers above this package give BadSerialization.
const (
	Malformed        Reason = "malformed"         // not of the shape that the signer writes
	BadSignature     Reason = "bad_signature"     // no key of the signer made the signature
	SignatureExpired Reason = "signature_expired" // a good signature, older than the maximum age
	TooLarge         Reason = "too_large"         // inflates to more than the limit
	BadCompression   Reason = "bad_compression"   // a good signature over zlib data that does not inflate
	BadSerialization Reason = "bad_serialization" // a good signature over what the serializer does not read
)

// ErrBadSignature matches, with errors.Is, the refusals that are a BadSignature in Django: a wrong signature, an
// expired one (Django's SignatureExpired), and text without a signature. All other refusals are of text with a good
// signature.
var ErrBadSignature = errors.New("signing: bad signature")

// A DecodeError is why text was refused. Its message never contains the text, a key or a signature.
type DecodeError struct {
	Reason Reason
	Detail string // in words; may be empty
	Err    error  // the cause, if something below refused; may be nil
	// SignedAt is when the text of a session says that it was signed, in whole seconds, which nobody has verified. It is the
	// zero time if the text does not say so, and where the text is not the site's own, but a browser's for example.
	SignedAt time.Time

	unsigned bool // text without a signature, which is a BadSignature in Django
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

// Unwrap returns the cause.
func (e *DecodeError) Unwrap() error { return e.Err }

// Is makes errors.Is(err, ErrBadSignature) work.
func (e *DecodeError) Is(target error) bool {
	if target != ErrBadSignature {
		return false
	}
	return e.Reason == BadSignature || e.Reason == SignatureExpired || e.unsigned
}
