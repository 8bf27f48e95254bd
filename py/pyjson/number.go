package pyjson

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/djangobridge/djangobridge/internal/pynum"
)

// safeDigits is how many decimal digits always fit an int64.
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

// parseFloat returns the value of a scanned float, NaN and the infinities included. What is too large is infinite.
func parseFloat(s string) float64 {
	if strings.HasSuffix(s, "y") { // of Infinity, which strconv reads too, but in more than Python's spelling
		return math.Inf(1 - 2*strings.Count(s, "-"))
	}
	if s == "NaN" {
		return pynum.NaN()
	}
	f, _ := strconv.ParseFloat(shortExponent(s), 64) // its only error is ErrRange, with the infinity that Python returns
	return f
}

// shortExponent rewrites a float whose exponent has more digits than strconv reads (it
// stops at five), or with so many digits in front of an exponent that strconv loses count.
func shortExponent(s string) string {
	e := strings.IndexAny(s, "eE")
	if e < 0 || len(s)-e <= len("e+9999") && e <= maxDigits {
		return s
	}
	exponent, err := strconv.Atoi(s[e+1:])
	if err != nil { // past any text that fits in memory
		return s
	}
	sign, digits := "", s[:e]
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	digits = strings.TrimLeft(whole+fraction, "0")
	point := len(whole) - (len(whole) + len(fraction) - len(digits)) // of digits, how many stand before the point
	return sign + "0." + digits + "0e" + strconv.Itoa(min(max(point+exponent, -9999), 9999))
}

// maxDigits is how many digits strconv counts.
const maxDigits = 800

// appendFloat appends f as Python's float.__repr__ and json write it: the shortest text that reads as f again.
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
		dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
		if f == math.Trunc(f) {
			dst = append(dst, ".0"...)
		}
		return dst
	}
}

// maxIntBits is how many bits an integer of MaxIntDigits digits has at most: with more there is no need to count digits.
const maxIntBits = 14285

// appendBigInt appends b in decimal, or returns why that cannot be.
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
