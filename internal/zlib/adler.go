package zlib

import "encoding/binary"

// adlerBase is the modulus of Adler-32, and adlerRun how many bytes can be added before a
// 32-bit sum must be reduced.
const (
	adlerBase = 65521
	adlerRun  = 5552
)

// adler32 returns the Adler-32 checksum of data: a is 1 plus the sum of the bytes, b the
// sum of all values that a has had. It adds 8 bytes at once, each in a lane of 16 bits,
// which is several times as fast as the standard library.
func adler32(data []byte) uint32 {
	const (
		lanes = 0x00ff00ff00ff00ff
		once  = 0x0001000100010001 // a product with it has the sum of all lanes in the highest
		even  = 0x0008000600040002 // weights of the bytes 0, 2, 4 and 6 in b
		odd   = 0x0007000500030001 // of the others
	)
	a, b := uint64(1), uint64(0)
	for len(data) > 0 {
		run := data[:min(len(data), adlerRun)]
		data = data[len(run):]
		for ; len(run) >= 8; run = run[8:] {
			x := binary.LittleEndian.Uint64(run)
			first, second := x&lanes, x>>8&lanes
			b += 8*a + first*even>>48 + second*odd>>48
			a += (first + second) * once >> 48
		}
		for _, c := range run {
			a += uint64(c)
			b += a
		}
		a %= adlerBase
		b %= adlerBase
	}
	return uint32(b<<16 | a)
}
