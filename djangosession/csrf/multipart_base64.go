package csrf

import (
	"encoding/base64"
	"strings"

	"github.com/djangobridge/djangobridge/internal/pybase64"
)

// base64Rules is how a release, which decodes a base64 file piece by piece, handles the
// undecodable end of a piece.
type base64Rules int

const (
	completesPieces base64Rules = iota // completes it with up to three characters of the next piece
	joinsPieces                        // joins it with whole pieces until all of them can be decoded
	carriesRest                        // carries it over to the start of the next piece
)

// maxHeldBase64 is the maximum number of bytes held for a file whose pieces do not end
// where base64 can be decoded.
const maxHeldBase64 = 4 << 20

func (r *rules) decodeBase64(s string) ([]byte, error) {
	if !r.strictBase64 {
		return pybase64.Decode(nil, s, 0, false)
	}
	if strings.ContainsAny(s, "\r\n") { // Go's decoder ignores them
		return nil, errBase64
	}
	return base64.StdEncoding.DecodeString(s)
}

// fileDecoder determines whether Django can decode a base64 file.
type fileDecoder struct {
	rules *rules
	held  []byte // undecoded part of the file, without whitespace
}

// add decodes as much as possible, including this piece. The error is a [*FormError].
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

// decode decodes the first n held bytes.
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

// end decodes the rest after the last piece.
func (d *fileDecoder) end() error {
	if d.rules.base64 == carriesRest && len(d.held) > 0 {
		return &FormError{Err: errBase64}
	}
	return d.decode(len(d.held))
}
