package main

import "iter"

// Sessions go to workers in batches. Together with the number of batches that wait, these
// limits bound the memory.
const (
	batchSessions = 200
	batchBytes    = 1 << 20 // ends a batch of large sessions earlier
)

// inBatches groups items of which size tells the bytes. An error comes with the items
// before it, and ends the sequence.
func inBatches[T any](items iter.Seq2[T, error], size func(*T) int) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		batch, bytes := make([]T, 0, batchSessions), 0
		for item, err := range items {
			if err != nil {
				yield(batch, err)
				return
			}
			batch = append(batch, item)
			if bytes += size(&item); len(batch) < batchSessions && bytes < batchBytes {
				continue
			}
			if !yield(batch, nil) {
				return
			}
			batch, bytes = make([]T, 0, batchSessions), 0
		}
		if len(batch) > 0 {
			yield(batch, nil)
		}
	}
}
