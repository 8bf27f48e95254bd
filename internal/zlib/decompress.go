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
	reader
	src []byte // padded
	end int    // of the stream in src, or of what follows it

	precode, literals, dists table
	coded                    [lengthSymbols + distSymbols]coded // of a block
	sorted                   [fixedSymbols]coded                // for table.build
}

//nolint:gochecknoglobals // a pool has to be shared
var decompressors = sync.Pool{New: func() any {
	return &decompressor{
		precode:  table{entries: make([]entry, 0, precodeSize)},
		literals: table{entries: make([]entry, 0, literalSize)},
		dists:    table{entries: make([]entry, 0, distSize)},
	}
}}

// maxPooled bounds the input that the pool keeps, in bytes.
const maxPooled = 256 << 10

// Decompress appends the content of the zlib stream at the beginning of src to dst, which
// must not overlap with src. It ignores bytes after the stream, as Python does. It
// returns [ErrTooLarge] if the content has more than limit bytes; what it allocates for
// the content is less than four times as many, and 1 KB. It also copies src. It returns
// [ErrTruncated] if the stream does not end, and other errors for invalid streams.
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
	d.src = append(append(d.src[:0], src...), make([]byte, padding)...)
	d.reader, d.end = reader{next: 2}, len(src)
	out, err := d.blocks(dst, limit)
	if err == nil {
		err = d.trailer(out[len(dst):])
	}
	if cap(d.src) > maxPooled {
		d.src = nil
	}
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
		d.reader = d.fill(d.src)
		head := d.bits & 7
		if d.reader = d.skip(3); d.past(d.end) {
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

// stored appends the content of a stored block.
func (d *decompressor) stored(dst []byte, limit int) ([]byte, error) {
	d.reader = d.toByte()
	rest := d.src[min(d.next, d.end):d.end]
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

// trailer compares the checksum after the last block with that of the content.
func (d *decompressor) trailer(content []byte) error {
	d.reader = d.toByte()
	rest := d.src[min(d.next, d.end):d.end]
	if len(rest) < 4 {
		return ErrTruncated
	}
	if binary.BigEndian.Uint32(rest) != checksum(content) {
		return errChecksum
	}
	return nil
}
