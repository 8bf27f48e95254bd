package signing

import (
	"fmt"
	"math"
	"strconv"
)

const b62Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// B62Encode writes n in base 62: digits, then capital letters, then small letters.
// Matches django.core.signing.b62_encode.
func B62Encode(n int64) string { return string(appendB62(nil, n)) }

func appendB62(b []byte, n int64) []byte {
	u := uint64(n)
	if n < 0 {
		b, u = append(b, '-'), -u
	}
	var digits [11]byte // 62**11 > 2**64
	i := len(digits)
	for {
		i--
		digits[i] = b62Alphabet[u%62]
		if u /= 62; u == 0 {
			return append(b, digits[i:]...)
		}
	}
}

// B62Decode reads the output of [B62Encode], and also leading zeros and "-0". The error
// wraps strconv.ErrSyntax for any other text. It wraps strconv.ErrRange for a number
// outside int64, which is returned as the nearest int64 (Python reads numbers of any
// size). Matches django.core.signing.b62_decode.
func B62Decode(s string) (int64, error) {
	digits, negative := s, false
	if s != "" && s[0] == '-' {
		digits, negative = s[1:], true
	} else if s == "" {
		return 0, fmt.Errorf("signing: base 62: %w", strconv.ErrSyntax)
	}
	limit := uint64(math.MaxInt64)
	if negative {
		limit++
	}
	var u uint64
	over := false
	for i := range len(digits) {
		d := b62Value(digits[i])
		if d < 0 {
			return 0, fmt.Errorf("signing: base 62: %w", strconv.ErrSyntax)
		}
		if over = over || u > (limit-uint64(d))/62; !over {
			u = u*62 + uint64(d)
		}
	}
	var err error
	if over {
		u, err = limit, fmt.Errorf("signing: base 62: %w", strconv.ErrRange)
	}
	if negative {
		return int64(-u), err
	}
	return int64(u), err
}

func b62Value(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'A' <= c && c <= 'Z':
		return int(c-'A') + 10
	case 'a' <= c && c <= 'z':
		return int(c-'a') + 36
	}
	return -1
}
