// Package zlib compresses and decompresses the zlib streams that are the payload of
// signed values. Such streams are whole, small and in memory. Both directions therefore
// work on slices and keep no window, so that they need a fraction of the time of a reader
// or a writer.
//
// The format is that of RFC 1950 and RFC 1951. [Decompress] accepts and refuses the same
// streams as the zlib library, which Python uses.
package zlib

// Facts of the format.
const (
	maxCodeLength = 15
	minMatch      = 3
	maxMatch      = 258
	windowSize    = 32 << 10

	endOfBlock    = 256
	lengthSymbols = 286 // literals, the end of the block, and lengths
	distSymbols   = 30
	fixedSymbols  = 288 // the fixed code has two symbols that are invalid
)

// Kinds of blocks.
const (
	storedBlock  = 0
	fixedBlock   = 1
	dynamicBlock = 2
)

// lengthOrder is the order in which a dynamic block contains the lengths of the codes for
// code lengths.
//
//nolint:gochecknoglobals // a table
var lengthOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// Symbols for code lengths that repeat others.
const (
	repeatPrevious  = 16 // 3 to 6 times
	repeatZero      = 17 // 3 to 10 times
	repeatManyZeros = 18 // 11 to 138 times
)

// A symbol for a length or a distance stands for the base value plus a number of some
// bits.
//
//nolint:gochecknoglobals // tables
var (
	lengthBase = [29]uint16{
		3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
	}
	lengthExtra = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase    = [30]uint16{
		1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193,
		12289, 16385, 24577,
	}
	distExtra = [30]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)
