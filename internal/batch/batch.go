// Package batch works on long sequences in batches, on several cores. The number and the
// size of the batches bound the memory.
package batch

import "iter"

// Most is how many items a batch of small items has.
const Most = 200

// mostBytes ends a batch of large items earlier.
const mostBytes = 512 << 10

// Of groups items. Most is the number of items in a batch, which is smaller if the items
// are large. Size tells the bytes of an item. An error comes with the items before it, and
// ends the sequence.
func Of[T any](items iter.Seq2[T, error], most int, size func(*T) int) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		batch, bytes := make([]T, 0, most), 0
		for item, err := range items {
			if err != nil {
				yield(batch, err)
				return
			}
			batch = append(batch, item)
			if bytes += size(&item); len(batch) < most && bytes < mostBytes {
				continue
			}
			if !yield(batch, nil) {
				return
			}
			batch, bytes = make([]T, 0, most), 0
		}
		if len(batch) > 0 {
			yield(batch, nil)
		}
	}
}
