package zlib

import (
	"encoding/binary"
	"math"
	"math/bits"
	"sync"
)

// A Level says how thoroughly [Compress] looks for repetitions.
type Level int

// Levels. The streams are about as large as those of the zlib library at its levels 6 and
// 9.
const (
	Default Level = iota
	Best
)

// effort is what a [Level] means.
type effort struct {
	header string // of the zlib format
	chain  int    // how many earlier places to compare with
	lazy   int    // a match of this length is taken without looking for a longer one at the next byte
	enough int    // a match of this length is taken without looking at more places
}

func (l Level) effort() effort {
	if l == Best {
		return effort{header: "\x78\xda", chain: 1024, lazy: maxMatch, enough: maxMatch}
	}
	return effort{header: "\x78\x9c", chain: 4, lazy: 16, enough: 32}
}

const (
	goodMatch   = 8        // after a match of this length, fewer places are compared
	maxBlock    = 16 << 10 // symbols of a block
	maxChunk    = 1 << 24  // bytes of input in which positions are counted
	hashBits    = 14
	minHashBits = 8
)

// A token is a literal, or a match: its length times 1<<16, plus its distance.
type token = uint32

// compressor is the state of a call. The buffers are reused.
type compressor struct {
	bitWriter
	effort

	// heads has the last position with each hash, plus base. Those below base are from
	// earlier calls.
	heads [1 << hashBits]int32
	base  int32
	shift uint
	// chain has, for each position, the one before it with the same hash.
	chain [windowSize]int32

	tokens    []token
	extraBits int // of the tokens
	literals  code
	dists     code
	precode   code
	lengths   []uint16 // code lengths as a dynamic block has them: symbols, with extra numbers times 32
	tree      treeBuilder
}

//nolint:gochecknoglobals // a pool has to be shared
var compressors = sync.Pool{New: func() any {
	return &compressor{
		tokens:  make([]token, 0, maxBlock),
		lengths: make([]uint16, 0, lengthSymbols+distSymbols),
		base:    1,
	}
}}

// Compress appends data as a zlib stream to dst, which must not overlap with data.
func Compress(dst, data []byte, level Level) []byte {
	c, _ := compressors.Get().(*compressor)
	defer compressors.Put(c)
	c.effort = level.effort()
	c.bitWriter = bitWriter{out: append(dst, c.header...)}
	for rest := data; ; {
		chunk := rest[:min(len(rest), maxChunk)]
		rest = rest[len(chunk):]
		c.compress(chunk, len(rest) == 0)
		if len(rest) == 0 {
			break
		}
	}
	c.toByte()
	out := binary.BigEndian.AppendUint32(c.out, checksum(data))
	c.out = nil
	return out
}

// compress writes the blocks of one chunk.
func (c *compressor) compress(data []byte, last bool) {
	if c.base > math.MaxInt32-2*maxChunk {
		clear(c.heads[:])
		c.base = 1
	}
	c.shift = uint(32 - min(max(bits.Len(uint(len(data))), minHashBits), hashBits))
	start, i := 0, 0
	c.startBlock()
	for i < len(data) {
		length, dist := c.find(data, i, minMatch)
		known := i + 1
		for length != 0 && length < c.lazy {
			longer, further := c.find(data, i+1, length)
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
			c.insert(data, known, i+length)
			i += length
		}
		if len(c.tokens) >= maxBlock-maxMatch && i < len(data) {
			c.writeBlock(data[start:i], false)
			start = i
			c.startBlock()
		}
	}
	c.writeBlock(data[start:], last)
	c.base += int32(len(data))
}

// hash returns the hash of the 4 bytes at data[i:].
func (c *compressor) hash(data []byte, i int) uint32 {
	return binary.LittleEndian.Uint32(data[i:]) * 2654435761 >> (c.shift & 31)
}

// insert makes positions from i to end known: all of a short match, and of a long one
// those at its end, where the text begins to differ, and some of the others.
func (c *compressor) insert(data []byte, i, end int) {
	heads, chain, shift, base := &c.heads, &c.chain, c.shift&31, c.base
	for end = min(end, len(data)-3); i < end; i++ {
		if end-i > 8 {
			i += 3
		}
		h := binary.LittleEndian.Uint32(data[i:]) * 2654435761 >> shift & (1<<hashBits - 1)
		chain[i&(windowSize-1)] = heads[h]
		heads[h] = int32(i) + base
	}
}

// find returns the longest match at data[i:] that is longer than best, and its distance.
// It makes the position known.
func (c *compressor) find(data []byte, i, best int) (length, dist int) {
	if i+4 > len(data) {
		return 0, 0
	}
	h := c.hash(data, i) & (1<<hashBits - 1)
	from := c.heads[h]
	c.chain[i&(windowSize-1)] = from
	c.heads[h] = int32(i) + c.base
	text := data[i:min(len(data), i+maxMatch)]
	if len(text) <= best {
		return 0, 0
	}
	oldest := max(i-windowSize, 0)
	tries := c.effort.chain
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
				if n >= c.enough || n == len(text) {
					break
				}
				tail = binary.LittleEndian.Uint32(text[best-3:])
			}
		}
		from = c.chain[at&(windowSize-1)]
	}
	return length, dist
}

// common returns how many bytes at the beginning of text are those of data, which is
// longer.
func common(data, text []byte) int {
	n := 0
	for ; n+8 <= len(text); n += 8 {
		if x := binary.LittleEndian.Uint64(data[n:]) ^ binary.LittleEndian.Uint64(text[n:]); x != 0 {
			return n + bits.TrailingZeros64(x)>>3
		}
	}
	for n < len(text) && data[n] == text[n] {
		n++
	}
	return n
}

// startBlock forgets the tokens of the block before.
func (c *compressor) startBlock() {
	c.tokens = c.tokens[:0]
	c.extraBits = 0
	clear(c.literals.count[:])
	clear(c.dists.count[:])
	c.literals.count[endOfBlock] = 1
}

func (c *compressor) addLiteral(b byte) {
	c.tokens = append(c.tokens, token(b))
	c.literals.count[b]++
}

func (c *compressor) addMatch(length, dist int) {
	c.tokens = append(c.tokens, token(length<<16|dist))
	l, d := lengthSymbol(length), distSymbol(dist)
	c.literals.count[endOfBlock+1+l]++
	c.dists.count[d]++
	c.extraBits += int(lengthExtra[l]) + int(distExtra[d])
}
