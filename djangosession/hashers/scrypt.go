package hashers

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// scryptUnit is the time of one block of 128 bytes: scrypt needs N·r·p of them.
const scryptUnit = 300 * time.Nanosecond

// scryptParams are the parameters of scrypt.
type scryptParams struct{ n, r, p int }

// scryptHasher is ScryptPasswordHasher.
type scryptHasher struct {
	hashable
	*primitives
	scryptParams
	name   string
	maxmem int64 // in bytes
	salts  salts
}

// scryptPassword is algorithm$N$salt$r$p$hash.
type scryptPassword struct {
	*scryptHasher
	scryptParams
	encoded, salt string
}

// defaultMaxmem is what OpenSSL takes for a maxmem of 0.
const defaultMaxmem = 32 << 20

func (h *scryptHasher) parse(encoded string) (stored, bool) {
	const fields = 6
	parts := strings.Split(encoded, "$")
	if len(parts) != fields || parts[0] != h.name || parts[2] == "" {
		return nil, false
	}
	n, okN := positive(parts[1])
	r, okR := positive(parts[3])
	p, okP := positive(parts[4])
	params := scryptParams{n, r, p}
	return &scryptPassword{scryptHasher: h, scryptParams: params, encoded: encoded, salt: parts[2]},
		okN && okR && okP && params.valid()
}

// valid reports whether OpenSSL accepts the parameters.
func (s scryptParams) valid() bool {
	const mostBlocks = 1<<30 - 1
	const wordBits = 16 // N must be less than 2 to the power of 16·r
	return s.n > 1 && s.n&(s.n-1) == 0 && s.p <= mostBlocks/s.r && (s.r > 3 || int64(s.n) < int64(1)<<(wordBits*s.r))
}

// memory is what OpenSSL compares with maxmem.
func (s scryptParams) memory() int64 {
	const block = 128
	perBlock, blocks := int64(s.r)*block, int64(s.n)+2+int64(s.p)
	if blocks > math.MaxInt64/perBlock {
		return math.MaxInt64
	}
	return perBlock * blocks
}

func (s scryptParams) cost() cost {
	blocks := int64(s.n) * int64(s.r)
	if blocks > int64(maxTime/scryptUnit) {
		return cost{time: maxTime + 1, memory: s.memory()}
	}
	return cost{time: times(blocks*int64(s.p), scryptUnit), memory: s.memory()}
}

func (h *scryptHasher) encode(password string) (string, error) {
	return h.encodeWith(password, h.salts.next(), h.scryptParams)
}

func (h *scryptHasher) encodeWith(password, salt string, s scryptParams) (string, error) {
	key, err := h.scrypt(password, salt, s)
	if err != nil {
		return "", err
	}
	return strings.Join([]string{
		h.name, strconv.Itoa(s.n), salt, strconv.Itoa(s.r), strconv.Itoa(s.p), base64.StdEncoding.EncodeToString(key),
	}, "$"), nil
}

func (h *scryptHasher) cost() cost { return h.scryptParams.cost() }

func (h *scryptHasher) spend(password string, d time.Duration) error {
	blocks := int(d / scryptUnit)
	for n := h.n; n > 1; n /= 2 {
		p := blocks / (n * h.r)
		if p == 0 {
			continue
		}
		if _, err := h.scrypt(password, "the salt does not matter", scryptParams{n, h.r, p}); err != nil {
			return err
		}
		blocks -= p * n * h.r
	}
	return nil
}

func (p *scryptPassword) cost() cost     { return p.scryptParams.cost() }
func (p *scryptPassword) outdated() bool { return p.scryptParams != p.scryptHasher.scryptParams }

func (p *scryptPassword) matches(password string) (bool, error) {
	again, err := p.encodeWith(password, p.salt, p.scryptParams)
	return err == nil && equal(again, p.encoded), err
}

func (p *scryptPassword) problem() string { return p.check(p.scryptParams) }

func (h *scryptHasher) problem() string {
	if h.n < 1 || h.r < 1 || h.p < 1 || !h.valid() {
		return "work_factor, block_size or parallelism is invalid"
	}
	return h.check(h.scryptParams)
}

// check returns why parameters that are valid cannot be used.
func (h *scryptHasher) check(s scryptParams) string {
	if need := s.memory(); need > h.maxmem {
		return fmt.Sprintf("needs %d bytes of memory, but maxmem of the hasher allows %d", need, h.maxmem)
	}
	return ""
}
