package zlib

import "encoding/binary"

// adlerBase is the modulus of Adler-32, and adlerRun how many bytes can be added before a
// 32-bit sum must be reduced.
const (
	adlerBase = 65521
	adlerRun  = 5552
)

// adlerGroups is how many groups of 8 bytes are added at once. The sums of 22 groups fit
// into 16 bits.
const adlerGroups = 22

// checksum returns the Adler-32 checksum of data: a is 1 plus the sum of the bytes, b the
// sum of all values that a has had. It adds 8 bytes at once, each in a lane of 16 bits.
func checksum(data []byte) uint32 {
	a, b := uint64(1), uint64(0)
	for len(data) > 0 {
		run := data[:min(len(data), adlerRun)]
		data = data[len(run):]
		for len(run) >= 8 {
			n := min(len(run)/8, adlerGroups)
			sum, weighted := addGroups(run[:8*n])
			b += 8*uint64(n)*a + weighted
			a += sum
			run = run[8*n:]
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

// addGroups returns the sum of the bytes in at most adlerGroups groups of 8, and that of
// all bytes times their distance from the end.
func addGroups(groups []byte) (sum, weighted uint64) {
	const (
		bytes = 0x00ff00ff00ff00ff // lanes of 16 bits, each with a byte
		words = 0x0000ffff0000ffff // lanes of 32 bits
	)
	// The bytes with even and with odd indexes: their sums, and the sums of what those
	// were before each group.
	var even, odd, evenBefore, oddBefore uint64
	for ; len(groups) >= 16; groups = groups[16:] {
		x, y := binary.LittleEndian.Uint64(groups), binary.LittleEndian.Uint64(groups[8:])
		xEven, xOdd := x&bytes, x>>8&bytes
		evenBefore += 2*even + xEven
		oddBefore += 2*odd + xOdd
		even += xEven + y&bytes
		odd += xOdd + y>>8&bytes
	}
	if len(groups) >= 8 {
		x := binary.LittleEndian.Uint64(groups)
		evenBefore += even
		oddBefore += odd
		even += x & bytes
		odd += x >> 8 & bytes
	}
	// Products with these numbers have the weighted sum of both lanes in the higher one.
	const once = 1<<32 | 1
	before := evenBefore&words + evenBefore>>16&words + oddBefore&words + oddBefore>>16&words
	all := even&words + even>>16&words + odd&words + odd>>16&words
	weighted = 8*(before*once>>32) +
		(even&words)*(8<<32|4)>>32 + (odd&words)*(7<<32|3)>>32 +
		(even>>16&words)*(6<<32|2)>>32 + (odd>>16&words)*(5<<32|1)>>32
	return all * once >> 32, weighted
}
