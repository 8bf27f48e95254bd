package zlib

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// Limits of the search at level Best.
const (
	chainHashBits = 14
	minHashBits   = 8
	maxTries      = 1024 // how many earlier places to compare with
	goodMatch     = 8    // after a match of this length, a quarter of them
)

// chains are the earlier places of all sequences of 4 bytes, for level Best.
type chains struct {
	heads [1 << chainHashBits]int32 // the last position with each hash
	chain [windowSize]int32         // for each position, the one before it with the same hash

	// base is what the positions of this chunk are counted from. Both contain positions
	// plus base. Those below it are from earlier chunks.
	base int32
}

// startSearch forgets all places before their numbers overflow.
func (c *chains) startSearch() {
	if c.base > math.MaxInt32-2*maxChunk {
		clear(c.heads[:])
		c.base = 1
	}
}

// search adds the tokens of a block, which begins at data[start:], and returns where it
// ends. It compares with all earlier places, and takes no match before it knows that there
// is no longer one at the next byte.
func (c *compressor) search(data []byte, start int) int {
	i := start
	for i < len(data) && len(c.tokens) < maxBlock-maxMatch {
		length, dist := c.longest(data, i, minMatch)
		known := i + 1
		for length != 0 && length < maxMatch {
			longer, further := c.longest(data, i+1, length)
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
			continue
		}
		c.addMatch(length, dist)
		for i += length; known < i && known+4 <= len(data); known++ {
			c.link(data, known)
		}
	}
	return i
}

// link makes the position known and returns the one before it with the same hash, plus
// base.
func (c *compressor) link(data []byte, i int) int32 {
	shift := uint(32 - min(max(bits.Len(uint(len(data))), minHashBits), chainHashBits))
	h := binary.LittleEndian.Uint32(data[i:]) * 2654435761 >> shift
	from := c.heads[h]
	c.chain[i&(windowSize-1)] = from
	c.heads[h] = int32(i) + c.base
	return from
}

// longest returns the longest match at data[i:] that is longer than best, and its
// distance. It makes the position known.
func (c *compressor) longest(data []byte, i, best int) (length, dist int) {
	if i+4 > len(data) {
		return 0, 0
	}
	from := c.link(data, i)
	text := data[i:min(len(data), i+maxMatch)]
	if len(text) <= best {
		return 0, 0
	}
	oldest := max(i-windowSize, 0)
	tries := maxTries
	if best >= goodMatch {
		tries /= 4
	}
	// Only a place that has the last 4 bytes of a longer match can have one.
	tail := binary.LittleEndian.Uint32(text[best-3:])
	for ; tries > 0; tries-- {
		at := int(from - c.base)
		if at < oldest {
			break
		}
		if binary.LittleEndian.Uint32(data[at+best-3:]) == tail {
			if n := common(data[at:], text); n > best {
				best, length, dist = n, n, i-at
				if n == len(text) {
					break
				}
				tail = binary.LittleEndian.Uint32(text[best-3:])
			}
		}
		from = c.chain[at&(windowSize-1)]
	}
	return length, dist
}
