package zlib

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"sync"
)

// lengthSymbol returns the index of the symbol for the length of a match.
func lengthSymbol(length int) int {
	if length == maxMatch {
		return len(lengthBase) - 1
	}
	n := uint(length - minMatch)
	extra := max(bits.Len(n), 3) - 3
	return extra<<2 + int(n>>extra)
}

// distSymbol returns the symbol for a distance.
func distSymbol(dist int) int {
	n := uint(dist - 1)
	extra := max(bits.Len(n), 2) - 2
	return extra<<1 + int(n>>extra)
}

// fixedCode are the codes that a stream need not contain.
type fixedCode struct{ literals, dists code }

//nolint:gochecknoglobals // constant, and large
var fixedCodes = sync.OnceValue(func() *fixedCode {
	f := &fixedCode{}
	f.literals.size, f.dists.size = fixedSymbols, distSymbols
	var all [fixedSymbols]occurrence
	for i := range all {
		all[i] = occurrence(i)
		f.literals.length[i] = uint8(fixedLength(i))
	}
	for i := range distSymbols {
		f.dists.length[i] = 5
	}
	f.literals.assign([]uint16{7: 24, 8: 152, 9: 112}, all[:])
	f.dists.assign([]uint16{5: distSymbols}, all[:distSymbols])
	return f
})

// writeBlock writes the tokens of a block, whose content is data, in the form that takes
// the fewest bits.
func (c *compressor) writeBlock(data []byte, last bool) {
	final := uint64(0)
	if last {
		final = 1
	}
	c.tree.build(&c.literals, lengthSymbols, maxCodeLength)
	c.tree.build(&c.dists, distSymbols, maxCodeLength)
	header, precodes := c.planHeader()
	fixed := fixedCodes()
	dynamicCost := header + c.literals.cost + c.dists.cost
	fixedCost := c.fixedCost()
	storedCost := 8*len(data) + 40*(1+len(data)/maxStored) - c.extraBits
	switch {
	case storedCost < min(dynamicCost, fixedCost):
		c.writeStored(data, final)
	case fixedCost <= dynamicCost:
		c.reserve(fixedCost + c.extraBits)
		c.write(final|fixedBlock<<1, 3)
		c.writeTokens(&fixed.literals, &fixed.dists)
	default:
		c.reserve(dynamicCost + c.extraBits)
		c.write(final|dynamicBlock<<1, 3)
		c.writeHeader(precodes)
		c.writeTokens(&c.literals, &c.dists)
	}
}

// fixedCost returns how many bits a block with the fixed codes takes, without extra bits.
func (c *compressor) fixedCost() int {
	matches, high := 0, 0
	for _, n := range c.dists.count[:c.dists.size] {
		matches += int(n)
	}
	// Most symbols for lengths take 7 bits, and high literals 9.
	lengths := c.literals.count[endOfBlock:]
	low := 0
	for _, n := range lengths[:24] {
		low += int(n)
	}
	for _, n := range c.literals.count[144:endOfBlock] {
		high += int(n)
	}
	return 3 + 8*(len(c.tokens)+1) - low + high + 5*matches
}

// maxStored is how many bytes a stored block can contain.
const maxStored = 65535

// writeStored writes data as it is.
func (c *compressor) writeStored(data []byte, final uint64) {
	for {
		n := min(len(data), maxStored)
		c.reserve(24)
		if n < len(data) {
			c.write(0, 3)
		} else {
			c.write(final, 3)
		}
		c.toByte()
		c.out = binary.LittleEndian.AppendUint16(c.out, uint16(n))
		c.out = binary.LittleEndian.AppendUint16(c.out, ^uint16(n))
		c.out = append(c.out, data[:n]...)
		if data = data[n:]; len(data) == 0 {
			return
		}
	}
}

// planHeader prepares the header of a dynamic block. It returns its size in bits and how
// many code lengths of the precode it contains.
func (c *compressor) planHeader() (size, precodes int) {
	c.lengths = c.lengths[:0]
	clear(c.precode.count[:len(lengthOrder)])
	literals := max(c.literals.size, endOfBlock+1)
	var all [lengthSymbols + distSymbols]uint8
	n := copy(all[:], c.literals.length[:literals])
	n += copy(all[n:], c.dists.length[:c.dists.size])
	c.addLengths(all[:n])
	c.tree.build(&c.precode, len(lengthOrder), maxPrecodeLen)
	precodes = len(lengthOrder)
	for precodes > 4 && c.precode.length[lengthOrder[precodes-1]] == 0 {
		precodes--
	}
	return 3 + 5 + 5 + 4 + 3*precodes + c.precode.cost +
		2*int(c.precode.count[repeatPrevious]) + 3*int(c.precode.count[repeatZero]) + 7*int(c.precode.count[repeatManyZeros]), precodes
}

// addLengths appends the code lengths in their compressed form.
func (c *compressor) addLengths(all []uint8) {
	add := func(symbol, extra int) {
		c.lengths = append(c.lengths, uint16(symbol|extra<<5))
		c.precode.count[symbol]++
	}
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n] == all[0] {
			n++
		}
		value := int(all[0])
		all = all[n:]
		for value == 0 && n >= 11 {
			k := min(n, 138)
			add(repeatManyZeros, k-11)
			n -= k
		}
		if value == 0 && n >= 3 {
			add(repeatZero, n-3)
			n = 0
		}
		if value != 0 && n >= 4 {
			add(value, 0)
			n--
			for n >= 3 {
				k := min(n, 6)
				add(repeatPrevious, k-3)
				n -= k
			}
		}
		for range n {
			add(value, 0)
		}
	}
}

func (c *compressor) writeHeader(precodes int) {
	c.write(uint64(max(c.literals.size, endOfBlock+1)-257)|uint64(c.dists.size-1)<<5|uint64(precodes-4)<<10, 14)
	for _, symbol := range lengthOrder[:precodes] {
		c.write(uint64(c.precode.length[symbol]), 3)
	}
	for _, l := range c.lengths {
		symbol, extra := l&31, uint64(l>>5)
		c.write(uint64(c.precode.bits[symbol]), uint(c.precode.length[symbol]))
		switch symbol {
		case repeatPrevious:
			c.write(extra, 2)
		case repeatZero:
			c.write(extra, 3)
		case repeatManyZeros:
			c.write(extra, 7)
		}
	}
}

// writeTokens writes the tokens and the end of the block. It holds the state of the
// bitWriter in variables.
func (c *compressor) writeTokens(literals, dists *code) {
	out, pos, pending, n := c.out[:cap(c.out)], len(c.out), c.bits, c.n
	for _, t := range c.tokens {
		if t < endOfBlock {
			pending |= uint64(literals.bits[t]) << (n & 63)
			n += uint(literals.length[t])
			if n < 16 { // there is room for a match
				continue
			}
		} else {
			length, dist := int(t>>16), int(t&0xffff)
			l, d := lengthSymbol(length), distSymbol(dist)&31
			symbol := (endOfBlock + 1 + l) & 511
			pending |= uint64(literals.bits[symbol]) << (n & 63)
			n += uint(literals.length[symbol])
			pending |= uint64(length-int(lengthBase[l])) << (n & 63)
			n += uint(lengthExtra[l])
			pending |= uint64(dists.bits[d]) << (n & 63)
			n += uint(dists.length[d])
			pending |= uint64(dist-int(distBase[d])) << (n & 63)
			n += uint(distExtra[d])
		}
		binary.LittleEndian.PutUint64(out[pos:pos+8], pending)
		pos += int(n >> 3)
		pending >>= n & 56
		n &= 7
	}
	c.out, c.bits, c.n = out[:pos], pending, n
	c.write(uint64(literals.bits[endOfBlock]), uint(literals.length[endOfBlock]))
}

// bitWriter appends bits, the lowest first.
type bitWriter struct {
	out  []byte // with room for the bits, if reserve was called
	bits uint64
	n    uint // less than 16 between calls
}

// reserve makes room for n bits.
func (w *bitWriter) reserve(n int) { w.out = slices.Grow(w.out, n/8+16) }

// write appends the n lowest bits of v, which has no others. n is at most 56.
func (w *bitWriter) write(v uint64, n uint) {
	w.bits |= v << w.n
	w.n += n
	end := len(w.out)
	binary.LittleEndian.PutUint64(w.out[end:end+8], w.bits)
	w.out = w.out[:end+int(w.n>>3)]
	w.bits >>= w.n &^ 7
	w.n &= 7
}

// toByte fills the rest of a byte with zeros.
func (w *bitWriter) toByte() {
	if w.n > 0 {
		w.out = append(w.out, byte(w.bits))
		w.bits, w.n = 0, 0
	}
}
