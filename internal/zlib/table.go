package zlib

import (
	"math/bits"
	"sync"
)

// An entry of a decoding table:
//
//	bits 0 to 5    how many bits of input it takes, with those of the extra number
//	bits 8 to 11   how many of them are the code
//	bits 12 to 15  the flags below
//	bits 16 to 31  a literal, the base of a length or distance, or the offset of a subtable
//
// The width of a subtable takes the place of the extra bits.
type entry = uint32

const (
	literalFlag  entry = 1 << 12
	subtableFlag entry = 1 << 13
	endFlag      entry = 1 << 14
	invalidFlag  entry = 1 << 15
)

// Widths of the main tables, in bits, and the sizes that tables of these widths, with
// their subtables, cannot exceed.
const (
	literalWidth  = 10
	literalSize   = 1334
	distWidth     = 8
	distSize      = 402
	precodeWidth  = 7
	precodeSize   = 1 << precodeWidth
	maxPrecodeLen = 7
)

// table decodes one code. The slice has room for a main table of width bits and for its
// subtables.
type table struct {
	entries []entry
	width   uint // of the main table; at most the length of the longest code
}

// A coded symbol: the symbol times 16, plus the length of its code, which is not 0.
type coded = uint16

// build makes the table for a code, and reports whether there is such a code. As in zlib,
// a code must use all bit patterns, unless it has no symbol, or a single one of length 1
// and is not the one for code lengths. The coded symbols come in their order. symbols
// contains their entries, without the lengths.
func (t *table) build(code []coded, symbols []entry, sorted *[fixedSymbols]coded, maxWidth uint, mayBeIncomplete bool) bool {
	var count, offset [maxCodeLength + 1]uint16
	for _, c := range code {
		count[c&maxCodeLength]++
	}
	left, longest := 1, uint(0)
	for seen := uint16(0); int(seen) < len(code); {
		longest++
		offset[longest&maxCodeLength] = seen
		n := count[longest&maxCodeLength]
		if left = left<<1 - int(n); left < 0 {
			return false // over-subscribed
		}
		seen += n
	}
	if left > 0 {
		if !mayBeIncomplete || longest > 1 {
			return false
		}
		t.width = 1
		t.entries = append(t.entries[:0], 1|1<<8|invalidFlag, 1|1<<8|invalidFlag)
		if longest == 1 {
			t.entries[0] = symbols[code[0]>>4] + 1 | 1<<8
		}
		return true
	}
	for _, c := range code {
		n := c & maxCodeLength
		sorted[offset[n]] = c
		offset[n]++
	}
	t.width = min(longest, maxWidth)
	t.fill(sorted[:len(code)], &count, symbols)
	return true
}

// fill fills the table. Codes come in the order of their lengths, of which there are as
// many as count says. The table for codes of n bits, twice, is the one for codes of n+1
// bits. Codes are reversed, because the first bit of a code is the lowest one of the
// input.
func (t *table) fill(sorted []coded, count *[maxCodeLength + 1]uint16, symbols []entry) {
	t.entries = t.entries[:1<<t.width]
	n := uint(sorted[0] & maxCodeLength)
	code, i := uint16(0), 0
	for ; n <= t.width; n++ {
		if i > 0 {
			copy(t.entries[1<<(n-1):], t.entries[:1<<(n-1)])
		}
		for _, c := range sorted[i : i+int(count[n])] {
			t.entries[bits.Reverse16(code)>>(16-n)] = symbols[c>>4] + lengthEntry(n)
			code++
		}
		i += int(count[n])
		code <<= 1
	}
	for reversed := uint(bits.Reverse16(code) >> (16 - n)); i < len(sorted); {
		i, reversed = t.addSubtable(sorted, i, reversed, symbols)
	}
}

// addSubtable makes the subtable of all codes with the same beginning as code, which is
// that of sorted[first] and longer than the main table is wide. It returns the index of
// the next symbol and its code.
func (t *table) addSubtable(sorted []uint16, first int, code uint, symbols []entry) (int, uint) {
	prefix := code & (1<<t.width - 1)
	// The symbols follow each other, and the last one has the longest code.
	end := first
	for c := code; end < len(sorted) && (end == first || c&(1<<t.width-1) == prefix); end++ {
		c = nextCode(c, uint(sorted[end]&maxCodeLength))
	}
	width := uint(sorted[end-1]&maxCodeLength) - t.width
	start := len(t.entries)
	t.entries[prefix] = subtableFlag | entry(start)<<16 | entry(width)
	t.entries = t.entries[:start+1<<width]
	sub := t.entries[start:]
	n := uint(0)
	for _, c := range sorted[first:end] {
		length := uint(c & maxCodeLength)
		for ; n < length-t.width; n++ {
			copy(sub[1<<n:], sub[:1<<n])
		}
		sub[code>>t.width] = symbols[c>>4] + lengthEntry(length)
		code = nextCode(code, length)
	}
	return end, code
}

// nextCode returns the reversed code of n bits that follows code, or 0 after the last.
// Adding zeros to a code makes the first longer one, so that the result can be used with
// more bits.
func nextCode(code, n uint) uint {
	free := ^code & (1<<n - 1)
	if free == 0 {
		return 0
	}
	bit := uint(1) << (bits.Len(free) - 1)
	return code&(bit-1) | bit
}

// lengthEntry is what an entry says about the length of its code.
func lengthEntry(n uint) entry { return entry(n)<<8 + entry(n) }

// symbols returns the entries of the symbols of each code, without the lengths of the
// codes.
type symbols struct {
	literals [fixedSymbols]entry
	dists    [distSymbols + 2]entry
	precode  [len(lengthOrder)]entry
}

// fixed are the tables of the fixed codes.
type fixed struct{ literals, dists table }

//nolint:gochecknoglobals // constant, and large
var (
	allSymbols  = sync.OnceValue(newSymbols)
	fixedTables = sync.OnceValue(newFixed)
)

func newSymbols() *symbols {
	s := &symbols{}
	for i := range s.literals {
		switch {
		case i < endOfBlock:
			s.literals[i] = literalFlag | entry(i)<<16
		case i == endOfBlock:
			s.literals[i] = endFlag
		case i < lengthSymbols:
			s.literals[i] = entry(lengthBase[i-endOfBlock-1])<<16 | entry(lengthExtra[i-endOfBlock-1])
		default:
			s.literals[i] = invalidFlag
		}
	}
	for i := range s.dists {
		s.dists[i] = invalidFlag
		if i < distSymbols {
			s.dists[i] = entry(distBase[i])<<16 | entry(distExtra[i])
		}
	}
	for i := range s.precode {
		s.precode[i] = entry(i) << 16
	}
	return s
}

// fixedLength returns the length of the fixed code of a literal or length.
func fixedLength(symbol int) int {
	switch {
	case 144 <= symbol && symbol < 256:
		return 9
	case 256 <= symbol && symbol < 280:
		return 7
	default:
		return 8
	}
}

func newFixed() *fixed {
	var literals [fixedSymbols]coded
	for i := range literals {
		literals[i] = coded(i<<4 | fixedLength(i))
	}
	var dists [distSymbols + 2]coded
	for i := range dists {
		dists[i] = coded(i<<4 | 5)
	}
	f := &fixed{
		literals: table{entries: make([]entry, 0, literalSize)},
		dists:    table{entries: make([]entry, 0, distSize)},
	}
	var sorted [fixedSymbols]coded
	f.literals.build(literals[:], allSymbols().literals[:], &sorted, literalWidth, true)
	f.dists.build(dists[:], allSymbols().dists[:], &sorted, distWidth, true)
	return f
}
