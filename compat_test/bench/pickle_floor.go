package main

import "errors"

var errWalk = errors.New("the floor does not know this pickle")

// walk is the minimum that reading a pickle takes: one look at every opcode. It knows
// those that Python writes for the values that are measured.
func walk(data []byte) error {
	for i := 0; i < len(data); {
		code := data[i]
		i++
		switch code {
		case '.': // STOP
			if i != len(data) {
				return errWalk
			}
			return nil
		case 0x94, '(', '}', ']', ')', 0x8f, 'N', 0x88, 0x89, 'u', 'e', 's', 'a', 0x90, 0x93, 'R', 'b', 0x81, 't', 0x85, 0x86, 0x87:
			// MEMOIZE, MARK, and opcodes without an argument
		case 'K', 'h', 0x80: // BININT1, BINGET, PROTO
			i++
		case 'M': // BININT2
			i += 2
		case 'J', 'j': // BININT, LONG_BINGET
			i += 4
		case 'G', 0x95: // BINFLOAT, FRAME
			i += 8
		case 0x8c, 'C', 0x8a: // SHORT_BINUNICODE, SHORT_BINBYTES, LONG1
			if i == len(data) {
				return errWalk
			}
			i += 1 + int(data[i])
		default:
			return errWalk
		}
	}
	return errWalk
}
