package memcached

import (
	"crypto/md5" //nolint:gosec // libmemcached chooses servers with it
	"encoding/binary"
	"hash/crc32"
	"math/bits"
)

// A hashFunction is one of the functions with which clients choose servers.
type hashFunction func(key string) uint32

// hashFunctions are those of libmemcached by the names that pylibmc gives them. The
// builds that pylibmc comes with lack its other function, hsieh.
var hashFunctions = map[string]hashFunction{ //nolint:gochecknoglobals // a constant table
	"default": oneAtATime, "md5": hashMD5, "crc": crc15, "jenkins": jenkins, "murmur": murmur2,
	"fnv1_32": fnv1x32, "fnv1a_32": fnv1ax32, "fnv1_64": fnv1x64, "fnv1a_64": fnv1ax64,
}

// signed returns a byte as C converts a signed char. libmemcached does not convert its
// keys to unsigned bytes in most of its functions.
func signed(b byte) uint32 { return uint32(int32(int8(b))) }

// oneAtATime is Jenkins' one-at-a-time, the default of libmemcached.
func oneAtATime(key string) uint32 {
	var h uint32
	for i := range len(key) {
		h += signed(key[i])
		h += h << 10
		h ^= h >> 6
	}
	h += h << 3
	h ^= h >> 11
	return h + h<<15
}

func hashMD5(key string) uint32 {
	digest := md5.Sum([]byte(key)) //nolint:gosec // as above
	return binary.LittleEndian.Uint32(digest[:])
}

// crc15 are 15 bits of the CRC, as python-memcached takes them too.
func crc15(key string) uint32 { return crc32.ChecksumIEEE([]byte(key)) >> 16 & 0x7fff }

const (
	fnv32Init  = 2166136261
	fnv32Prime = 16777619
	fnv64Init  = 0xcbf29ce484222325
	fnv64Prime = 0x100000001b3
)

func fnv1x32(key string) uint32 {
	var h uint32 = fnv32Init
	for i := range len(key) {
		h *= fnv32Prime
		h ^= signed(key[i])
	}
	return h
}

func fnv1ax32(key string) uint32 {
	var h uint32 = fnv32Init
	for i := range len(key) {
		h ^= signed(key[i])
		h *= fnv32Prime
	}
	return h
}

// fnv1x64 and fnv1ax64 use the constants for 64 bits. Only the low 32 bits count, and
// they depend on no others.
func fnv1x64(key string) uint32 {
	var h uint32 = fnv64Init & 0xffffffff
	for i := range len(key) {
		h *= fnv64Prime & 0xffffffff
		h ^= signed(key[i])
	}
	return h
}

func fnv1ax64(key string) uint32 {
	var h uint32 = fnv64Init & 0xffffffff
	for i := range len(key) {
		h ^= signed(key[i])
		h *= fnv64Prime & 0xffffffff
	}
	return h
}

// murmur2 is MurmurHash2 with the seed that libmemcached computes.
func murmur2(key string) uint32 {
	const m = 0x5bd1e995
	n := uint32(len(key))
	h := 0xdeadbeef*n ^ n
	for ; len(key) >= 4; key = key[4:] {
		k := little(key) * m
		k ^= k >> 24
		h = h*m ^ k*m
	}
	if len(key) > 0 {
		h = (h ^ little(key)) * m
	}
	h = (h ^ h>>13) * m
	return h ^ h>>15
}

// little returns the first four bytes of s as a number, with zeros for missing ones.
func little(s string) uint32 {
	var b [4]byte
	copy(b[:], s)
	return binary.LittleEndian.Uint32(b[:])
}

// jenkins is Jenkins' lookup3 with the initial value that libmemcached uses.
func jenkins(key string) uint32 {
	const initial = 13
	a := 0xdeadbeef + uint32(len(key)) + initial
	b, c := a, a
	for ; len(key) > 12; key = key[12:] {
		a, b, c = a+little(key), b+little(key[4:]), c+little(key[8:])
		a = a - c ^ bits.RotateLeft32(c, 4)
		c += b
		b = b - a ^ bits.RotateLeft32(a, 6)
		a += c
		c = c - b ^ bits.RotateLeft32(b, 8)
		b += a
		a = a - c ^ bits.RotateLeft32(c, 16)
		c += b
		b = b - a ^ bits.RotateLeft32(a, 19)
		a += c
		c = c - b ^ bits.RotateLeft32(b, 4)
		b += a
	}
	if key == "" {
		return c
	}
	a, b, c = a+little(key), b+little(key[min(4, len(key)):]), c+little(key[min(8, len(key)):])
	c = (c ^ b) - bits.RotateLeft32(b, 14)
	a = (a ^ c) - bits.RotateLeft32(c, 11)
	b = (b ^ a) - bits.RotateLeft32(a, 25)
	c = (c ^ b) - bits.RotateLeft32(b, 16)
	a = (a ^ c) - bits.RotateLeft32(c, 4)
	b = (b ^ a) - bits.RotateLeft32(a, 14)
	return (c ^ b) - bits.RotateLeft32(b, 24)
}

// murmur3 is MurmurHash3 (32 bits, seed 0) of a text in two parts, as pymemcache computes
// it: of the low eight bits of each character.
func murmur3(start, rest string) uint32 {
	var h, k, n uint32
	for _, part := range [2]string{start, rest} {
		for _, r := range part {
			k |= uint32(byte(r)) << (8 * (n % 4))
			if n++; n%4 == 0 {
				h = bits.RotateLeft32(h^mix3(k), 13)*5 + 0xe6546b64
				k = 0
			}
		}
	}
	h ^= mix3(k) ^ n
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}

func mix3(k uint32) uint32 { return bits.RotateLeft32(k*0xcc9e2d51, 15) * 0x1b873593 }
