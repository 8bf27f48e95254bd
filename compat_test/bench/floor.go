package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"hash"
	"io"
	"strings"

	"github.com/klauspost/compress/zlib"
)

// floor is the minimum that decoding one session takes, with all memory allocated
// beforehand: the signature, base64, inflating, and one look at every byte. It builds no
// values and checks no JSON.
type floor struct {
	signed, signature []byte // signed is the value and the time, with a colon between
	value             []byte // in base64, without the dot of what is compressed
	compressed        bool

	mac      hash.Hash
	digest   []byte
	want     []byte
	src      bytes.Reader
	inflater io.ReadCloser
	raw, out []byte
}

var errFloor = errors.New("the floor does not decode")

// Salts of sessions in a table, and in cookies.
const (
	tableSalt  = "django.contrib.sessions.SessionStore"
	cookieSalt = "django.contrib.sessions.backends.signed_cookies"
)

// newFloor splits the text, as every decoder must.
func newFloor(text, salt string) (*floor, error) {
	signed := text[:strings.LastIndexByte(text, ':')]
	value := signed[:strings.IndexByte(signed, ':')]
	key := sha256.Sum256([]byte(salt + "signer" + secret))
	f := &floor{
		signed: []byte(signed), signature: []byte(text[len(signed)+1:]),
		value: []byte(strings.TrimPrefix(value, ".")), compressed: value[0] == '.',
		mac: hmac.New(sha256.New, key[:]), want: make([]byte, base64.RawURLEncoding.EncodedLen(sha256.Size)),
	}
	f.raw = make([]byte, base64.RawURLEncoding.DecodedLen(len(f.value)))
	f.out = make([]byte, 1<<20)
	if err := f.read(); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *floor) read() error {
	f.mac.Reset()
	f.mac.Write(f.signed)
	f.digest = f.mac.Sum(f.digest[:0])
	base64.RawURLEncoding.Encode(f.want, f.digest)
	if subtle.ConstantTimeCompare(f.want, f.signature) != 1 {
		return errFloor
	}
	if _, err := base64.RawURLEncoding.Decode(f.raw, f.value); err != nil {
		return err
	}
	data := f.raw
	if f.compressed {
		n, err := f.inflate()
		if err != nil {
			return err
		}
		data = f.out[:n]
	}
	if !closed(data) {
		return errFloor
	}
	return nil
}

func (f *floor) inflate() (n int, err error) {
	f.src.Reset(f.raw)
	if r, ok := f.inflater.(zlib.Resetter); ok {
		err = r.Reset(&f.src, nil)
	} else {
		f.inflater, err = zlib.NewReader(&f.src)
	}
	if err != nil {
		return 0, err
	}
	for err == nil {
		var m int
		m, err = f.inflater.Read(f.out[n:])
		n += m
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
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
