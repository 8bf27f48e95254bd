// Package blake2 implements the unkeyed hashes BLAKE2b-512 and BLAKE2s-256 of RFC 7693.
// Python's hashlib has them as blake2b and blake2s; Go's standard library does not have
// them.
package blake2

import (
	"encoding/binary"
	"hash"
	"math/bits"
)

// word is the integer type of a variant.
type word interface{ uint32 | uint64 }

// variant holds the differences between the two hashes.
type variant[W word] struct {
	iv     [8]W
	rounds int
	rot    [4]int
	size   int // of a word, in bytes
}

var variantB = variant[uint64]{ //nolint:gochecknoglobals // a constant
	iv: [8]uint64{
		0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
		0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
	},
	rounds: 12, rot: [4]int{32, 24, 16, 63}, size: 8,
}

var variantS = variant[uint32]{ //nolint:gochecknoglobals // a constant
	iv: [8]uint32{
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	},
	rounds: 10, rot: [4]int{16, 12, 8, 7}, size: 4,
}

// sigma is the order in which each round uses the words of a block.
var sigma = [10][16]uint8{ //nolint:gochecknoglobals // a constant
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
	{11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
	{7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
	{9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
	{2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
	{12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
	{13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
	{6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
	{10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
}

// mixed lists the columns and then the diagonals of the state that a round mixes.
var mixed = [8][4]uint8{ //nolint:gochecknoglobals // a constant
	{0, 4, 8, 12},
	{1, 5, 9, 13},
	{2, 6, 10, 14},
	{3, 7, 11, 15},
	{0, 5, 10, 15},
	{1, 6, 11, 12},
	{2, 7, 8, 13},
	{3, 4, 9, 14},
}

// digest is a hash in progress.
type digest[W word] struct {
	*variant[W]
	h      [8]W
	length uint64 // bytes hashed; no Go program has a message longer than this
	buf    []byte // input not hashed yet, at most one block, because the last block is hashed differently
}

// NewB returns BLAKE2b with a digest of 64 bytes.
func NewB() hash.Hash { return newDigest(&variantB) }

// NewS returns BLAKE2s with a digest of 32 bytes.
func NewS() hash.Hash { return newDigest(&variantS) }

func newDigest[W word](v *variant[W]) *digest[W] {
	d := &digest[W]{variant: v, buf: make([]byte, 0, 16*v.size)}
	d.Reset()
	return d
}

func (d *digest[W]) BlockSize() int { return 16 * d.size }

func (d *digest[W]) Size() int { return 8 * d.size }

func (d *digest[W]) Reset() {
	d.h, d.length, d.buf = d.iv, 0, d.buf[:0]
	// The parameter block of a sequential, unkeyed hash: digest length, no key, fan-out
	// 1, depth 1.
	d.h[0] ^= W(0x01010000 | d.Size())
}

func (d *digest[W]) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if len(d.buf) == cap(d.buf) {
			d.length += uint64(len(d.buf))
			d.compress(false)
			d.buf = d.buf[:0]
		}
		k := min(len(p), cap(d.buf)-len(d.buf))
		d.buf, p = append(d.buf, p[:k]...), p[k:]
	}
	return n, nil
}

func (d *digest[W]) Sum(b []byte) []byte {
	last := *d
	last.buf = append(make([]byte, 0, cap(d.buf)), d.buf...)
	last.length += uint64(len(d.buf))
	last.buf = last.buf[:cap(last.buf)] // make has filled it with zeros
	last.compress(true)
	for _, w := range last.h {
		if d.size == 8 {
			b = binary.LittleEndian.AppendUint64(b, uint64(w))
		} else {
			b = binary.LittleEndian.AppendUint32(b, uint32(w))
		}
	}
	return b
}

func (d *digest[W]) compress(last bool) {
	var m, v [16]W
	for i := range m {
		word := d.buf[i*d.size:]
		if d.size == 8 {
			m[i] = W(binary.LittleEndian.Uint64(word))
		} else {
			m[i] = W(binary.LittleEndian.Uint32(word))
		}
	}
	copy(v[:8], d.h[:])
	copy(v[8:], d.iv[:])
	v[12] ^= W(d.length)
	if d.size == 4 {
		v[13] ^= W(d.length >> 32)
	}
	if last {
		v[14] = ^v[14]
	}
	for round := range d.rounds {
		order := &sigma[round%len(sigma)]
		for i, at := range mixed {
			a, b, c, e := &v[at[0]], &v[at[1]], &v[at[2]], &v[at[3]]
			*a += *b + m[order[2*i]]
			*e = rotate(*e^*a, d.rot[0])
			*c += *e
			*b = rotate(*b^*c, d.rot[1])
			*a += *b + m[order[2*i+1]]
			*e = rotate(*e^*a, d.rot[2])
			*c += *e
			*b = rotate(*b^*c, d.rot[3])
		}
	}
	for i := range d.h {
		d.h[i] ^= v[i] ^ v[i+8]
	}
}

// rotate rotates w right by n bits.
func rotate[W word](w W, n int) W {
	switch w := any(w).(type) {
	case uint64:
		return W(bits.RotateLeft64(w, -n))
	case uint32:
		return W(bits.RotateLeft32(w, -n))
	}
	return w
}
