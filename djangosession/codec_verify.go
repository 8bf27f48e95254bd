package djangosession

import (
	"strings"
	"time"
)

// Verify checks the signature of text, and neither inflates nor decodes the session. It
// returns the second of signing, or the zero time if the text has the layout of before
// Django 3.1, which does not contain it. The error is a [*DecodeError]; its SignedAt is
// set if the text contains the time.
//
// To find out which key has signed a text, use one Codec for each key.
func (c *Codec) Verify(text string) (time.Time, error) {
	if c.signer == nil || c.legacy != nil && !strings.Contains(text, ":") { // as in payload
		_, err := c.legacy.decode(text)
		return time.Time{}, err
	}
	at, err := c.reader.SignedAt(text)
	return at, decodeError(text, err)
}
