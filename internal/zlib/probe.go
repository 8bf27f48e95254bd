package zlib

import (
	"encoding/binary"
	"math/bits"
)

// What the parser of level Default does.
const (
	placeBits    = 14
	minPlaceBits = 8
	lazy         = 16   // a match of this length is taken without looking for a longer one at the next byte
	tooFar       = 4096 // a match of 3 bytes that is further away takes more bits than literals
	atEnd        = 2    // how many positions at the end of a match become known
	smallText    = 2048 // up to this length of the data, matches of 3 bytes matter
)

// places are the last places of sequences of 16, 8, and 4 or 3 bytes, by their hashes, for
// level Default; 0 if there is no such place. One probe into each table finds nearly what a
// search of many places with the same 4 bytes finds, without its branches, which
// processors mispredict.
type places struct {
	long, middle, short [1 << placeBits]uint16
}

// hashes says how positions are hashed.
type hashes struct {
	mask uint // of a hash
	left uint // leaves the bytes of a short sequence
}

// startProbing forgets all places, of which data of this size needs only some.
func (c *compressor) startProbing(size int) hashes {
	n := min(max(bits.Len(uint(size)), minPlaceBits), placeBits)
	clear(c.long[:1<<n])
	clear(c.middle[:1<<n])
	clear(c.short[:1<<n])
	if size <= smallText {
		return hashes{mask: 1<<n - 1, left: 40}
	}
	return hashes{mask: 1<<n - 1, left: 32}
}

// Odd numbers with random bits, which multiplication spreads over the highest bits.
const (
	spread  = 0x9e3779b97f4a7c15
	spread2 = 0xc2b2ae3d27d4eb4f
)

// short returns the hash of the 4 or 3 lowest bytes.
func (h hashes) short(x uint64) uint {
	return uint(x<<(h.left&63)*spread>>(64-placeBits)) & h.mask
}

// middle returns the hash of 8 bytes.
func (h hashes) middle(x uint64) uint {
	return uint(x*spread>>(64-placeBits)) & h.mask
}

// long returns the hash of 16 bytes.
func (h hashes) long(x, y uint64) uint {
	return uint((x*spread+y*spread2)>>(64-placeBits)) & h.mask
}

// probe adds the tokens of a block, which begins at data[start:], and returns where it
// ends. It takes no short match before it knows that no longer one begins at the next
// byte.
func (c *compressor) probe(data []byte, start int, h hashes) int {
	i, dist := c.addLiterals(data, start, h)
	for dist != 0 {
		var length int
		length, dist = c.extend(data, i, dist, h)
		known := i + 1
		for length < lazy {
			longer, further := c.match(data, i+1, h)
			known = i + 2
			if longer <= length {
				break
			}
			c.addLiteral(data[i])
			i++
			length, dist = longer, further
		}
		if length == 0 {
			c.addLiteral(data[i])
			i++
		} else {
			c.addMatch(length, dist)
			i += length
			for known = max(known, i-atEnd-length/32); known < i && known+16 <= len(data); known++ {
				x, y := load(data, known), load(data, known+8)
				c.long[h.long(x, y)] = uint16(known)
				c.middle[h.middle(x)] = uint16(known)
				c.short[h.short(x)] = uint16(known)
			}
		}
		i, dist = c.addLiterals(data, i, h)
	}
	for i+16 > len(data) && i < len(data) && len(c.tokens) < maxBlock-maxMatch {
		if length, dist := c.matchAtEnd(data, i, h); length != 0 {
			c.addMatch(length, dist)
			i += length
		} else {
			c.addLiteral(data[i])
			i++
		}
	}
	return i
}

// addLiterals adds bytes as literals, and makes their short sequences known. It returns
// the position of the first match and a distance of it, or the distance 0 near the end of
// data or of the block. The loop is [compressor.match] by hand, because most calls of it
// would find none.
func (c *compressor) addLiterals(data []byte, i int, h hashes) (at, dist int) {
	tokens, n := c.tokens[:maxBlock-maxMatch], len(c.tokens)
	for i+16 <= len(data) && n < len(tokens) {
		x := load(data, i)
		place := &c.short[h.short(x)]
		dist := int(uint16(i) - *place)
		*place = uint16(i)
		if (x^load(data, i-dist))<<(h.left&63) == 0 && 0 < dist && dist <= windowSize {
			c.tokens = tokens[:n]
			return i, dist
		}
		tokens[n] = token(x & 0xff)
		c.literals.count[x&0xff]++
		n++
		i++
	}
	c.tokens = tokens[:n]
	return i, 0
}

// match returns a match at data[i:], and its distance; the length is 0 if it finds none.
// It makes the position known. The bytes at the places decide, so that places may be
// wrong: hashes collide, and positions are known modulo 1<<16.
func (c *compressor) match(data []byte, i int, h hashes) (length, dist int) {
	if i+16 > len(data) {
		return c.matchAtEnd(data, i, h)
	}
	x := load(data, i)
	place := &c.short[h.short(x)]
	dist = int(uint16(i) - *place)
	*place = uint16(i)
	if (x^load(data, i-dist))<<(h.left&63) != 0 || dist == 0 || dist > windowSize {
		return 0, 0
	}
	return c.extend(data, i, dist, h)
}

// extend returns a match at data[i:], of which a short sequence matches at the distance
// short. Longer sequences are known only of positions where short ones are not new, which
// is where they can occur for the third time.
func (c *compressor) extend(data []byte, i, short int, h hashes) (length, dist int) {
	x, y := load(data, i), load(data, i+8)
	middle, long := &c.middle[h.middle(x)], &c.long[h.long(x, y)]
	now := uint16(i)
	distMiddle, distLong := int(now-*middle), int(now-*long)
	*middle, *long = now, now
	switch {
	case load(data, i-distLong) == x && load(data, i-distLong+8) == y && 0 < distLong && distLong <= windowSize:
		dist = distLong
	case load(data, i-distMiddle) == x && 0 < distMiddle && distMiddle <= windowSize:
		dist = distMiddle
	default:
		dist = short
		if differ := x ^ load(data, i-dist); differ != 0 {
			if length = bits.TrailingZeros64(differ) >> 3; length == minMatch && dist > tooFar {
				return 0, 0
			}
			return length, dist
		}
	}
	return 8 + common(data[i-dist+8:], data[i+8:min(len(data), i+maxMatch)]), dist
}

// matchAtEnd is match where fewer than 16 bytes are left.
func (c *compressor) matchAtEnd(data []byte, i int, h hashes) (length, dist int) {
	if i+4 > len(data) {
		return 0, 0
	}
	short := h.short(uint64(binary.LittleEndian.Uint32(data[i:])))
	dist = int(uint16(i) - c.short[short])
	c.short[short] = uint16(i)
	if dist == 0 || dist > windowSize {
		return 0, 0
	}
	n := common(data[i-dist:], data[i:])
	if n < minMatch || n == minMatch && dist > tooFar {
		return 0, 0
	}
	return n, dist
}

// load returns 8 bytes as a number.
func load(data []byte, i int) uint64 { return binary.LittleEndian.Uint64(data[i : i+8]) }
