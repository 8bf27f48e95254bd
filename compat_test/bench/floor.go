package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"hash"
	"strings"

	"github.com/djangobridge/djangobridge/internal/zlib"
)

// floor is the minimum that decoding and encoding one session take, with all memory
// allocated beforehand: the signature, base64, inflating or deflating, and one look at
// every byte. It builds no values and checks no JSON.
type floor struct {
	signed, signature []byte // signed is the value and the time, with a colon between
	value             []byte // in base64, without the dot of what is compressed
	compressed        bool
	payload           []byte

	mac    hash.Hash
	digest []byte
	want   []byte
	raw    []byte // compressed
	out    []byte
}

var errFloor = errors.New("the floor does not decode")

// tableSalt is the salt of sessions in a table.
const tableSalt = "django.contrib.sessions.SessionStore"

// newFloor splits the text, as every decoder must. The payload is the JSON in it.
func newFloor(text, payload string) (*floor, error) {
	signed := text[:strings.LastIndexByte(text, ':')]
	value := signed[:strings.IndexByte(signed, ':')]
	key := sha256.Sum256([]byte(tableSalt + "signer" + secret))
	f := &floor{
		signed: []byte(signed), signature: []byte(text[len(signed)+1:]),
		value: []byte(strings.TrimPrefix(value, ".")), compressed: value[0] == '.', payload: []byte(payload),
		mac: hmac.New(sha256.New, key[:]), want: make([]byte, base64.RawURLEncoding.EncodedLen(sha256.Size)),
	}
	f.raw = make([]byte, 0, base64.RawURLEncoding.DecodedLen(len(f.value)))
	f.out = make([]byte, 0, 1<<20)
	return f, errors.Join(f.read(), f.write())
}

// read decodes the text.
func (f *floor) read() (err error) {
	f.sign(f.signed)
	if subtle.ConstantTimeCompare(f.want, f.signature) != 1 {
		return errFloor
	}
	if f.raw, err = base64.RawURLEncoding.AppendDecode(f.raw[:0], f.value); err != nil {
		return err
	}
	data := f.raw
	if f.compressed {
		if f.out, err = zlib.Decompress(f.out[:0], f.raw, cap(f.out)); err != nil {
			return err
		}
		data = f.out
	}
	if !closed(data) {
		return errFloor
	}
	return nil
}

// write encodes the payload.
func (f *floor) write() error {
	if !closed(f.payload) {
		return errFloor
	}
	f.raw = zlib.Compress(f.raw[:0], f.payload, zlib.Default)
	f.out = base64.RawURLEncoding.AppendEncode(append(f.out[:0], '.'), f.raw)
	f.sign(f.out)
	return nil
}

// sign stores the signature in want.
func (f *floor) sign(text []byte) {
	f.mac.Reset()
	f.mac.Write(text)
	f.digest = f.mac.Sum(f.digest[:0])
	base64.RawURLEncoding.Encode(f.want, f.digest)
}

// closed is the scan: it reports whether as many brackets are closed as opened, outside
// of strings.
func closed(data []byte) bool {
	depth, inside := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			inside = !inside
		case inside:
			if c == '\\' {
				i++
			}
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
	}
	return depth == 0 && !inside
}
