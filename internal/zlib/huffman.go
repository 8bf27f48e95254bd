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

// occurrence is how often a symbol occurs, times 1<<16, plus the symbol.
type occurrence uint32

func (o occurrence) symbol() int { return int(o & 0xffff) }
func (o occurrence) count() int  { return int(o >> 16) }

// treeBuilder has the buffers of [treeBuilder.build].
type treeBuilder struct {
	used, sorted [fixedSymbols + 1]occurrence
	nodes        [fixedSymbols]uint32
}

// build gives each symbol that occurs a code of at most maxLength bits, so that the
// symbols are written in as few bits as possible, or nearly so if maxLength is too short
// for that. At least two symbols get a code, as in the zlib library.
func (t *treeBuilder) build(c *code, symbols, maxLength int) {
	clear(c.length[:])
	n := 0
	for symbol, count := range c.count[:symbols] {
		t.used[n] = occurrence(count<<16 | uint32(symbol))
		n += int((count + 0xffff) >> 16) // if it is not 0
	}
	if n < 2 {
		n = t.addUnused(n)
	}
	used := t.used[:n]
	c.size = used[n-1].symbol() + 1
	sorted := t.sort(used)
	var count [fixedSymbols]uint16 // of the codes of each length
	longest := t.depths(sorted, &count)
	if longest > maxLength {
		limit(&count, longest, maxLength)
		longest = maxLength
	}
	// The rarest symbols get the longest codes.
	c.cost = 0
	for n := longest; n > 0; n-- {
		for _, o := range sorted[:count[n]] {
			c.length[o.symbol()] = uint8(n)
			c.cost += n * o.count()
		}
		sorted = sorted[count[n]:]
	}
	c.assign(count[:maxLength+1], used)
}

// addUnused adds the first symbols that do not occur until there are two.
func (t *treeBuilder) addUnused(n int) int {
	const once = 1 << 16
	switch {
	case n == 0:
		t.used[0], t.used[1] = once, once|1
	case t.used[0].symbol() == 0:
		t.used[1] = once | 1
	default:
		t.used[0], t.used[1] = once, t.used[0]
	}
	return 2
}

// sort returns used with the rarest symbols first. It counts how many symbols are equally
// frequent, unless they are very frequent.
func (t *treeBuilder) sort(used []occurrence) []occurrence {
	const many = 255
	var next [many + 1]uint16
	for _, o := range used {
		next[min(o.count(), many)]++
	}
	sum := uint16(0)
	for i := 0; int(sum) < len(used); i++ {
		sum, next[i] = sum+next[i], sum
	}
	sorted := t.sorted[:len(used)]
	for _, o := range used {
		i := &next[min(o.count(), many)]
		sorted[*i] = o
		*i++
	}
	first := len(sorted)
	for first > 0 && sorted[first-1].count() >= many {
		first--
	}
	slices.Sort(sorted[first:])
	return sorted
}

// depths counts the leaves of a Huffman tree at each depth and returns the largest depth.
// This is the algorithm of Moffat and Katajainen, which needs no tree.
func (t *treeBuilder) depths(used []occurrence, count *[fixedSymbols]uint16) int {
	n := len(used)
	nodes := t.nodes[:n]
	// First the weights of the inner nodes, then the index of the parent of each.
	leaf, inner := 0, 0
	for next := range n - 1 {
		weight := uint32(0)
		for range 2 {
			if leaf < n && (inner >= next || uint32(used[leaf]>>16) <= nodes[inner]) {
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

// assign sets the bits of the codes of all used symbols, which come in their order. Codes
// of the same length are consecutive.
func (c *code) assign(count []uint16, used []occurrence) {
	var next [maxCodeLength + 1]uint16
	first := uint16(0)
	for n := 1; n < len(count); n++ {
		next[n] = first
		first = (first + count[n]) << 1
	}
	for _, o := range used {
		symbol := o.symbol()
		n := c.length[symbol] & maxCodeLength
		c.bits[symbol] = bits.Reverse16(next[n]) >> (16 - n)
		next[n]++
	}
}
