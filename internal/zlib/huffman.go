package zlib

import (
	"math/bits"
	"slices"
)

// code is a Huffman code under construction.
type code struct {
	count  [fixedSymbols]uint32 // how often each symbol occurs
	length [fixedSymbols]uint8
	bits   [fixedSymbols]uint16 // reversed
	size   int                  // of the alphabet
	cost   int                  // how many bits all symbols take
}

// treeBuilder has the buffers of [treeBuilder.build].
type treeBuilder struct {
	sorted [fixedSymbols]uint64
	nodes  [fixedSymbols]uint32
}

// build gives each symbol that occurs a code of at most maxLength bits, so that the
// symbols are written in as few bits as possible, or nearly so if maxLength is too short
// for that. At least two symbols get a code, as in the zlib library.
func (t *treeBuilder) build(c *code, symbols, maxLength int) {
	clear(c.length[:])
	c.size, c.cost = 0, 0
	used := t.sorted[:0]
	for symbol, n := range c.count[:symbols] {
		if n != 0 {
			used = append(used, uint64(n)<<16|uint64(symbol))
			c.size = symbol + 1
		}
	}
	for symbol := uint64(0); len(used) < 2; symbol++ {
		if len(used) == 0 || used[0]&0xffff != symbol {
			used = append(used, 1<<16|symbol)
			c.size = max(c.size, int(symbol)+1)
		}
	}
	slices.Sort(used)
	var count [fixedSymbols]uint16 // of the codes of each length
	longest := t.depths(used, &count)
	if longest > maxLength {
		limit(&count, longest, maxLength)
		longest = maxLength
	}
	// The rarest symbols get the longest codes.
	i := 0
	for n := longest; n > 0; n-- {
		for range count[n] {
			c.length[used[i]&0xffff] = uint8(n)
			c.cost += n * int(used[i]>>16)
			i++
		}
	}
	c.assign(count[:maxLength+1])
}

// depths counts the leaves of a Huffman tree at each depth and returns the largest depth.
// This is the algorithm of Moffat and Katajainen, which needs no tree.
func (t *treeBuilder) depths(used []uint64, count *[fixedSymbols]uint16) int {
	n := len(used)
	nodes := t.nodes[:n]
	// First the weights of the inner nodes, then the index of the parent of each.
	leaf, inner := 0, 0
	for next := range n - 1 {
		weight := uint32(0)
		for range 2 {
			if leaf < n && (inner >= next || used[leaf]>>16 <= uint64(nodes[inner])) {
				weight += uint32(used[leaf] >> 16)
				leaf++
			} else {
				weight += nodes[inner]
				nodes[inner] = uint32(next)
				inner++
			}
		}
		nodes[next] = weight
	}
	// Then the depth of each inner node, beginning with the root.
	nodes[n-2] = 0
	for i := n - 3; i >= 0; i-- {
		nodes[i] = nodes[nodes[i]] + 1
	}
	// At each depth, what is no inner node is a leaf.
	available, depth, i := 1, 0, n-2
	for available > 0 {
		inner := 0
		for i >= 0 && int(nodes[i]) == depth {
			inner++
			i--
		}
		count[depth] = uint16(available - inner)
		available = 2 * inner
		depth++
	}
	return depth - 1
}

// limit shortens all codes to at most limit bits, and makes others longer for that.
func limit(count *[fixedSymbols]uint16, longest, limit int) {
	for n := limit + 1; n <= longest; n++ {
		count[limit] += count[n]
		count[n] = 0
	}
	total := 0
	for n := 1; n <= limit; n++ {
		total += int(count[n]) << (limit - n)
	}
	for ; total > 1<<limit; total-- {
		count[limit]--
		for n := limit - 1; ; n-- {
			if count[n] > 0 {
				count[n]--
				count[n+1] += 2
				break
			}
		}
	}
}

// assign sets the bits of all codes. Codes of the same length are consecutive.
func (c *code) assign(count []uint16) {
	var next [maxCodeLength + 1]uint16
	first := uint16(0)
	for n := 1; n < len(count); n++ {
		next[n] = first
		first = (first + count[n]) << 1
	}
	for symbol, n := range c.length[:c.size] {
		if n != 0 {
			c.bits[symbol] = bits.Reverse16(next[n]) >> (16 - n)
			next[n]++
		}
	}
}
