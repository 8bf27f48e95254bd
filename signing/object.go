package signing

import (
	"encoding/base64"
	"slices"
	"strings"
	"time"
)

// dumpsSalt is the default salt of Django's dumps and loads.
const dumpsSalt = "django.core.signing"

// Dumps signs data, the output of a serializer, with a timestamp. It compresses data if
// [Options.Compress] is set. The default salt is "django.core.signing". To sign many
// objects, make one [TimestampSigner] instead.
// Matches django.core.signing.dumps.
func Dumps(data []byte, o Options) (string, error) {
	s, err := dumpsSigner(o)
	if err != nil {
		return "", err
	}
	return s.SignObject(data), nil
}

// Loads returns the data given to [Dumps], whatever its age. Refusals are a
// [*DecodeError]. Matches django.core.signing.loads.
func Loads(signed string, o Options) ([]byte, error) {
	s, err := dumpsSigner(o)
	if err != nil {
		return nil, err
	}
	return s.UnsignObject(signed)
}

// LoadsMaxAge is [Loads] with the age limit of [TimestampSigner.UnsignMaxAge].
func LoadsMaxAge(signed string, maxAge time.Duration, o Options) ([]byte, error) {
	s, err := dumpsSigner(o)
	if err != nil {
		return nil, err
	}
	return s.UnsignObjectMaxAge(signed, maxAge)
}

func dumpsSigner(o Options) (*TimestampSigner, error) {
	if o.Salt == "" {
		o.Salt = dumpsSalt
	}
	return NewTimestampSigner(o)
}

// encodeObject returns data in its signed form: base64, preceded by a dot if compressed.
// The result has spare capacity for the rest of the text. It is valid until b is
// released.
func (s *Signer) encodeObject(b *buffers, data []byte) []byte {
	text := b.in[:0]
	if s.compress && len(data) <= s.maxInflated {
		if z := b.deflate(data, s.level); z != nil {
			text, data = append(text, '.'), z
		}
	}
	text = slices.Grow(text, base64.RawURLEncoding.EncodedLen(len(data))+signatureRoom)
	b.in = appendBase64(text, data)
	return b.in
}

func (s *Signer) decodeObject(value string) ([]byte, error) {
	packed, compressed := strings.CutPrefix(value, ".")
	if !compressed {
		data, err := decodeBase64(nil, value)
		if err != nil {
			return nil, &DecodeError{Reason: Malformed, Err: err}
		}
		return data, nil
	}
	b := newBuffers()
	defer b.release()
	var err error
	if b.in, err = decodeBase64(b.in, packed); err != nil {
		return nil, &DecodeError{Reason: Malformed, Err: err}
	}
	return b.inflate(b.in, s.maxInflated)
}
