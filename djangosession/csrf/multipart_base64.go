package csrf

import (
	"encoding/base64"
	"strings"

	"github.com/djangobridge/djangobridge/internal/pybase64"
)

// base64Rules are how a release decodes a file in base64, which it gets piece by piece.
type base64Rules int

const (
	completesPieces base64Rules = iota // with the next up to three characters
	joinsPieces                        // with the whole next piece, until all of it can be decoded
	carriesRest                        // which is put before the next piece
)

// maxHeldBase64 bounds what is held of a file whose pieces do not end where base64 can be decoded, in bytes.
const maxHeldBase64 = 4 << 20

func (r *rules) decodeBase64(s string) ([]byte, error) {
	if !r.strictBase64 {
		return pybase64.Decode(nil, s, 0, false)
	}
	if strings.ContainsAny(s, "\r\n") { // which Go leaves out
		return nil, errBase64
	}
	return base64.StdEncoding.DecodeString(s)
}

// fileDecoder finds out whether Django can decode a file in base64.
type fileDecoder struct {
	rules *rules
	held  []byte // of the file, without white space
}

// add decodes as much as can be with this piece. The error is a [*FormError].
func (d *fileDecoder) add(piece []byte) error {
	completes := d.rules.base64 == completesPieces && len(d.held) > 0
	for _, c := range piece {
		if strings.IndexByte(asciiSpace, c) >= 0 {
			continue
		}
		d.held = append(d.held, c)
		if completes && len(d.held)%4 == 0 {
			if err := d.decode(len(d.held)); err != nil {
				return err
			}
			completes = false
		}
	}
	whole := len(d.held) &^ 3
	if whole < len(d.held) && d.rules.base64 != carriesRest {
		if len(d.held) > maxHeldBase64 {
			return &FormError{Err: errBase64}
		}
		return nil
	}
	return d.decode(whole)
}

// decode decodes the first n bytes that are held.
func (d *fileDecoder) decode(n int) error {
	if n == 0 {
		return nil
	}
	if _, err := d.rules.decodeBase64(string(d.held[:n])); err != nil {
		return &FormError{Err: errBase64}
	}
	d.held = append(d.held[:0], d.held[n:]...)
	return nil
}

// end decodes what is left after the last piece.
func (d *fileDecoder) end() error {
	if d.rules.base64 == carriesRest && len(d.held) > 0 {
		return &FormError{Err: errBase64}
	}
	return d.decode(len(d.held))
}
