package hashers

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// bcryptUnit is the time of bcrypt with the work factor 0, which is doubled by each step.
const bcryptUnit = 70 * time.Microsecond

// Limits of bcrypt.
const (
	minRounds, maxRounds = 4, 31
	maxBcryptPassword    = 72 // bytes that count
)

// bcryptHasher is BCryptSHA256PasswordHasher or BCryptPasswordHasher.
type bcryptHasher struct {
	*primitives
	name   string
	sha256 bool // hash the password first
	rounds int
}

// bcryptPassword is algorithm$$2b$rounds$ and 53 characters.
type bcryptPassword struct {
	*bcryptHasher
	data   string // after the first "$"
	rounds int
}

func (h *bcryptHasher) parse(encoded string) (stored, bool) {
	name, data, _ := strings.Cut(encoded, "$")
	rounds, ok := bcryptRounds(data)
	return &bcryptPassword{bcryptHasher: h, data: data, rounds: rounds}, ok && name == h.name
}

// bcryptRounds returns the work factor of text that Python's bcrypt could have written.
func bcryptRounds(data string) (int, bool) {
	const (
		length, version, digits, salt, checksum = 60, 2, 4, 7, 29
		alphabet                                = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
		unused                                  = 0x0f // bits of the last character of a salt
	)
	if len(data) != length || data[:version] != "$2" || !strings.ContainsRune("abxy", rune(data[version])) ||
		data[version+1] != '$' || data[salt-1] != '$' || strings.Trim(data[salt:], alphabet) != "" ||
		strings.IndexByte(alphabet, data[checksum-1])&unused != 0 {
		return 0, false
	}
	rounds, err := strconv.Atoi(data[digits : salt-1])
	return rounds, err == nil && rounds >= minRounds && rounds <= maxRounds && data[digits:salt-1] == fmt.Sprintf("%02d", rounds)
}

// key is what bcrypt gets of a password.
func (h *bcryptHasher) key(password string) []byte {
	if h.sha256 {
		sum := sha256.Sum256([]byte(password))
		return hex.AppendEncode(nil, sum[:])
	}
	return []byte(password[:min(len(password), maxBcryptPassword)])
}

func (h *bcryptHasher) encode(password string) (string, error) {
	data, err := h.bcrypt(h.key(password), h.rounds)
	if err != nil {
		return "", err
	}
	return h.name + "$$2b" + strings.TrimPrefix(data, "$2a"), nil
}

// refuses implements algorithm. Python's bcrypt has refused longer passwords since
// release 5, and ignored the rest before.
func (h *bcryptHasher) refuses(password string) error {
	if !h.sha256 && len(password) > maxBcryptPassword {
		return fmt.Errorf("%w: bcrypt uses only %d bytes; make BCryptSHA256PasswordHasher the first of PASSWORD_HASHERS",
			ErrPasswordTooLong, maxBcryptPassword)
	}
	return nil
}

func (h *bcryptHasher) problem() string {
	if h.rounds < minRounds || h.rounds > maxRounds {
		return fmt.Sprintf("rounds must be from %d to %d", minRounds, maxRounds)
	}
	return ""
}

func (h *bcryptHasher) cost() cost { return bcryptCost(h.rounds) }

func bcryptCost(rounds int) cost {
	const memory = 8 << 10
	return cost{time: times(1<<rounds, bcryptUnit), memory: memory}
}

func (h *bcryptHasher) spend(password string, d time.Duration) error {
	for rounds := h.rounds; rounds >= minRounds; rounds-- {
		for ; d >= bcryptCost(rounds).time; d -= bcryptCost(rounds).time {
			if _, err := h.bcrypt(h.key(password), rounds); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *bcryptPassword) cost() cost     { return bcryptCost(p.rounds) }
func (p *bcryptPassword) outdated() bool { return p.rounds != p.bcryptHasher.rounds }

func (p *bcryptPassword) matches(password string) (bool, error) {
	return p.bcryptMatches(p.data, p.key(password), p.rounds), nil
}
