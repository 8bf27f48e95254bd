package djangosession

import (
	"errors"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/djangobridge/djangobridge/internal/signedtime"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
	"github.com/djangobridge/djangobridge/signing"
)

// A Codec converts between a session's dict and the text that Django stores in its
// database and its files, or in cookies. It is immutable and safe for concurrent use.
// Matches SessionBase.encode and SessionBase.decode.
type Codec struct {
	settings   *resolved
	serializer Serializer
	loads      func(data []byte) (*py.Dict, error) // the serializer's Loads, for data that it may keep
	signer     *signing.TimestampSigner            // compresses; nil if the layout since 3.1 is not read
	reader     *signing.TimestampSigner            // verifies; usually the same
	plain      *signing.TimestampSigner            // the same without compression
	legacy     *legacyLayout                       // nil if that layout is not read
	legacyOnly bool                                // writes the legacy layout
}

// NewCodec returns the codec of a site. The error is [ErrIncompleteSettings] or a
// [*SettingError].
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
		o.Algorithm = signing.SHA256 // for sessions that a newer release has written
	}
	if c.plain, err = signing.NewTimestampSigner(o); err != nil {
		return nil, err
	}
	o.Compress = true
	if c.signer, err = signing.NewTimestampSigner(o); err != nil {
		return nil, err
	}
	c.reader = c.signer
	return c, nil
}

// cookieSalt is the salt of sessions in cookies, whatever the name of the class.
const cookieSalt = backendsPackage + "signed_cookies"

// NewCookieCodec returns the codec of a site whose sessions are in cookies. The text is
// that of signing.dumps in all releases; see [Codec.DecodeMaxAge]. The error is
// [ErrIncompleteSettings] or a [*SettingError].
func NewCookieCodec(s Settings) (*Codec, error) {
	r, err := s.resolve()
	if err != nil {
		return nil, err
	}
	c := &Codec{settings: r, serializer: r.serializer, loads: loaderOf(r.serializer)}
	o := r.signingOptions()
	o.Salt = cookieSalt
	if c.plain, err = signing.NewTimestampSigner(o); err != nil {
		return nil, err
	}
	o.Compress = true
	if c.signer, err = signing.NewTimestampSigner(o); err != nil {
		return nil, err
	}
	if r.AcceptLegacyLayout { // in both directions: before 3.1 only SHA-1 is accepted
		o.Algorithm = signing.SHA256
	}
	c.reader, err = signing.NewTimestampSigner(o)
	return c, err
}

// Serializer returns the serializer of the site's sessions.
func (c *Codec) Serializer() Serializer { return c.serializer }

// keySalt returns SessionBase.key_salt of 3.1 and newer.
func (r *resolved) keySalt() string {
	if r.KeySalt != "" {
		return r.KeySalt
	}
	return "django.contrib.sessions." + r.SessionStore
}

// legacySalt returns the salt of older releases: without a dot, with only the name of the
// class, and never overridden.
func (r *resolved) legacySalt() string {
	return "django.contrib.sessions" + r.SessionStore[strings.LastIndexByte(r.SessionStore, '.')+1:]
}

// Encode returns the text of d, signed with the current time. The error is the
// serializer's.
func (c *Codec) Encode(d *py.Dict) (string, error) {
	if _, ok := c.serializer.(JSONSerializer); ok && !c.legacyOnly {
		b, _ := buffers.Get().(*buffer)
		defer b.release()
		// If this fails, the serializer says why, or succeeds in its own way.
		if text, err := pyjson.AppendDumps(b.text[:0], d); err == nil {
			b.text = text
			return c.signer.SignObject(text), nil
		}
	}
	data, err := c.serializer.Dumps(d)
	if err != nil {
		return "", err
	}
	if c.legacyOnly {
		return c.legacy.encode(data)
	}
	return c.signer.SignObject(data), nil
}

// A buffer holds the JSON of a session that is being signed.
type buffer struct{ text []byte }

// maxPooledBuffer limits the size of buffers in the pool, in bytes.
const maxPooledBuffer = 256 << 10

var buffers = sync.Pool{New: func() any { return &buffer{} }} //nolint:gochecknoglobals // a pool has to be shared

func (b *buffer) release() {
	if cap(b.text) <= maxPooledBuffer {
		buffers.Put(b)
	}
}

// EncodeUncompressed is [Codec.Encode] without compression. Django reads both.
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

// Decode returns the dict that text contains. The error is a [*DecodeError]; its SignedAt
// is set if the text contains the time of its signature, and it wraps [ErrMaxInflated] if
// the data is too large. As in Django, the age of the signature does not matter, because
// the expiry of a session is stored beside its text.
func (c *Codec) Decode(text string) (*py.Dict, error) {
	data, err := c.payload(text)
	var d *py.Dict
	if err == nil {
		d, err = c.load(data)
	}
	return d, decodeError(text, err)
}

// DecodeMaxAge is [Codec.Decode] with the limit of
// [signing.TimestampSigner.UnsignMaxAge]. It refuses the layout of before 3.1, which has
// no timestamp.
func (c *Codec) DecodeMaxAge(text string, maxAge time.Duration) (*py.Dict, error) {
	if c.signer == nil || !strings.Contains(text, ":") {
		return nil, &DecodeError{Reason: signing.Malformed, Detail: "no timestamp in the text: sessions have one since Django 3.1"}
	}
	data, err := c.reader.UnsignObjectMaxAge(text, maxAge)
	var d *py.Dict
	if err == nil {
		d, err = c.load(data)
	}
	return d, decodeError(text, err)
}

// loaderOf returns the Loads of a serializer, without a copy of the data if the
// serializer permits. Our own serializers are recognized by their exact types. A type
// that embeds one of them would promote an unexported method too, and its own Loads would
// not be called.
func loaderOf(s Serializer) func(data []byte) (*py.Dict, error) {
	var loads func(text string) (*py.Dict, error)
	switch s := s.(type) {
	case JSONSerializer:
		loads = s.loads
	case PickleSerializer:
		loads = s.loads
	case TransitionalSerializer:
		loads = s.loads
	default:
		return s.Loads
	}
	return func(data []byte) (*py.Dict, error) { return loads(owned(data)) }
}

// owned returns data, which nothing changes any more, as a string. It copies data with
// much unused capacity, because a string would keep that too.
func owned(data []byte) string {
	if cap(data)-len(data) > len(data)/4 {
		return string(data)
	}
	return unsafe.String(unsafe.SliceData(data), len(data)) //nolint:gosec // see above
}

// decodeError completes the error of a text that does not decode.
func decodeError(text string, err error) error {
	if refused, ok := errors.AsType[*DecodeError](err); ok {
		refused.SignedAt = signedtime.Of(text)
		if refused.Reason == signing.TooLarge { // after its signature was found valid
			refused.Err = ErrMaxInflated
		}
	}
	return err
}

// load decodes the result of payload.
func (c *Codec) load(data []byte) (*py.Dict, error) {
	d, err := c.loads(data)
	if err != nil {
		if _, isJSON := c.serializer.(JSONSerializer); isJSON {
			if _, other := pyjson.Loads(data); other == nil {
				err = ErrNotDict
			}
		}
		return nil, &DecodeError{Reason: signing.BadSerialization, Err: err}
	}
	return d, nil
}

// ErrNotDict reports a session that is JSON, but not an object. Django fails whenever it
// uses such a session. It is the cause in a [*DecodeError].
var ErrNotDict = errors.New("the session is not a dict")

// payload returns the serialized session, in memory of its own.
func (c *Codec) payload(text string) ([]byte, error) {
	// The legacy layout is base64 in the standard alphabet, which has no colon; the other
	// layout has two.
	if c.signer == nil || c.legacy != nil && !strings.Contains(text, ":") {
		return c.legacy.decode(text)
	}
	return c.reader.UnsignObject(text)
}

// A DecodeError reports that a stored session does not decode. Its Reason is one of those
// of package signing, such as [signing.BadSignature].
type DecodeError = signing.DecodeError

// reason returns the reason of a [DecodeError], for a log; "" for other errors.
func reason(err error) string {
	if refused, ok := errors.AsType[*DecodeError](err); ok {
		return string(refused.Reason)
	}
	return ""
}
