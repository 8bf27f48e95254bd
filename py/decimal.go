package py

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"

	"github.com/djangobridge/djangobridge/internal/pynum"
)

// A Decimal is a Python decimal.Decimal. It keeps sign, digits and exponent exactly as
// Python does, so that 1.0 and 1.00 are different values, though equal as keys. The zero
// Decimal is 0. Decimals that are == have the same text.
type Decimal struct {
	digits   string // without leading zeros; empty for 0; the payload of a NaN
	exponent int64
	form     decimalForm
	negative bool
}

type decimalForm uint8

const (
	finite decimalForm = iota
	infinite
	quietNaN
	signalingNaN
)

var errDecimal = errors.New("py: not a decimal number")

// The limits of CPython's decimal on 64-bit machines.
const (
	maxAdjusted = 999_999_999_999_999_999
	minExponent = -1_999_999_999_999_999_997
)

// maxExpanded limits the digits of a number that is written out in full: 1E+999999999 is
// short only as a Decimal.
const maxExpanded = 10_000

// NewDecimal returns unscaled times ten to the power of exponent. The result is NaN if
// Python cannot represent the exponent.
func NewDecimal(unscaled *big.Int, exponent int64) Decimal {
	d := Decimal{exponent: exponent, negative: unscaled.Sign() < 0}
	if unscaled.Sign() != 0 {
		d.digits = new(big.Int).Abs(unscaled).String()
	}
	if !d.inBounds() {
		return Decimal{form: quietNaN}
	}
	return d
}

// ParseDecimal parses the formats that Python's Decimal(str) reads: a number with or
// without an exponent, Infinity, and NaN and sNaN with their payloads. White space may
// surround it and underscores may be anywhere. Only ASCII digits are supported. It
// returns an error for other text.
func ParseDecimal(s string) (Decimal, error) {
	s = strings.ReplaceAll(strings.TrimFunc(s, isPythonSpace), "_", "")
	var d Decimal
	if s != "" && (s[0] == '+' || s[0] == '-') {
		d.negative = s[0] == '-'
		s = s[1:]
	}
	if s == "" || !isDigit(s[0]) && s[0] != '.' {
		return d.parseSpecial(strings.ToLower(s))
	}
	mantissa, exponent, scientific := s, "", false
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, exponent, scientific = s[:i], s[i+1:], true
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if !isDigits(whole) || !isDigits(fraction) || whole+fraction == "" {
		return Decimal{}, errDecimal
	}
	if scientific {
		if n := strings.TrimLeft(exponent, "+-"); n == "" || !isDigits(n) || len(exponent)-len(n) > 1 {
			return Decimal{}, errDecimal
		}
		n, err := strconv.ParseInt(exponent, 10, 64)
		if err != nil || n < 2*minExponent || n > -2*minExponent {
			return Decimal{}, errDecimal
		}
		d.exponent = n
	}
	d.exponent -= int64(len(fraction))
	d.digits = strings.TrimLeft(whole+fraction, "0")
	if !d.inBounds() {
		return Decimal{}, errDecimal
	}
	return d, nil
}

// parseSpecial parses text that is not a number, without its sign and in lower case.
func (d Decimal) parseSpecial(s string) (Decimal, error) {
	payload := ""
	switch {
	case s == "inf" || s == "infinity":
		d.form = infinite
	case strings.HasPrefix(s, "nan"):
		d.form, payload = quietNaN, s[3:]
	case strings.HasPrefix(s, "snan"):
		d.form, payload = signalingNaN, s[4:]
	default:
		return Decimal{}, errDecimal
	}
	if !isDigits(payload) {
		return Decimal{}, errDecimal
	}
	d.digits = strings.TrimLeft(payload, "0")
	return d, nil
}

func isDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// isPythonSpace matches str.isspace, which also accepts the ASCII separators.
func isPythonSpace(r rune) bool { return unicode.IsSpace(r) || 0x1C <= r && r <= 0x1F }

func (d Decimal) inBounds() bool {
	return d.exponent >= minExponent && d.exponent <= maxAdjusted && d.adjusted() <= maxAdjusted
}

// adjusted returns the exponent of the first digit.
func (d Decimal) adjusted() int64 { return d.exponent + max(int64(len(d.digits)), 1) - 1 }

// String returns the same text as Python's str, such as "19.90" or "1E+5".
func (d Decimal) String() string {
	sign := ""
	if d.negative {
		sign = "-"
	}
	switch d.form {
	case finite:
	case infinite:
		return sign + "Infinity"
	case quietNaN:
		return sign + "NaN" + d.digits
	case signalingNaN:
		return sign + "sNaN" + d.digits
	}
	digits := d.digits
	if digits == "" {
		digits = "0"
	}
	switch adjusted := d.adjusted(); {
	case d.exponent == 0:
		return sign + digits
	case d.exponent < 0 && adjusted >= -6:
		if adjusted < 0 {
			return sign + "0." + strings.Repeat("0", int(-adjusted)-1) + digits
		}
		return sign + digits[:adjusted+1] + "." + digits[adjusted+1:]
	default:
		text := sign + digits[:1]
		if len(digits) > 1 {
			text += "." + digits[1:]
		}
		if adjusted < 0 {
			return text + "E" + strconv.FormatInt(adjusted, 10)
		}
		return text + "E+" + strconv.FormatInt(adjusted, 10)
	}
}

// PyType implements [Typed].
func (Decimal) PyType() string { return "Decimal" }

// IsNaN reports whether d is a NaN, signaling or not.
func (d Decimal) IsNaN() bool { return d.form == quietNaN || d.form == signalingNaN }

// IsFinite reports whether d is neither infinite nor a NaN.
func (d Decimal) IsFinite() bool { return d.form == finite }

// Sign returns -1, 0 or 1, and 0 for a NaN.
func (d Decimal) Sign() int {
	switch {
	case d.IsNaN() || d.form == finite && d.digits == "":
		return 0
	case d.negative:
		return -1
	}
	return 1
}

// Unscaled returns the digits of d as an integer with the sign of d. The value of d is
// this integer times ten to the power of [Decimal.Exponent]. It returns 0 if d is not
// finite.
func (d Decimal) Unscaled() *big.Int {
	n := new(big.Int)
	if d.form == finite && d.digits != "" {
		n.SetString(d.digits, 10)
	}
	if d.negative {
		n.Neg(n)
	}
	return n
}

// Exponent returns the power of ten by which [Decimal.Unscaled] is multiplied, such as -2
// for 19.90.
func (d Decimal) Exponent() int64 { return d.exponent }

// Rat returns the exact value. It returns false if d is not finite or has more than
// 10,000 digits.
func (d Decimal) Rat() (*big.Rat, bool) {
	if d.form != finite || d.tooLong() {
		return nil, false
	}
	r := new(big.Rat).SetInt(d.Unscaled())
	ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(max(d.exponent, -d.exponent)), nil)
	if d.exponent < 0 {
		return r.Quo(r, new(big.Rat).SetInt(ten)), true
	}
	return r.Mul(r, new(big.Rat).SetInt(ten)), true
}

// Int returns the exact value of an integer, such as 5.00. It returns false for other
// values and for more than 10,000 digits.
func (d Decimal) Int() (*big.Int, bool) {
	n := d.normal()
	if n.form != finite || n.exponent < 0 || n.tooLong() {
		return nil, false
	}
	ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(n.exponent), nil)
	return ten.Mul(ten, n.Unscaled()), true
}

func (d Decimal) tooLong() bool {
	return int64(len(d.digits)) > maxExpanded || d.exponent > maxExpanded || d.exponent < -maxExpanded
}

// normal returns d without trailing zeros.
func (d Decimal) normal() Decimal {
	if d.form != finite {
		return d
	}
	digits := strings.TrimRight(d.digits, "0")
	if digits == "" {
		return Decimal{}
	}
	d.exponent += int64(len(d.digits) - len(digits))
	d.digits = digits
	return d
}

// Float64 returns the nearest float64, which is infinite if d is too large. Matches
// float(d).
func (d Decimal) Float64() float64 {
	if d.IsNaN() {
		return math.NaN()
	}
	f, _ := strconv.ParseFloat(d.String(), 64) // infinite if too large
	return f
}

// Cmp compares two numbers by value and returns -1, 0 or 1. It returns false if one is a
// NaN.
func (d Decimal) Cmp(other Decimal) (int, bool) {
	if d.IsNaN() || other.IsNaN() {
		return 0, false
	}
	sign := d.Sign()
	if sign != other.Sign() || sign == 0 {
		return compare(int64(sign), int64(other.Sign())), true
	}
	return sign * d.cmpMagnitude(other), true
}

// cmpMagnitude compares the absolute values of two numbers that are not zero.
func (d Decimal) cmpMagnitude(other Decimal) int {
	if d.form == infinite || other.form == infinite {
		return compare(int64(d.form), int64(other.form))
	}
	if c := compare(d.adjusted(), other.adjusted()); c != 0 {
		return c
	}
	return strings.Compare(d.normal().digits, other.normal().digits)
}

// Limits on the digits that are written out to find the key of a number. All floats are
// within them.
const (
	maxKeyDigits   = 400
	maxKeyFraction = 1100
)

// HashKey implements [Hashable]. A Decimal is the same key as an int or float of the same
// value. Integers of more than 400 digits differ from ints.
func (d Decimal) HashKey() any {
	n := d.normal()
	switch {
	case n.form == infinite:
		return hashKey(n.Float64())
	case n.form != finite:
		return newKey()
	case n.exponent >= 0 && n.adjusted() < maxKeyDigits:
		i, _ := n.Int()
		return hashKey(pynum.Int(i))
	case n.exponent < 0 && n.exponent > -maxKeyFraction && len(n.digits) < maxKeyFraction:
		r, _ := n.Rat()
		if f, exact := r.Float64(); exact {
			return hashKey(f)
		}
	}
	return n
}

// MarshalText implements [encoding.TextMarshaler] as String.
func (d Decimal) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler] as [ParseDecimal].
func (d *Decimal) UnmarshalText(text []byte) error {
	parsed, err := ParseDecimal(string(text))
	if err == nil {
		*d = parsed
	}
	return err
}
