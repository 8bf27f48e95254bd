package zlib

// slack is how much room there is after the output, in bytes. It is more than one round
// of the loop in compressed writes, which is at most three literals and a match.
const slack = maxMatch + 64

// wide is how many bytes are copied at once for each match that is not longer. The next
// symbols overwrite what was too much. A loop would mispredict its end.
const wide = 48

// compressed appends the content of a compressed block. It holds the state in variables.
// Where src ends, it may take more bits than there are, and write what they mean after
// the output, for one round of its loop.
//
//nolint:gocognit,cyclop // a loop whose parts share all variables
func (d *decompressor) compressed(dst []byte, start, limit int, literals, dists *table) ([]byte, error) {
	src, end, r := d.src, d.end, d.reader
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
		if r.past(end) {
			return nil, ErrTruncated
		}
		r = r.fill(src)
		e := lits[r.bits&mask]
		if e&literalFlag != 0 {
			r = r.skip(uint(e))
			out[pos] = byte(e >> 16)
			pos++
			e = lits[r.bits&mask]
			if e&literalFlag != 0 {
				r = r.skip(uint(e))
				out[pos] = byte(e >> 16)
				pos++
				e = lits[r.bits&mask]
				if e&literalFlag != 0 {
					r = r.skip(uint(e))
					out[pos] = byte(e >> 16)
					pos++
					continue
				}
			}
		}
		if e&(subtableFlag|endFlag|invalidFlag) != 0 {
			if e&subtableFlag != 0 {
				e = lits[uint64(e>>16)+r.bits>>width&(1<<(e&63)-1)]
			}
			if e&literalFlag != 0 {
				r = r.skip(uint(e))
				out[pos] = byte(e >> 16)
				pos++
				continue
			}
			if e&(endFlag|invalidFlag) != 0 {
				r = r.skip(uint(e))
				switch {
				case r.past(end):
					return nil, ErrTruncated
				case e&invalidFlag != 0:
					return nil, errCode
				case pos-start > limit:
					return nil, ErrTooLarge
				}
				d.reader = r
				return out[:pos], nil
			}
		}
		length := int(e>>16) + int(r.bits&(1<<(e&63)-1)>>(e>>8&15))
		r = r.skip(uint(e))
		if r.n < maxCodeLength+13 {
			r = r.fill(src)
		}
		e = ds[r.bits&distMask]
		if e&(subtableFlag|invalidFlag) != 0 {
			if e&subtableFlag != 0 {
				e = ds[uint64(e>>16)+r.bits>>distWidth&(1<<(e&63)-1)]
			}
			if e&invalidFlag != 0 {
				if r.skip(uint(e)).past(end) {
					return nil, ErrTruncated
				}
				return nil, errCode
			}
		}
		dist := int(e>>16) + int(r.bits&(1<<(e&63)-1)>>(e>>8&15))
		r = r.skip(uint(e))
		from, to := pos-dist, pos+length
		if from < start {
			if r.past(end) {
				return nil, ErrTruncated
			}
			return nil, errDistance
		}
		switch {
		case dist >= 16 && length <= wide: // each part was written before it is read
			now, old := out[pos:pos+wide], out[from:from+wide]
			copy(now[:16], old[:16])
			copy(now[16:32], old[16:32])
			copy(now[32:48], old[32:48])
		case dist >= length:
			copy(out[pos:to], out[from:])
		default:
			for pos < to {
				pos += copy(out[pos:to], out[from:pos])
			}
		}
		pos = to
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
