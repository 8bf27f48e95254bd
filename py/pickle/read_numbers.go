package pickle

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"

	"github.com/djangobridge/djangobridge/internal/pynum"
)

// int returns n as a value.
func (m *machine) int(n int64) (v any, problem string) {
	if uint64(n) < 256 { // Go does not allocate these
		return n, ""
	}
	p := m.ints.take()
	if p == nil {
		if p = first(m, &m.ints, m.src[m.op:m.op+1]); p == nil {
			return nil, tooLarge
		}
	}
	*p = n
	return box(int64(0), p), ""
}

// uint8 reads a byte as a number.
func (m *machine) uint8() (v any, problem string) {
	if m.pos >= len(m.src) {
		return nil, endsTooSoon
	}
	m.pos++
	return int64(m.src[m.pos-1]), ""
}

// pushInt pushes an int.
func (m *machine) pushInt(n int64) string {
	v, problem := m.int(n)
	if problem != "" {
		return problem
	}
	return m.push(v)
}

// pushUint pushes the next n bytes as a number.
func (m *machine) pushUint(n int) string {
	u, ok := m.uint(n)
	if !ok {
		return endsTooSoon
	}
	return m.pushInt(int64(u))
}

// int32 reads four bytes as a signed number.
func (m *machine) int32() (v any, problem string) {
	if m.left() < 4 {
		return nil, endsTooSoon
	}
	s := m.src[m.pos : m.pos+4]
	m.pos += 4
	return m.int(int64(int32(uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24)))
}

// line reads the text up to the next line feed.
func (m *machine) line() (string, bool) {
	n := strings.IndexByte(m.src[m.pos:], '\n')
	if n < 0 {
		return "", false
	}
	s := m.src[m.pos : m.pos+n]
	m.pos += n + 1
	return s, true
}

// number reads the memo number on the next line.
func (m *machine) number() (n int64, problem string) {
	s, ok := m.line()
	if !ok {
		return 0, endsTooSoon
	}
	n, err := strconv.ParseInt(strings.TrimRight(s, " \r"), 10, 64)
	if err != nil {
		return 0, badNumber
	}
	return n, ""
}

// readIntText reads INT, in which 01 and 00 are True and False.
func (m *machine) readIntText() string {
	s, ok := m.line()
	switch {
	case !ok:
		return endsTooSoon
	case len(s) == len("01") && strings.ContainsAny(s[:1], "0+- \t\r") && (s[1] == '0' || s[1] == '1' && s[0] != '-'):
		return m.push(s[1] == '1') // CPython treats any two-byte line with the number 0 or 1 as a bool
	}
	return m.pushDigits(s, false)
}

// readLongText reads LONG, with or without the L of Python 2.
func (m *machine) readLongText() string {
	s, ok := m.line()
	if !ok {
		return endsTooSoon
	}
	return m.pushDigits(strings.TrimSuffix(s, "L"), m.keepsPython2())
}

// pushDigits pushes an int, or a long of Python 2.
func (m *machine) pushDigits(s string, long bool) string {
	s = strings.Trim(s, " \t\r")
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 || digits == "" || digits[0] == '0' && s != "0" || strings.Trim(digits, "0123456789") != "" {
		return badNumber // includes what CPython reads as octal
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return m.pushInteger(n, long)
	}
	if len(digits) > m.opts.MaxIntDigits {
		return "an integer with too many digits"
	}
	b, ok := new(big.Int).SetString(s, 10)
	if !ok {
		return badNumber
	}
	return m.pushBig(b)
}

// pushInteger pushes an int, or a long of Python 2.
func (m *machine) pushInteger(n int64, long bool) string {
	if !long {
		return m.pushInt(n)
	}
	m.used += sizeLong
	return m.push(big.NewInt(n))
}

func (m *machine) pushBig(b *big.Int) string {
	m.used += 48 + int64(b.BitLen()/8)
	return m.push(pynum.Int(b))
}

const wordSize = bits.UintSize / 8

// readLong reads a length of n bytes and an integer in little-endian two's complement.
func (m *machine) readLong(n int) string {
	u, ok := m.uint(n)
	switch {
	case !ok:
		return endsTooSoon
	case u > math.MaxInt32:
		return badLength
	}
	s, ok := m.take(int(u))
	switch {
	case !ok:
		return endsTooSoon
	case s == "":
		return m.pushInteger(0, m.keepsPython2())
	case len(s) <= 8:
		v := uint64(int64(int8(s[len(s)-1])) >> 7) // the sign in all bits
		for i := len(s) - 1; i >= 0; i-- {
			v = v<<8 | uint64(s[i])
		}
		return m.pushInteger(int64(v), m.keepsPython2())
	}
	// The words of a number of at most 17 bytes, enough for a UUID, are allocated
	// together with it.
	small := &struct {
		b     big.Int
		words [24 * 8 / bits.UintSize]big.Word
	}{}
	words := small.words[:]
	if len(s) > len(words)*wordSize {
		words = make([]big.Word, (len(s)+wordSize-1)/wordSize)
	}
	for i := range len(s) {
		words[i/wordSize] |= big.Word(s[i]) << (8 * (i % wordSize))
	}
	b := small.b.SetBits(words)
	if s[len(s)-1] >= 0x80 {
		b.Sub(b, new(big.Int).Lsh(big.NewInt(1), uint(8*len(s))))
	}
	return m.pushBig(b)
}

// readFloat reads the eight bytes of a double, big-endian.
func (m *machine) readFloat() string {
	s, ok := m.take(8)
	if !ok {
		return endsTooSoon
	}
	var u uint64
	for i := range len(s) {
		u = u<<8 | uint64(s[i])
	}
	return m.push(math.Float64frombits(u))
}

// readFloatText reads a float as Python's repr writes it.
func (m *machine) readFloatText() string {
	s, ok := m.line()
	if !ok {
		return endsTooSoon
	}
	digits := s
	if s != "" && (s[0] == '-' || s[0] == '+') {
		digits = s[1:]
	}
	switch {
	case digits == "inf", digits == "nan":
	case digits == "", digits[0] == '-', digits[0] == '+', strings.Trim(digits, "0123456789+-.eE") != "":
		return badNumber // such as Go's hexadecimal forms
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return badNumber
	}
	if f != f {
		f = pynum.NaN()
	}
	if s[0] == '-' {
		f = math.Copysign(f, -1)
	}
	return m.push(f)
}
