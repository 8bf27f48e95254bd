package pickle

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/py"
)

// The values of Options.Encoding.
const (
	encodingNone   = ""
	encodingASCII  = "ASCII"
	encodingLatin1 = "latin1"
	encodingUTF8   = "utf-8"
	encodingBytes  = "bytes"
)

var errEncoding = errors.New("pickle: unknown encoding: use ASCII, latin1, utf-8 or bytes")

func isEncoding(name string) bool {
	switch name {
	case encodingNone, encodingASCII, encodingLatin1, encodingUTF8, encodingBytes:
		return true
	}
	return false
}

// pushStr2 pushes a str of Python 2 according to Options.Encoding. Like CPython, it makes
// no exception for the states of datetimes, which are such strs: ASCII refuses them, and
// their class turns the result of latin1 into bytes again.
func (m *machine) pushStr2(s string) string {
	switch m.opts.Encoding {
	case encodingASCII:
		if !isASCII(s) {
			return "a str of Python 2 that is not ASCII"
		}
	case encodingUTF8:
		if !utf8.ValidString(s) {
			return "a str of Python 2 that is not UTF-8"
		}
	case encodingLatin1:
		if !isASCII(s) {
			return m.pushLatin1(s)
		}
	case encodingBytes:
		return m.push(py.Bytes(s))
	default:
		return m.push(py.Str2(s))
	}
	return m.push(m.ownCharacter(s))
}

// pushLatin1 pushes the str whose code points are the bytes of s.
func (m *machine) pushLatin1(s string) string {
	if !m.charge(2 * len(s)) {
		return tooLarge
	}
	var b strings.Builder
	b.Grow(2 * len(s))
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return m.push(m.ownCharacter(b.String()))
}
