package zlib_test

import (
	"bytes"
	stdzlib "compress/zlib"
	"testing"

	"github.com/djangobridge/djangobridge/internal/zlib"
)

// both requires that the standard library and Decompress read z as text.
func both(t *testing.T, name string, z, text []byte) {
	t.Helper()
	got, err := inflated(z, int64(len(text)))
	if err != nil || !bytes.Equal(got, text) {
		t.Errorf("%s: the standard library reads %d bytes of %d, %v", name, len(got), len(text), err)
	}
	if got, err = zlib.Decompress(nil, z, len(text)); err != nil || !bytes.Equal(got, text) {
		t.Errorf("%s: Decompress reads %d bytes of %d, %v", name, len(got), len(text), err)
	}
}

func TestCompressIsReadByOthers(t *testing.T) {
	t.Parallel()
	for name, text := range texts() {
		for level, ofZlib := range map[zlib.Level]int{zlib.Default: stdzlib.DefaultCompression, zlib.Best: stdzlib.BestCompression} {
			z := zlib.Compress([]byte("before"), text, level)[len("before"):]
			both(t, name, z, text)
			if theirs := len(deflated(t, text, ofZlib)); len(z) > theirs+theirs/40+4 {
				t.Errorf("%s: %d bytes, the standard library needs %d", name, len(z), theirs)
			}
		}
	}
}

// TestCompressForgetsEarlierData compresses different data with the same buffers.
func TestCompressForgetsEarlierData(t *testing.T) {
	t.Parallel()
	all := texts()
	want := map[string][]byte{}
	for range 3 {
		for name, text := range all {
			z := zlib.Compress(nil, text, zlib.Default)
			if want[name] == nil {
				want[name] = z
			} else if !bytes.Equal(want[name], z) {
				t.Errorf("%s: the stream depends on what was compressed before", name)
			}
		}
	}
}

// TestCompressManyBlocks has more data than one block and one chunk contain.
func TestCompressManyBlocks(t *testing.T) {
	t.Parallel()
	all := texts()
	text := append(bytes.Repeat(all["run"], 1+(1<<24)/len(all["run"])), all["skew"]...)
	both(t, "many blocks", zlib.Compress(nil, text, zlib.Default), text)
}

func BenchmarkCompress(b *testing.B) {
	for _, name := range []string{"login", "2KB", "20KB"} {
		text := texts()[name]
		buffer := make([]byte, 0, 32<<10)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				zlib.Compress(buffer, text, zlib.Default)
			}
		})
	}
}
