package py

import (
	"encoding/hex"
	"errors"
	"math/big"
)

// A UUID is a Python uuid.UUID, as its 16 bytes in order. The attribute is_safe is not
// kept; Python ignores it in comparisons.
type UUID [16]byte

var errUUID = errors.New("py: not a UUID")

// ParseUUID parses 32 hexadecimal digits, with hyphens as [UUID.String] writes them or
// without hyphens. It returns an error for other text.
func ParseUUID(s string) (UUID, error) {
	var u UUID
	if len(s) == 36 {
		if s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
			return u, errUUID
		}
		s = s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	}
	if len(s) != 32 {
		return u, errUUID
	}
	if _, err := hex.Decode(u[:], []byte(s)); err != nil {
		return UUID{}, errUUID
	}
	return u, nil
}

// String returns the same text as Python's str: 8-4-4-4-12 digits in lower case.
func (u UUID) String() string {
	text := hex.EncodeToString(u[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// uuidOf returns the UUID whose int attribute is v.
func uuidOf(v any) (UUID, bool) {
	var u UUID
	var n *big.Int
	switch v := v.(type) {
	case int64:
		n = big.NewInt(v)
	case *big.Int:
		n = v
	}
	if n == nil || n.Sign() < 0 || n.BitLen() > 128 {
		return u, false
	}
	n.FillBytes(u[:])
	return u, true
}

// Int returns the 16 bytes as a big-endian number. Matches uuid.UUID.int.
func (u UUID) Int() *big.Int { return new(big.Int).SetBytes(u[:]) }

// PyType implements [Typed].
func (UUID) PyType() string { return "UUID" }

// HashKey implements [Hashable].
func (u UUID) HashKey() any { return u }

// MarshalText implements [encoding.TextMarshaler] as String.
func (u UUID) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler] as [ParseUUID].
func (u *UUID) UnmarshalText(text []byte) error {
	parsed, err := ParseUUID(string(text))
	if err == nil {
		*u = parsed
	}
	return err
}
