package wtf8_test

import (
	"testing"

	"github.com/djangobridge/djangobridge/internal/wtf8"
)

func TestStringsHoldLoneSurrogates(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= 0x10FFFF; r += 7 {
		b := wtf8.AppendRune(nil, r)
		if got, size := wtf8.DecodeRune(string(b) + "x"); got != r || size != len(b) || !wtf8.Valid(string(b)) {
			t.Fatalf("%U became %x, read as %U (%d)", r, b, got, size)
		}
	}
	if b := wtf8.AppendRune(nil, 0xD83D); string(b) != "\xed\xa0\xbd" { // '\ud83d'.encode('utf-8', 'surrogatepass')
		t.Errorf("U+D83D is % x", b)
	}
	for _, s := range []string{"\xff", "a\xed", "\xed\xa0", "\xed\xa0x", "é\x80", "\xf8\x88\x80\x80\x80"} {
		if wtf8.Valid(s) {
			t.Errorf("%q passes as a str", s)
		}
	}
}
