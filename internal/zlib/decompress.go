package zlib

import (
	"encoding/binary"
	"errors"
	"math"
	"sync"
)

// Errors of [Decompress]. ErrTruncated and ErrTooLarge are returned as they are.
var (
	ErrTruncated = errors.New("the data is cut off")
	ErrTooLarge  = errors.New("the data inflates past the limit")

	errHeader     = errors.New("the data does not begin with a zlib header")
	errDictionary = errors.New("the data needs a preset dictionary")
	errBlock      = errors.New("a block is of no known type")
	errStored     = errors.New("the length of a stored block contradicts its complement")
	errCounts     = errors.New("a block has too many codes")
	errPrecode    = errors.New("the codes for code lengths are invalid")
	errRepeat     = errors.New("a repeated code length has no predecessor or too many followers")
	errNoEnd      = errors.New("a block has no code for its end")
	errLiterals   = errors.New("the codes for literals and lengths are invalid")
	errDists      = errors.New("the codes for distances are invalid")
	errCode       = errors.New("a code is invalid")
	errDistance   = errors.New("a distance goes back too far")
	errChecksum   = errors.New("the checksum is wrong")
)

// decompressor is the state of a call. Its tables are reused.
type decompressor struct {
	src  []byte
	next int    // of src
	bits uint64 // read from src, the lowest first; those above n are not to be trusted
	n    int    // how many of them count; negative if more were used than src contains

	precode, literals, dists table
	coded                    [lengthSymbols + distSymbols]coded // of a block
}

//nolint:gochecknoglobals // a pool has to be shared
var decompressors = sync.Pool{New: func() any {
	return &decompressor{
		precode:  table{entries: make([]entry, 0, precodeSize)},
		literals: table{entries: make([]entry, 0, literalSize)},
		dists:    table{entries: make([]entry, 0, distSize)},
	}
}}

// Decompress appends the content of the zlib stream at the beginning of src to dst, which
// must not overlap with src. It ignores bytes after the stream, as Python does. It
// returns [ErrTooLarge] if the content has more than limit bytes; what it allocates for
// the content is less than four times as many, and 1 KB. It returns [ErrTruncated] if the
// stream does not end, and other errors for invalid streams.
func Decompress(dst, src []byte, limit int) ([]byte, error) {
	if len(src) < 2 {
		return nil, ErrTruncated
	}
	header := binary.BigEndian.Uint16(src)
	switch {
	case header%31 != 0, header>>8&0xf != 8, header>>12 > 7:
		return nil, errHeader
	case header&0x20 != 0:
		return nil, errDictionary
	}
	limit = min(limit, math.MaxInt-len(dst)-2*slack)
	const usual = 4 // how many times as long the content of most streams is
	if first := min(usual*len(src), limit) + 2*slack; cap(dst)-len(dst) < 2*slack {
		dst = append(make([]byte, 0, len(dst)+first), dst...)
	}
	d, _ := decompressors.Get().(*decompressor)
	d.src, d.next, d.bits, d.n = src, 2, 0, 0
	out, err := d.blocks(dst, limit)
	if err == nil {
		err = d.checksum(out[len(dst):])
	}
	d.src = nil
	decompressors.Put(d)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// blocks appends the content of all blocks.
func (d *decompressor) blocks(dst []byte, limit int) ([]byte, error) {
	start := len(dst)
	for {
		d.fill()
		head := d.take(3)
		if d.n < 0 {
			return nil, ErrTruncated
		}
		var err error
		switch head >> 1 {
		case storedBlock:
			dst, err = d.stored(dst, start+limit)
		case fixedBlock:
			f := fixedTables()
			dst, err = d.compressed(dst, start, limit, &f.literals, &f.dists)
		case dynamicBlock:
			if err = d.codes(); err == nil {
				dst, err = d.compressed(dst, start, limit, &d.literals, &d.dists)
			}
		default:
			err = errBlock
		}
		if err != nil || head&1 == 1 {
			return dst, err
		}
	}
}

// fill reads until there are at least 56 bits, if src contains as many.
func (d *decompressor) fill() {
	if d.next+8 <= len(d.src) {
		d.bits |= binary.LittleEndian.Uint64(d.src[d.next:]) << (uint(d.n) & 63)
		d.next += (63 - d.n) >> 3
		d.n |= 56
		return
	}
	d.bits &= 1<<(uint(max(d.n, 0))&63) - 1
	for ; d.n <= 56 && d.next < len(d.src); d.next++ {
		d.bits |= uint64(d.src[d.next]) << (uint(d.n) & 63)
		d.n += 8
	}
}

// take returns the next n bits. The caller has called fill, and looks at d.n.
func (d *decompressor) take(n uint) uint {
	v := uint(d.bits & (1<<n - 1))
	d.bits >>= n
	d.n -= int(n)
	return v
}

// toByte skips the rest of a byte, and makes d.next the index of the byte after it.
func (d *decompressor) toByte() {
	d.next -= d.n >> 3
	d.bits, d.n = 0, 0
}

// stored appends the content of a stored block.
func (d *decompressor) stored(dst []byte, limit int) ([]byte, error) {
	d.toByte()
	rest := d.src[d.next:]
	if len(rest) < 4 {
		return nil, ErrTruncated
	}
	n := int(binary.LittleEndian.Uint16(rest))
	if n^0xffff != int(binary.LittleEndian.Uint16(rest[2:])) {
		return nil, errStored
	}
	rest = rest[4:]
	switch {
	case len(dst)+min(n, len(rest)) > limit:
		return nil, ErrTooLarge
	case len(rest) < n:
		return nil, ErrTruncated
	}
	d.next += 4 + n
	return append(dst, rest[:n]...), nil
}

// codes reads the codes of a dynamic block and makes their tables.
func (d *decompressor) codes() error {
	d.fill()
	literals, dists, precode := int(d.take(5))+257, int(d.take(5))+1, int(d.take(4))+4
	if d.n < 0 {
		return ErrTruncated
	}
	if literals > lengthSymbols || dists > distSymbols {
		return errCounts
	}
	var lengths [len(lengthOrder)]uint8
	for _, symbol := range lengthOrder[:precode] {
		if d.n < 3 {
			d.fill()
		}
		lengths[symbol] = uint8(d.take(3))
	}
	if d.n < 0 {
		return ErrTruncated
	}
	code := d.coded[:0]
	for symbol, n := range lengths {
		if n != 0 {
			code = append(code, coded(symbol<<4)|coded(n))
		}
	}
	all := allSymbols()
	if !d.precode.build(code, all.precode[:], precodeWidth, false) {
		return errPrecode
	}
	return d.readCodes(literals, dists)
}

// readCodes reads the lengths of both codes, which are compressed themselves, as one
// sequence, and makes the tables.
func (d *decompressor) readCodes(literals, dists int) error {
	entries := d.precode.entries
	mask := uint64(len(entries) - 1)
	code, ofLiterals := d.coded[:0], -1
	var previous coded
	hasEnd := false
	for i := 0; i < literals+dists; {
		if d.n < maxPrecodeLen+7 {
			d.fill()
		}
		e := entries[d.bits&mask]
		d.bits >>= e & 63
		d.n -= int(e & 63)
		n := 1
		switch symbol := e >> 16; symbol {
		default:
			previous = coded(symbol)
		case repeatPrevious:
			n = 3 + int(d.take(2))
		case repeatZero:
			previous, n = 0, 3+int(d.take(3))
		case repeatManyZeros:
			previous, n = 0, 11+int(d.take(7))
		}
		if d.n < 0 {
			return ErrTruncated
		}
		if i+n > literals+dists || i == 0 && e>>16 == repeatPrevious {
			return errRepeat
		}
		if previous == 0 {
			i += n
			continue
		}
		for ; n > 0; n-- {
			switch {
			case i == endOfBlock:
				hasEnd = true
			case i >= literals && ofLiterals < 0:
				ofLiterals = len(code)
			}
			symbol := i
			if i >= literals {
				symbol -= literals
			}
			code = append(code, coded(symbol<<4)|previous)
			i++
		}
	}
	if ofLiterals < 0 {
		ofLiterals = len(code)
	}
	all := allSymbols()
	switch {
	case !hasEnd:
		return errNoEnd
	case !d.literals.build(code[:ofLiterals], all.literals[:], literalWidth, true):
		return errLiterals
	case !d.dists.build(code[ofLiterals:], all.dists[:], distWidth, true):
		return errDists
	}
	return nil
}

// slack is how much room there is after the output, in bytes. It is more than one round
// of the loop in compressed writes: some literals, a match, and what copying in steps of
// 8 bytes writes after it.
const slack = maxMatch + 64

// compressed appends the content of a compressed block. It holds the state in variables,
// and calls nothing that would need it for as long as 8 bytes of input are left.
//
//nolint:gocognit // a loop whose parts share all variables
func (d *decompressor) compressed(dst []byte, start, limit int, literals, dists *table) ([]byte, error) {
	src, next, bits, n := d.src, d.next, d.bits, d.n
	pos := len(dst)
	out := dst[:cap(dst)]
	lits, ds := literals.entries, dists.entries
	width, distWidth := literals.width&63, dists.width&63
	mask, distMask := uint64(1)<<width-1, uint64(1)<<distWidth-1
	for {
		if len(out)-pos < slack {
			if out = grow(out[:pos], start, limit); len(out)-pos < slack {
				return nil, ErrTooLarge
			}
		}
		if next+8 <= len(src) {
			bits |= binary.LittleEndian.Uint64(src[next:]) << (uint(n) & 63)
			next += (63 - n) >> 3
			n |= 56
		} else {
			d.next, d.bits, d.n = next, bits, n
			d.fill()
			next, bits, n = d.next, d.bits, d.n
		}
		e := lits[bits&mask]
		if e&literalFlag != 0 {
			bits >>= e & 63
			n -= int(e & 63)
			out[pos] = byte(e >> 16)
			pos++
			e = lits[bits&mask]
			if e&literalFlag != 0 {
				bits >>= e & 63
				n -= int(e & 63)
				out[pos] = byte(e >> 16)
				pos++
				e = lits[bits&mask]
			}
		}
		if e&subtableFlag != 0 {
			e = lits[uint64(e>>16)+bits>>width&(1<<(e&63)-1)]
		}
		if e&literalFlag != 0 {
			bits >>= e & 63
			n -= int(e & 63)
			out[pos] = byte(e >> 16)
			pos++
			if n < 0 {
				return nil, ErrTruncated
			}
			continue
		}
		used := bits & (1<<(e&63) - 1)
		bits >>= e & 63
		n -= int(e & 63)
		if e&(endFlag|invalidFlag) != 0 {
			switch {
			case n < 0:
				return nil, ErrTruncated
			case e&invalidFlag != 0:
				return nil, errCode
			case pos-start > limit:
				return nil, ErrTooLarge
			}
			d.next, d.bits, d.n = next, bits, n
			return out[:pos], nil
		}
		length := int(e>>16) + int(used>>(e>>8&15))
		if n < maxCodeLength+13 {
			if n < 0 {
				return nil, ErrTruncated
			}
			d.next, d.bits, d.n = next, bits, n
			d.fill()
			next, bits, n = d.next, d.bits, d.n
		}
		e = ds[bits&distMask]
		if e&subtableFlag != 0 {
			e = ds[uint64(e>>16)+bits>>distWidth&(1<<(e&63)-1)]
		}
		dist := int(e>>16) + int(bits&(1<<(e&63)-1)>>(e>>8&15))
		bits >>= e & 63
		n -= int(e & 63)
		switch {
		case n < 0:
			return nil, ErrTruncated
		case e&invalidFlag != 0:
			return nil, errCode
		case dist > pos-start:
			return nil, errDistance
		case pos-start+length > limit:
			return nil, ErrTooLarge
		}
		from, end := pos-dist, pos+length
		switch {
		case dist >= 8 && length <= 32:
			for to := out[pos : pos+40]; pos < end; pos, from, to = pos+8, from+8, to[8:] {
				binary.LittleEndian.PutUint64(to, binary.LittleEndian.Uint64(out[from:]))
			}
		case dist >= length:
			copy(out[pos:end], out[from:])
		default:
			for pos < end {
				pos += copy(out[pos:end], out[from:pos])
			}
		}
		pos = end
	}
}

// grow returns the output in a larger slice, in which everything up to its capacity may
// be written. It allocates for no more than limit bytes after start, and slack.
func grow(out []byte, start, limit int) []byte {
	size := min(2*cap(out), start+limit+2*slack)
	if size < len(out)+slack {
		return out[:cap(out)]
	}
	grown := make([]byte, size)
	copy(grown, out)
	return grown
}

// checksum compares the checksum after the last block with that of the content.
func (d *decompressor) checksum(content []byte) error {
	d.toByte()
	rest := d.src[d.next:]
	if len(rest) < 4 {
		return ErrTruncated
	}
	if binary.BigEndian.Uint32(rest) != adler32(content) {
		return errChecksum
	}
	return nil
}
