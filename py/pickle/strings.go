package pickle

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/internal/wtf8"
	"github.com/djangobridge/djangobridge/py"
)

// validString is [wtf8.Valid], but faster for ASCII.
func validString(s string) bool { return isASCII(s) || wtf8.Valid(s) }

const highs = 0x8080_8080_8080_8080 // the high bits of the bytes of a word

// isASCII looks at eight bytes at once.
func isASCII(s string) bool {
	var all uint64
	if len(s) < 8 {
		for i := range len(s) {
			all |= uint64(s[i])
		}
		return all < 0x80
	}
	for i := 0; i+8 <= len(s); i += 8 {
		all |= load64(s, i)
	}
	return (all|load64(s, len(s)-8))&highs == 0 // the last word may overlap the one before
}

// load64 returns eight bytes of s as a word, with the first one lowest. It compiles to
// one instruction.
func load64(s string, i int) uint64 {
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// isShortASCII reports whether the text is short ASCII. It looks at eight bytes of the
// input at once.
func (m *machine) isShortASCII(start, end int) bool {
	if end-start > 8 || len(m.src)-start < 8 {
		return false
	}
	return load64(m.src, start)&(highs>>(64-8*uint(end-start))) == 0
}

// shortString reads a length of one byte and a str in UTF-8 with surrogates.
func (m *machine) shortString() (v any, problem string) {
	if m.pos >= len(m.src) {
		return nil, endsTooSoon
	}
	start := m.pos + 1
	end := start + int(m.src[m.pos])
	if end > len(m.src) {
		return nil, endsTooSoon
	}
	m.pos = end
	s := m.src[start:end]
	if !m.isShortASCII(start, end) && !validString(s) {
		return nil, badText
	}
	if m.proto >= 3 { // the common case of str
		if p := m.strings.take(); p != nil {
			*p = s
			return box("", p), ""
		}
	}
	return m.str(s)
}

// readString is shortString with a length of n bytes.
func (m *machine) readString(n int) string {
	s, problem := m.sized(n)
	if problem != "" {
		return problem
	}
	if !validString(s) {
		return badText
	}
	v, problem := m.str(s)
	if problem != "" {
		return problem
	}
	return m.push(v)
}

// str returns a str.
func (m *machine) str(s string) (v any, problem string) {
	if m.proto < 3 {
		s = m.ownCharacter(s)
	}
	p := m.strings.take()
	if p == nil {
		if p = first(m, &m.strings, m.src[m.op:m.op+1]); p == nil {
			return nil, tooLarge
		}
	}
	*p = s
	return box("", p), ""
}

// ownCharacter returns s. For the first occurrence of a character in a pickle below
// protocol 3, it returns the str that the writer uses for the byte with this number
// instead: there, bytes are a str and the name of a codec, and CPython has one str for
// all bytes with the same number.
func (m *machine) ownCharacter(s string) string {
	if m.proto > 2 || len(s) > 2 || s == "" {
		return s
	}
	r, size := utf8.DecodeRuneInString(s)
	if size != len(s) || r > 0xFF || m.characters[r/64]>>(r%64)&1 == 1 {
		return s
	}
	m.characters[r/64] |= 1 << (r % 64)
	return oneLatin1(byte(r))
}

// readStr2 reads a length of n bytes and a str of Python 2. A length of four bytes is
// signed.
func (m *machine) readStr2(n int) string {
	if n == 4 && m.left() >= 4 && m.src[m.pos+3] >= 0x80 {
		return badLength
	}
	s, problem := m.sized(n)
	if problem != "" {
		return problem
	}
	return m.pushStr2(s)
}

func (m *machine) readBytes(n int) string {
	s, problem := m.sized(n)
	if problem != "" {
		return problem
	}
	p := m.strings.take()
	if p == nil {
		if p = firstOfFew(m, &m.strings, m.src[m.op:m.op+1]); p == nil {
			return tooLarge
		}
	}
	*p = s
	return m.push(box(py.Bytes(""), (*py.Bytes)(p)))
}

func (m *machine) readByteArray() string {
	s, problem := m.sized(8)
	if problem != "" {
		return problem
	}
	if !m.charge(32 + len(s)) {
		return tooLarge
	}
	return m.push(&py.ByteArray{Bytes: []byte(s)})
}

// nextBuffer pushes the next of Options.Buffers.
func (m *machine) nextBuffer() string {
	if m.buffers >= len(m.opts.Buffers) {
		return "needs an out-of-band buffer that is missing from Options.Buffers"
	}
	m.buffers++
	return m.push(&py.ByteArray{Bytes: m.opts.Buffers[m.buffers-1]})
}

// readOnlyBuffer makes the topmost buffer immutable.
func (m *machine) readOnlyBuffer() string {
	v, ok := m.top()
	if !ok {
		return noValue
	}
	switch v := v.(type) {
	case *py.ByteArray:
		if m.last != opNextBuffer {
			return "makes a value read-only that is not a buffer"
		}
		m.stack.all()[m.stack.n-1] = py.Bytes(v.Bytes)
	case py.Bytes:
	default:
		return "makes a value read-only that is not a buffer"
	}
	return ""
}

// readStringText reads a str with the escapes of Python's raw-unicode-escape codec: only
// \u and \U are special.
func (m *machine) readStringText() string {
	s, ok := m.line()
	if !ok {
		return endsTooSoon
	}
	if strings.IndexByte(s, '\\') < 0 && isASCII(s) {
		return m.push(s)
	}
	if !m.charge(4 * len(s)) {
		return tooLarge
	}
	b := make([]byte, 0, 2*len(s)) // latin-1 at most doubles, and an escape is longer than its character
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b = wtf8.AppendRune(b, rune(s[i])) // latin-1
			continue
		}
		i++
		var digits int
		switch s[i] {
		case 'u':
			digits = 4
		case 'U':
			digits = 8
		default:
			b = wtf8.AppendRune(append(b, '\\'), rune(s[i]))
			continue
		}
		r, ok := hexDigits(s[i+1:], digits)
		if !ok || r > utf8.MaxRune {
			return badText
		}
		b = wtf8.AppendRune(b, rune(r))
		i += digits
	}
	return m.push(string(b))
}

// hexDigits returns the value of the first n bytes of s.
func hexDigits(s string, n int) (uint64, bool) {
	if len(s) < n || s[0] == '_' {
		return 0, false
	}
	u, err := strconv.ParseUint(s[:n], 16, 64)
	return u, err == nil
}

// readStr2Text reads a str of Python 2 from its repr.
func (m *machine) readStr2Text() string {
	s, ok := m.line()
	if !ok {
		return endsTooSoon
	}
	if len(s) < 2 || s[0] != s[len(s)-1] || s[0] != '\'' && s[0] != '"' {
		return badText
	}
	s = s[1 : len(s)-1]
	if strings.IndexByte(s, '\\') < 0 {
		return m.pushStr2(s)
	}
	if !m.charge(2 * len(s)) {
		return tooLarge
	}
	b, ok := unescape(s)
	if !ok {
		return badText
	}
	return m.pushStr2(string(b))
}

// unescape replaces the escapes of a bytes literal. Unknown ones stay as they are, as in
// Python.
func unescape(s string) (b []byte, ok bool) {
	b = make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b = append(b, s[i])
			continue
		}
		i++
		if i == len(s) {
			return nil, false
		}
		switch c := s[i]; {
		case c == 'x':
			u, ok := hexDigits(s[i+1:], 2)
			if !ok {
				return nil, false
			}
			b = append(b, byte(u))
			i += 2
		case '0' <= c && c <= '7':
			n := 1
			for n < 3 && i+n < len(s) && '0' <= s[i+n] && s[i+n] <= '7' {
				n++
			}
			u, _ := strconv.ParseUint(s[i:i+n], 8, 64)
			b = append(b, byte(u))
			i += n - 1
		default:
			if n := strings.IndexByte(`\'"abfnrtv`, c); n >= 0 {
				b = append(b, "\\'\"\a\b\f\n\r\t\v"[n])
			} else {
				b = append(b, '\\', c)
			}
		}
	}
	return b, true
}

// latin1 returns the bytes whose values are the code points of s.
func latin1(s string) (py.Bytes, bool) {
	b := make([]byte, 0, len(s))
	for len(s) > 0 {
		r, size := wtf8.DecodeRune(s)
		if r > 0xFF {
			return "", false
		}
		b = append(b, byte(r))
		s = s[size:]
	}
	return py.Bytes(strings.Clone(string(b))), true // Go reuses the text of a single byte; Python makes a new object
}
