package zlib

import "encoding/binary"

// padding is how many zeros follow the stream in memory, so that a reader need not look
// for the end whenever it fills up: it may do so twice after each call of past.
const padding = 24

// reader has read some bits of a stream. Its methods return what it has become, so that a
// loop can hold it in registers.
type reader struct {
	bits uint64 // the lowest first; those above n are not to be trusted
	n    uint   // how many of them count
	next int    // index of the byte to read next
}

// fill reads until there are at least 56 bits.
func (r reader) fill(src []byte) reader {
	r.bits |= binary.LittleEndian.Uint64(src[r.next:r.next+8]) << (r.n & 63)
	r.next += int(63-r.n) >> 3
	r.n |= 56
	return r
}

// skip uses n bits, at most 63. They have been filled.
func (r reader) skip(n uint) reader {
	r.bits >>= n & 63
	r.n -= n & 63
	return r
}

// past reports whether more bits were used than those of the first end bytes. It is true
// before a reader can leave the padding.
func (r reader) past(end int) bool { return r.next-int(r.n>>3) > end }

// toByte skips the rest of a byte, and makes r.next the index of the byte after it.
func (r reader) toByte() reader { return reader{next: r.next - int(r.n>>3)} }
