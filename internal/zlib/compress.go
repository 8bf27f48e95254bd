package zlib

import (
	"encoding/binary"
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

// header returns what the zlib format begins with.
func (l Level) header() string {
	if l == Best {
		return "\x78\xda"
	}
	return "\x78\x9c"
}

const (
	maxBlock = 16 << 10 // symbols of a block
	maxChunk = 1 << 24  // bytes of input in which positions are counted
)

// A token is a literal, or a match: its length times 1<<16, plus its distance.
type token = uint32

// compressor is the state of a call. The buffers are reused.
type compressor struct {
	bitWriter
	places
	chains

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
		chains:  chains{base: 1},
	}
}}

// Compress appends data as a zlib stream to dst, which must not overlap with data.
func Compress(dst, data []byte, level Level) []byte {
	c, _ := compressors.Get().(*compressor)
	defer compressors.Put(c)
	c.bitWriter = bitWriter{out: append(dst, level.header()...)}
	for rest := data; ; {
		chunk := rest[:min(len(rest), maxChunk)]
		rest = rest[len(chunk):]
		c.compress(chunk, level, len(rest) == 0)
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
func (c *compressor) compress(data []byte, level Level, last bool) {
	h := c.startProbing(len(data))
	c.startSearch()
	for start := 0; ; {
		c.startBlock()
		var end int
		if level == Default {
			end = c.probe(data, start, h)
		} else {
			end = c.search(data, start)
		}
		c.writeBlock(data[start:end], last && end == len(data))
		if start = end; end == len(data) {
			break
		}
	}
	c.base += int32(len(data))
}

// common returns how many bytes at the beginning of text are those of data, which is
// longer.
func common(data, text []byte) int {
	n := 0
	for ; n+8 <= len(text); n += 8 {
		if x := load(data, n) ^ load(text, n); x != 0 {
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
	c.countMatch(length, dist)
}

func (c *compressor) countMatch(length, dist int) {
	l, d := lengthSymbol(length), distSymbol(dist)
	c.literals.count[endOfBlock+1+l]++
	c.dists.count[d]++
	c.extraBits += int(lengthExtra[l]) + int(distExtra[d])
}
