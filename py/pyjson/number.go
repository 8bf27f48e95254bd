package pyjson

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/djangobridge/djangobridge/internal/pynum"
)

// safeDigits is the number of decimal digits that always fit into an int64.
const safeDigits = 18

// parseInt returns the value of a scanned integer. "-0" is 0, as in Python.
func parseInt(s string) any {
	if n, ok := parseSmall(s); ok {
		return n
	}
	b, _ := new(big.Int).SetString(s, 10)
	return pynum.Int(b)
}

// parseSmall returns the value of a scanned number if it is a short integer.
func parseSmall(s string) (n int64, ok bool) {
	digits := strings.TrimPrefix(s, "-")
	if len(digits) > safeDigits {
		return 0, false
	}
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if len(digits) < len(s) {
		n = -n
	}
	return n, true
}

// parseFloat returns the value of a scanned float, which may be NaN or infinite. A float
// that is too large becomes infinite.
func parseFloat(s string) float64 {
	if strings.HasSuffix(s, "y") { // of Infinity; strconv accepts other spellings than Python
		return math.Inf(1 - 2*strings.Count(s, "-"))
	}
	if s == "NaN" {
		return pynum.NaN()
	}
	f, _ := strconv.ParseFloat(shortExponent(s), 64) // the only error is ErrRange, together with the infinity that Python returns
	return f
}

// shortExponent rewrites a float that strconv would misread: an exponent with more than
// five digits, or an exponent after more digits than strconv counts.
func shortExponent(s string) string {
	e := strings.IndexAny(s, "eE")
	if e < 0 || len(s)-e <= len("e+9999") && e <= maxDigits {
		return s
	}
	exponent, _ := strconv.ParseInt(s[e+1:], 10, 64) // if it is out of range, the nearest int64
	sign, digits := "", s[:e]
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	digits = strings.TrimLeft(whole+fraction, "0")
	point := int64(len(digits) - len(fraction)) // number of digits before the point
	exponent = min(max(exponent, -maxExponent), maxExponent) + point
	return sign + "0." + digits + "0e" + strconv.FormatInt(min(max(exponent, -9999), 9999), 10)
}

const (
	maxDigits   = 800     // how many digits strconv counts
	maxExponent = 1 << 62 // exceeds the number of digits of any text that fits into memory
)

// appendFloat appends f as Python's float.__repr__ and json write it: the shortest text
// that reads as f again.
func appendFloat(dst []byte, f float64) []byte {
	switch abs := math.Abs(f); {
	case f != f:
		return append(dst, "NaN"...)
	case abs > math.MaxFloat64:
		if f < 0 {
			dst = append(dst, '-')
		}
		return append(dst, "Infinity"...)
	case abs >= 1e16, abs < 1e-4 && abs != 0:
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	default:
		if cents := math.Round(abs * 100); cents < 1e15 && cents/100 == abs {
			return appendCents(dst, int64(cents), math.Signbit(f))
		}
		dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
		if f == math.Trunc(f) {
			dst = append(dst, ".0"...)
		}
		return dst
	}
}

// appendCents appends a float with at most two decimal places, such as a price. A text of
// at most 15 digits that reads as a float is the shortest one of that float, because no
// other text of at most 15 digits reads as the same float.
func appendCents(dst []byte, cents int64, negative bool) []byte {
	if negative {
		dst = append(dst, '-')
	}
	dst = strconv.AppendInt(dst, cents/100, 10)
	tenths, rest := byte(cents/10%10), byte(cents%10)
	if dst = append(dst, '.', '0'+tenths); rest != 0 {
		dst = append(dst, '0'+rest)
	}
	return dst
}

// maxIntBits is the maximum number of bits of an integer with MaxIntDigits digits.
// Integers with more bits need no counting of digits.
const maxIntBits = 14285

// appendBigInt appends b in decimal, or returns the problem.
func appendBigInt(dst []byte, b *big.Int) (_ []byte, problem string) {
	switch {
	case b == nil:
		return dst, notSerializable
	case b.BitLen() > maxIntBits:
		return dst, tooLarge
	}
	start := len(dst)
	dst = b.Append(dst, 10)
	digits := len(dst) - start
	if b.Sign() < 0 {
		digits--
	}
	if digits > MaxIntDigits {
		return dst, tooLarge
	}
	return dst, ""
}
