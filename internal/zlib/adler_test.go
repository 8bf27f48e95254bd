package zlib

import (
	"bytes"
	"hash/adler32"
	"testing"
)

// TestAdlerAgreesWithTheStandardLibrary has the largest bytes, whose sums must not exceed
// their lanes, and text of all lengths around the sizes of groups and runs.
func TestAdlerAgreesWithTheStandardLibrary(t *testing.T) {
	t.Parallel()
	text := make([]byte, 3*adlerRun)
	for i := range text {
		text[i] = byte(i * i >> 3)
	}
	for name, data := range map[string][]byte{"text": text, "largest": bytes.Repeat([]byte{255}, 3*adlerRun)} {
		for n := 0; n <= len(data); n++ {
			if n > 3*8*adlerGroups && n%adlerRun > 20 && n%101 != 0 {
				continue
			}
			if got, want := checksum(data[:n]), adler32.Checksum(data[:n]); got != want {
				t.Fatalf("%s of %d bytes: %08x, want %08x", name, n, got, want)
			}
		}
	}
}
