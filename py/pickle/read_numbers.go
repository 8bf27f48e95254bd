package pickle

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/djangobridge/djangobridge/py"
)

func (m *machine) pushInt(n int64) string {
	m.push(n)
	return ""
}

// line returns the text up to the next line feed, which it passes.
func (m *machine) line() (string, bool) {
	n := strings.IndexByte(m.src[m.pos:], '\n')
	if n < 0 {
		return "", false
	}
	s := m.src[m.pos : m.pos+n]
	m.pos += n + 1
	return s, true
}

// withLine calls f with the number on the next line.
func (m *machine) withLine(f func(int64) string) string {
	s, ok := m.line()
	if !ok {
		return endsTooSoon
	}
	n, err := strconv.ParseInt(strings.TrimRight(s, " \r"), 10, 64)
	if err != nil {
		return badNumber
	}
	return f(n)
}

// readIntText reads INT, in which 01 and 00 are True and False.
func (m *machine) readIntText() string {
	s, ok := m.line()
	switch {
	case !ok:
		return endsTooSoon
	case s == "01":
		m.push(true)
		return ""
	case s == "00":
		m.push(false)
		return ""
	}
	return m.pushDigits(s)
}

// readLongText reads LONG, with or without the L of Python 2.
func (m *machine) readLongText() string {
	s, ok := m.line()
	if !ok {
		return endsTooSoon
	}
	return m.pushDigits(strings.TrimSuffix(s, "L"))
}

func (m *machine) pushDigits(s string) string {
	s = strings.Trim(s, " \t\r")
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		m.push(n)
		return ""
	}
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 || digits == "" || strings.Trim(digits, "0123456789") != "" {
		return badNumber
	}
	if len(digits) > m.opts.MaxIntDigits {
		return "an integer with too many digits"
	}
	b, ok := new(big.Int).SetString(s, 10)
	if !ok {
		return badNumber
	}
	m.pushBig(b)
	return ""
}

func (m *machine) pushBig(b *big.Int) {
	m.used += 48 + b.BitLen()/8
	m.push(py.Int(b))
}

// readLong reads an integer in two's complement, little-endian, behind a length of n bytes.
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
		m.push(int64(0))
		return ""
	case len(s) <= 8:
		v := uint64(int64(int8(s[len(s)-1])) >> 7) // the sign in all bits
		for i := len(s) - 1; i >= 0; i-- {
			v = v<<8 | uint64(s[i])
		}
		m.push(int64(v))
		return ""
	}
	magnitude := make([]byte, len(s))
	for i := range len(s) {
		magnitude[len(s)-1-i] = s[i]
	}
	b := new(big.Int).SetBytes(magnitude)
	if s[len(s)-1] >= 0x80 {
		b.Sub(b, new(big.Int).Lsh(big.NewInt(1), uint(8*len(s))))
	}
	m.pushBig(b)
	return ""
}

// readFloat reads the eight bytes of a double, big-endian.
func (m *machine) readFloat() string {
	s, ok := m.take(8)
	if !ok {
		return endsTooSoon
	}
	var bits uint64
	for i := range len(s) {
		bits = bits<<8 | uint64(s[i])
	}
	m.push(math.Float64frombits(bits))
	return ""
}

// readFloatText reads what Python's repr of a float gives.
func (m *machine) readFloatText() string {
	s, ok := m.line()
	if !ok {
		return endsTooSoon
	}
	s = strings.TrimRight(s, " \r")
	switch strings.TrimLeft(s, "+-") {
	case "inf", "nan":
	default:
		if strings.Trim(s, "0123456789+-.eE") != "" {
			return badNumber // such as the hexadecimal forms that Go reads
		}
	}
	f, err := strconv.ParseFloat(strings.TrimPrefix(s, "-"), 64)
	if err != nil || s == "" {
		return badNumber
	}
	if s[0] == '-' {
		f = math.Copysign(f, -1)
	}
	m.push(f)
	return ""
}
