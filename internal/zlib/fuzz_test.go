package zlib_test

import (
	"bytes"
	"compress/flate"
	stdzlib "compress/zlib"
	"encoding/binary"
	"errors"
	"hash/adler32"
	"io"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/internal/zlib"
)

// fuzzLimit is how many bytes the fuzz targets inflate at most.
const fuzzLimit = 1 << 20

// addStreams adds streams of all levels of the standard library, and of our own.
func addStreams(f *testing.F, part func(z []byte) []byte) {
	f.Helper()
	for _, text := range texts() {
		if len(text) >= 5000 {
			continue
		}
		for level := stdzlib.HuffmanOnly; level <= stdzlib.BestCompression; level++ {
			f.Add(part(deflated(f, text, level)))
		}
		f.Add(part(zlib.Compress(nil, text, zlib.Default)))
		f.Add(part(zlib.Compress(nil, text, zlib.Best)))
	}
}

// FuzzDecompress compares the verdict with that of the standard library, which also
// accepts blocks whose code has no end: zlib refuses them, and so does Decompress.
func FuzzDecompress(f *testing.F) {
	addStreams(f, bytes.Clone)
	f.Fuzz(func(t *testing.T, z []byte) {
		got, err := zlib.Decompress(nil, z, fuzzLimit)
		text, want := inflated(z, fuzzLimit)
		switch {
		case err == nil && (want != nil || !bytes.Equal(got, text)):
			t.Errorf("accepted; the standard library says %v", want)
		case err != nil && want == nil && !noEnd(err):
			t.Errorf("refused: %v", err)
		}
	})
}

// FuzzInflate compares the content that streams have for the standard library and for
// Decompress. The fuzzer makes everything but the header and the checksum, which it would
// never guess.
func FuzzInflate(f *testing.F) {
	addStreams(f, func(z []byte) []byte { return z[2 : len(z)-4] })
	f.Fuzz(func(t *testing.T, deflate []byte) {
		src := bytes.NewReader(deflate)
		text, err := io.ReadAll(io.LimitReader(flate.NewReader(src), fuzzLimit+1))
		z := append([]byte("\x78\x9c"), deflate...)
		switch {
		case len(text) > fuzzLimit:
			if _, err := zlib.Decompress(nil, z, fuzzLimit); err == nil {
				t.Error("accepted, although there is more than the limit")
			}
		case err != nil:
			if _, ours := zlib.Decompress(nil, z, fuzzLimit); ours == nil {
				t.Errorf("accepted; the standard library says %v", err)
			}
		default:
			z = binary.BigEndian.AppendUint32(z[:len(z)-src.Len()], adler32.Checksum(text))
			wholeStream(t, z, text)
		}
	})
}

// noEnd reports whether a code has no end, which only the standard library accepts.
func noEnd(err error) bool {
	return err != nil && strings.Contains(err.Error(), "no code for its end")
}

// wholeStream checks what Decompress does with a stream that contains text and has
// nothing after it.
func wholeStream(t *testing.T, z, text []byte) {
	t.Helper()
	got, err := zlib.Decompress([]byte("before"), append(bytes.Clone(z), "after"...), len(text))
	if noEnd(err) {
		return
	}
	if err != nil || string(got) != "before"+string(text) {
		t.Fatalf("%d bytes of %d, %v", len(got), len(text), err)
	}
	if most := 4*len(z) + 2*len(text) + 2048; cap(got) > most {
		t.Errorf("%d bytes of memory for %d bytes from %d", cap(got), len(text), len(z))
	}
	if _, err := zlib.Decompress(nil, z, len(text)-1); len(text) > 0 && !errors.Is(err, zlib.ErrTooLarge) {
		t.Errorf("%v with too small a limit", err)
	}
	for _, end := range []int{len(z) - 1, len(z) - 4, len(z) - 5, len(z) / 2, 2} {
		if _, err := zlib.Decompress(nil, z[:end], len(text)); !errors.Is(err, zlib.ErrTruncated) {
			t.Errorf("%v at %d of %d bytes", err, end, len(z))
		}
	}
	z[len(z)-1] ^= 1
	if _, err := zlib.Decompress(nil, z, len(text)); err == nil {
		t.Error("accepted with another checksum")
	}
}

// FuzzCompress requires that the standard library and Decompress read what Compress
// writes, and that data which does not compress hardly grows.
func FuzzCompress(f *testing.F) {
	for _, text := range texts() {
		if len(text) < 5000 {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for name, level := range map[string]zlib.Level{"default": zlib.Default, "best": zlib.Best} {
			z := zlib.Compress(nil, text, level)
			both(t, name, z, text)
			if most := len(text) + 5*(2+len(text)/10_000) + 6; len(z) > most {
				t.Errorf("%s: %d bytes became %d", name, len(text), len(z))
			}
		}
	})
}
