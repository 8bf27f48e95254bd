package djangosession

import (
	"errors"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/signing"
)

// A Codec turns a session's dict into the text that Django stores in its database and its files, and back. It cannot
// change, and several goroutines may use it. Matches SessionBase.encode and SessionBase.decode.
type Codec struct {
	settings   *resolved
	serializer Serializer
	loads      func(data []byte) (*py.Dict, error) // of the serializer, of data that is in memory of its own
	signer     *signing.TimestampSigner            // compresses; nil if the layout since 3.1 is not read
	plain      *signing.TimestampSigner            // the same without compression
	legacy     *legacyLayout                       // nil if it is not read
	legacyOnly bool                                // writes the legacy layout
}

// NewCodec returns the codec of a site. The error is [ErrIncompleteSettings] or a [*SettingError].
func NewCodec(s Settings) (*Codec, error) {
	r, err := s.resolve()
	if err != nil {
		return nil, err
	}
	c := &Codec{settings: r, serializer: r.serializer, loads: loaderOf(r.serializer)}
	o := r.signingOptions()
	o.Salt = r.keySalt()
	if r.legacy {
		c.legacy = &legacyLayout{salt: r.legacySalt(), keys: append([]string{r.SecretKey}, r.fallbacks()...)}
		c.legacyOnly = r.algorithm == signing.SHA1
	}
	if !r.release.HasDumpsLayout() {
		if !r.AcceptLegacyLayout {
			return c, nil
		}
		o.Algorithm = signing.SHA256 // of sessions that a newer release wrote
	}
	if c.plain, err = signing.NewTimestampSigner(o); err != nil {
		return nil, err
	}
	o.Compress = true
	if c.signer, err = signing.NewTimestampSigner(o); err != nil {
		return nil, err
	}
	return c, nil
}

// keySalt is what SessionBase.key_salt is since 3.1.
func (r *resolved) keySalt() string {
	if r.KeySalt != "" {
		return r.KeySalt
	}
	return "django.contrib.sessions." + r.SessionStore
}

// legacySalt is what it was before: without a dot, with the name of the class alone, and never overridden.
func (r *resolved) legacySalt() string {
	return "django.contrib.sessions" + r.SessionStore[strings.LastIndexByte(r.SessionStore, '.')+1:]
}

// Encode returns the text for d, signed as of now. The error is the serializer's.
func (c *Codec) Encode(d *py.Dict) (string, error) {
	data, err := c.serializer.Dumps(d)
	if err != nil {
		return "", err
	}
	if c.legacyOnly {
		return c.legacy.encode(data)
	}
	return c.signer.SignObject(data), nil
}

// EncodeUncompressed is [Codec.Encode] without compression, which Django reads just as well.
func (c *Codec) EncodeUncompressed(d *py.Dict) (string, error) {
	if c.legacyOnly {
		return c.Encode(d)
	}
	data, err := c.serializer.Dumps(d)
	if err != nil {
		return "", err
	}
	return c.plain.SignObject(data), nil
}

// Decode returns the dict that text holds. The error is a [*DecodeError], with SignedAt if the text says when it was signed. As
// in Django, the age of the signature does not matter: the end of a session is stored beside its text.
func (c *Codec) Decode(text string) (*py.Dict, error) {
	data, err := c.payload(text)
	var d *py.Dict
	if err == nil {
		d, err = c.load(data)
	}
	if refused, ok := errors.AsType[*DecodeError](err); ok {
		refused.SignedAt = signedAt(text)
	}
	return d, err
}

// DecodeMaxAge is [Codec.Decode] with the limit of [signing.TimestampSigner.UnsignMaxAge]. The layout of before 3.1 does not
// tell when it was signed, and is refused.
func (c *Codec) DecodeMaxAge(text string, maxAge time.Duration) (*py.Dict, error) {
	if c.signer == nil || !strings.Contains(text, ":") {
		return nil, &DecodeError{Reason: signing.Malformed, Detail: "no timestamp in the text; before Django 3.1 there was none"}
	}
	data, err := c.signer.UnsignObjectMaxAge(text, maxAge)
	if err != nil {
		return nil, err
	}
	return c.load(data)
}

// loaderOf returns the Loads of a serializer, for data that it need not copy. Our own
// serializers are recognized by their exact types: a type around one of them would promote an
// unexported method too, and its own Loads would not be called.
func loaderOf(s Serializer) func(data []byte) (*py.Dict, error) {
	switch s := s.(type) {
	case PickleSerializer:
		return s.loadsOwned
	case TransitionalSerializer:
		return s.loadsOwned
	}
	return s.Loads
}

// load reads what payload returned.
func (c *Codec) load(data []byte) (*py.Dict, error) {
	d, err := c.loads(data)
	if err != nil {
		return nil, &DecodeError{Reason: signing.BadSerialization, Err: err}
	}
	return d, nil
}

// payload returns the serialized session, in memory of its own.
func (c *Codec) payload(text string) ([]byte, error) {
	// The legacy layout is base64 of the standard alphabet, which has no colon; the other has two.
	if c.signer == nil || c.legacy != nil && !strings.Contains(text, ":") {
		return c.legacy.decode(text)
	}
	return c.signer.UnsignObject(text)
}

// A DecodeError reports that a stored session does not decode. Its Reason is one of those of
// package signing, such as [signing.BadSignature].
type DecodeError = signing.DecodeError

// reason is the reason of a refusal, for a log; "" if err is none.
func reason(err error) string {
	if refused, ok := errors.AsType[*DecodeError](err); ok {
		return string(refused.Reason)
	}
	return ""
}
