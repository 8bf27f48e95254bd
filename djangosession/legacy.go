package djangosession

import (
	"bytes"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode"

	"github.com/djangobridge/djangobridge/internal/pybase64"
	"github.com/djangobridge/djangobridge/signing"
)

// legacyLayout is the layout of sessions in the database before Django 3.1: base64 of a
// SHA-1 HMAC in hex, a colon and the serialized session. Django 1.4 broke the base64 into
// lines.
type legacyLayout struct {
	salt string
	keys []string // the first one signs
}

func (l *legacyLayout) encode(data []byte) (string, error) {
	sum, err := l.hash(data, l.keys[0])
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(append(append(sum, ':'), data...)), nil
}

func (l *legacyLayout) decode(text string) ([]byte, error) {
	// Django refuses text outside ASCII before it decodes the base64, which would ignore
	// it.
	if strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) {
		return nil, &DecodeError{Reason: signing.Malformed, Detail: "the text is not ASCII"}
	}
	raw, err := pybase64.Decode(make([]byte, 0, len(text)*3/4), text, 0, false)
	if err != nil {
		return nil, &DecodeError{Reason: signing.Malformed, Err: err}
	}
	sum, data, found := bytes.Cut(raw, []byte(":"))
	if !found {
		return nil, &DecodeError{Reason: signing.Malformed, Detail: "neither a signature nor a hash in the text"}
	}
	for _, key := range l.keys {
		want, err := l.hash(data, key)
		if err != nil {
			return nil, err
		}
		if key != "" && subtle.ConstantTimeCompare(sum, want) == 1 {
			return data, nil
		}
	}
	return nil, &DecodeError{Reason: signing.BadSignature}
}

func (l *legacyLayout) hash(data []byte, key string) ([]byte, error) {
	sum, err := signing.SaltedHMAC(string(data), signing.HMACOptions{KeySalt: l.salt, Secret: key, Algorithm: signing.SHA1})
	return hex.AppendEncode(nil, sum), err
}
