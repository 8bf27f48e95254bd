package signing

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A TimestampSigner signs text together with the time of signing, in whole seconds. It is
// immutable and safe for concurrent use. Matches django.core.signing.TimestampSigner.
type TimestampSigner struct {
	signer *Signer
	now    func() time.Time
}

// NewTimestampSigner returns a signer. The error is [ErrNoKey], [ErrSeparator] or an
// [*AlgorithmError].
func NewTimestampSigner(o Options) (*TimestampSigner, error) {
	if o.Salt == "" {
		o.Salt = "django.core.signing.TimestampSigner"
	}
	s, err := newSigner(o)
	if err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &TimestampSigner{signer: s, now: o.Now}, nil
}

// Timestamp returns the current second in the form used in signed text.
func (s *TimestampSigner) Timestamp() string { return string(s.appendTimestamp(nil)) }

func (s *TimestampSigner) appendTimestamp(dst []byte) []byte {
	now := s.now()
	sec := now.Unix()
	if sec < 0 && now.Nanosecond() > 0 {
		sec++ // Python's int() truncates towards zero
	}
	return appendB62(dst, sec)
}

// Signature returns only the signature of value. This signer verifies it only if value
// contains a timestamp.
func (s *TimestampSigner) Signature(value string) string { return s.signer.Signature(value) }

// Sign returns value, the time and the signature, joined by separators.
func (s *TimestampSigner) Sign(value string) string {
	return s.finish(append(make([]byte, 0, len(value)+2*len(s.signer.sep)+signatureRoom), value...))
}

func (s *TimestampSigner) finish(value []byte) string {
	return string(s.signer.finish(s.appendTimestamp(append(value, s.signer.sep...))))
}

// Unsign returns the value if the signature is valid, whatever its age. The error is a
// [*DecodeError].
func (s *TimestampSigner) Unsign(signed string) (string, error) {
	value, _, err := s.unsign(signed)
	return value, err
}

// UnsignMaxAge is [TimestampSigner.Unsign] with a limit on the age of the signature. A
// signature of exactly that age is accepted, and so is one from the future. The age
// counts from the second of signing, without its fraction, so a limit of 0 refuses nearly
// everything. Matches TimestampSigner.unsign with max_age.
func (s *TimestampSigner) UnsignMaxAge(signed string, maxAge time.Duration) (string, error) {
	value, signedAt, err := s.unsign(signed)
	if err == nil {
		err = s.checkAge(signedAt, maxAge)
	}
	if err != nil {
		return "", err
	}
	return value, nil
}

// SignedAt returns the second in which signed was signed, if the signature is valid. The
// error is a [*DecodeError].
func (s *TimestampSigner) SignedAt(signed string) (time.Time, error) {
	_, signedAt, err := s.unsign(signed)
	if err != nil {
		return time.Time{}, err
	}
	return time.Unix(signedAt, 0).UTC(), nil
}

func (s *TimestampSigner) unsign(signed string) (value string, signedAt int64, err error) {
	value, err = s.signer.Unsign(signed)
	if err != nil {
		return "", 0, err
	}
	i := strings.LastIndex(value, s.signer.sep)
	if i < 0 {
		return "", 0, &DecodeError{Reason: Malformed, Detail: "no timestamp in the text"}
	}
	signedAt, err = B62Decode(value[i+len(s.signer.sep):])
	// Python's integers are unbounded. A number out of range here is in the far past or
	// the far future, and so is signedAt.
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return "", 0, &DecodeError{Reason: Malformed, Detail: "the timestamp is no number"}
	}
	return value[:i], signedAt, nil
}

func (s *TimestampSigner) checkAge(signedAt int64, maxAge time.Duration) error {
	// Django compares seconds as floats, so this does too, to agree at the edge.
	age, limit := floatTime(s.now())-float64(signedAt), floatSeconds(maxAge)
	if age > limit {
		detail := fmt.Sprintf("signature age %.6g > %.6g seconds", age, limit)
		return &DecodeError{Reason: SignatureExpired, Detail: detail}
	}
	return nil
}

// floatTime returns a time in seconds, rounded as Python's time.time rounds it by
// dividing nanoseconds.
func floatTime(t time.Time) float64 {
	const years = 200 * 365 * 24 * 60 * 60 // a range that int64 can hold in nanoseconds
	seconds := t.Unix()
	if t.Nanosecond() == 0 || seconds < -years || seconds > years {
		return float64(seconds) + float64(t.Nanosecond())/1e9
	}
	return float64(t.UnixNano()) / 1e9
}

// floatSeconds returns a duration in seconds, rounded as Python's timedelta.total_seconds
// rounds it by dividing microseconds.
func floatSeconds(d time.Duration) float64 {
	if d%time.Microsecond != 0 {
		return d.Seconds()
	}
	return float64(d/time.Microsecond) / 1e6
}

// SignObject signs data, the output of a serializer, as [Signer.SignObject] does, and
// adds a timestamp.
func (s *TimestampSigner) SignObject(data []byte) string {
	b := newBuffers()
	defer b.release()
	return s.finish(s.signer.encodeObject(b, data))
}

// UnsignObject returns the data given to [TimestampSigner.SignObject], whatever its age.
// The error is a [*DecodeError].
func (s *TimestampSigner) UnsignObject(signed string) ([]byte, error) {
	value, err := s.Unsign(signed)
	if err != nil {
		return nil, err
	}
	return s.signer.decodeObject(value)
}

// UnsignObjectMaxAge is [TimestampSigner.UnsignObject] with the age limit of
// [TimestampSigner.UnsignMaxAge].
func (s *TimestampSigner) UnsignObjectMaxAge(signed string, maxAge time.Duration) ([]byte, error) {
	value, err := s.UnsignMaxAge(signed, maxAge)
	if err != nil {
		return nil, err
	}
	return s.signer.decodeObject(value)
}
