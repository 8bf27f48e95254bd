package zlib

// codes reads the codes of a dynamic block and makes their tables.
func (d *decompressor) codes() error {
	r := d.fill(d.src)
	literals, dists, precode := int(r.bits&31)+257, int(r.bits>>5&31)+1, int(r.bits>>10&15)+4
	if r = r.skip(14); r.past(d.end) {
		return ErrTruncated
	}
	if literals > lengthSymbols || dists > distSymbols {
		return errCounts
	}
	var lengths [len(lengthOrder)]uint8
	for _, symbol := range lengthOrder[:precode] {
		if r.n < 3 {
			r = r.fill(d.src)
		}
		lengths[symbol] = uint8(r.bits & 7)
		r = r.skip(3)
	}
	if r.past(d.end) {
		return ErrTruncated
	}
	code := d.coded[:0]
	for symbol, n := range lengths {
		if n != 0 {
			code = append(code, coded(symbol<<4)|coded(n))
		}
	}
	all := allSymbols()
	if !d.precode.build(code, all.precode[:], &d.sorted, precodeWidth, false) {
		return errPrecode
	}
	d.reader = r
	return d.readCodes(literals, dists)
}

// readCodes reads the lengths of both codes, which are compressed themselves, as one
// sequence, and makes the tables.
func (d *decompressor) readCodes(literals, dists int) error {
	r := d.reader
	entries := d.precode.entries
	mask := uint64(len(entries) - 1)
	count := 0 // of d.coded; those of distances are numbered from literals on
	var previous coded
	for i := 0; i < literals+dists; {
		if r.n < maxPrecodeLen+7 {
			if r.past(d.end) {
				return ErrTruncated
			}
			r = r.fill(d.src)
		}
		e := entries[r.bits&mask]
		r = r.skip(uint(e))
		if symbol := e >> 16; symbol < repeatPrevious {
			previous = coded(symbol)
			d.coded[count] = coded(i<<4) | previous
			count += int(symbol+15) >> 4 // if it is not 0
			i++
			continue
		}
		var n int
		n, r = repeats(e>>16, r)
		if i+n > literals+dists || i == 0 && e>>16 == repeatPrevious {
			if r.past(d.end) {
				return ErrTruncated
			}
			return errRepeat
		}
		if e>>16 != repeatPrevious {
			previous = 0
		}
		if previous == 0 {
			i += n
			continue
		}
		for range n {
			d.coded[count] = coded(i<<4) | previous
			count++
			i++
		}
	}
	if r.past(d.end) {
		return ErrTruncated
	}
	d.reader = r
	return d.tables(d.coded[:count], literals)
}

// repeats reads how often a code length is repeated, as the symbol says.
func repeats(symbol entry, r reader) (int, reader) {
	switch symbol {
	case repeatPrevious:
		return 3 + int(r.bits&3), r.skip(2)
	case repeatZero:
		return 3 + int(r.bits&7), r.skip(3)
	default:
		return 11 + int(r.bits&127), r.skip(7)
	}
}

// tables makes the tables of both codes. Distances are numbered from literals on.
func (d *decompressor) tables(code []coded, literals int) error {
	first := len(code)
	for ; first > 0 && int(code[first-1]>>4) >= literals; first-- {
		code[first-1] -= coded(literals << 4)
	}
	end := first
	for end > 0 && code[end-1]>>4 > endOfBlock {
		end--
	}
	all := allSymbols()
	switch {
	case end == 0 || code[end-1]>>4 != endOfBlock:
		return errNoEnd
	case !d.literals.build(code[:first], all.literals[:], &d.sorted, literalWidth, true):
		return errLiterals
	case !d.dists.build(code[first:], all.dists[:], &d.sorted, distWidth, true):
		return errDists
	}
	return nil
}
