package hashers

import (
	"crypto/rand"
	"math"
	"math/big"
	"strings"
)

// salts makes and judges salts.
type salts struct {
	entropy int // salt_entropy; 0 before 3.2, which has salts of a fixed length
}

// randomCharacters is RANDOM_STRING_CHARS.
const randomCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// next returns a new salt.
func (s salts) next() string {
	const before32 = 12
	if s.entropy == 0 {
		return randomString(before32)
	}
	return randomString(int(math.Ceil(float64(s.entropy) / bitsPerCharacter())))
}

// outdated reports whether a salt of this length has less entropy than new ones. Matches
// must_update_salt.
func (s salts) outdated(length int) bool {
	return float64(length)*bitsPerCharacter() < float64(s.entropy)
}

func bitsPerCharacter() float64 { return math.Log2(float64(len(randomCharacters))) }

// randomString matches get_random_string.
func randomString(n int) string {
	var text strings.Builder
	most := big.NewInt(int64(len(randomCharacters)))
	for range n {
		i, _ := rand.Int(rand.Reader, most) // never fails
		text.WriteByte(randomCharacters[i.Int64()])
	}
	return text.String()
}
