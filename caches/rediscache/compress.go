package rediscache

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/djangobridge/djangobridge/internal/zlib"
)

// compressor is one of django-redis's compressors.
type compressor struct {
	over       int // values that are longer are compressed, in bytes
	compress   func(data []byte) ([]byte, error)
	decompress func(data []byte) ([]byte, error)
}

var errTooLong = errors.New("inflates to more than Settings.MaxInflated")

// usualOver is the limit of all compressors but lzma.
const usualOver = 15

// newCompressor returns the compressor with this dotted name; nil for none. It inflates
// values to at most limit bytes.
func newCompressor(name string, limit int) (*compressor, error) {
	const module = "django_redis.compressors."
	switch name {
	case "", module + "identity.IdentityCompressor":
		return nil, nil //nolint:nilnil // no compressor
	case module + "zlib.ZlibCompressor":
		return &compressor{over: usualOver, compress: compressZlib, decompress: func(data []byte) ([]byte, error) {
			return decompressZlib(data, limit)
		}}, nil
	case module + "gzip.GzipCompressor":
		return &compressor{over: usualOver, compress: deflate(newGzipWriter), decompress: inflateGzip(limit)}, nil
	case module + "lzma.LzmaCompressor":
		return &compressor{over: lzmaOver, compress: compressXZ, decompress: func(data []byte) ([]byte, error) {
			return decompressXZ(data, limit)
		}}, nil
	case module + "lz4.Lz4Compressor":
		return &compressor{over: usualOver, compress: deflate(newLZ4Writer), decompress: inflateLZ4(limit)}, nil
	case module + "zstd.ZStdCompressor":
		return newZstd(limit)
	}
	return nil, fmt.Errorf("%q is not supported: use one of django_redis.compressors", name)
}

// resetWriter is a writer that can be used again.
type resetWriter interface {
	io.WriteCloser
	Reset(w io.Writer)
}

func compressZlib(data []byte) ([]byte, error) { return zlib.Compress(nil, data, zlib.Default), nil }

func decompressZlib(data []byte, limit int) ([]byte, error) {
	content, err := zlib.Decompress(nil, data, limit)
	if errors.Is(err, zlib.ErrTooLarge) {
		return nil, errTooLong
	}
	return content, err
}

func newGzipWriter() (resetWriter, error) {
	return gzip.NewWriterLevel(io.Discard, gzip.BestCompression)
}

// newLZ4Writer uses small blocks, which a reader needs little memory for.
func newLZ4Writer() (resetWriter, error) {
	w := lz4.NewWriter(io.Discard)
	err := w.Apply(lz4.BlockSizeOption(lz4.Block64Kb), lz4.ConcurrencyOption(1))
	return w, err
}

// deflate returns a function that compresses with writers that it keeps.
func deflate(open func() (resetWriter, error)) func([]byte) ([]byte, error) {
	var pool sync.Pool
	return func(data []byte) ([]byte, error) {
		w, ok := pool.Get().(resetWriter)
		if !ok {
			var err error
			if w, err = open(); err != nil {
				return nil, err
			}
		}
		const extra = 64 // headers and sums
		b := bytes.NewBuffer(make([]byte, 0, len(data)+extra))
		w.Reset(b)
		if _, err := w.Write(data); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		pool.Put(w)
		return b.Bytes(), nil
	}
}

func inflateGzip(limit int) func([]byte) ([]byte, error) {
	return inflate(limit, func(kept io.Reader, data io.Reader) (io.Reader, error) {
		if r, ok := kept.(*gzip.Reader); ok {
			err := r.Reset(data)
			return r, err
		}
		return gzip.NewReader(data)
	})
}

func inflateLZ4(limit int) func([]byte) ([]byte, error) {
	return inflate(limit, func(kept io.Reader, data io.Reader) (io.Reader, error) {
		if r, ok := kept.(*lz4.Reader); ok {
			r.Reset(data)
			return r, nil
		}
		return lz4.NewReader(data), nil
	})
}

// inflate returns a function that decompresses with readers that it keeps. open returns a
// reader of data, if possible the one that was kept.
func inflate(limit int, open func(kept, data io.Reader) (io.Reader, error)) func([]byte) ([]byte, error) {
	var pool sync.Pool
	return func(data []byte) ([]byte, error) {
		kept, _ := pool.Get().(io.Reader)
		r, err := open(kept, bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
		switch {
		case err != nil:
			return nil, err
		case len(content) > limit:
			return nil, errTooLong
		}
		pool.Put(r)
		return content, nil
	}
}

// newZstd returns a compressor that starts no goroutines.
func newZstd(limit int) (*compressor, error) {
	w, err := zstd.NewWriter(nil, zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, err
	}
	const smallest = 1 << 20 // more than the windows of short values
	memory := uint64(max(limit, smallest))
	r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(memory), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	return &compressor{
		over:     usualOver,
		compress: func(data []byte) ([]byte, error) { return w.EncodeAll(data, nil), nil },
		decompress: func(data []byte) ([]byte, error) {
			content, err := r.DecodeAll(data, nil)
			tooLong := errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded)
			if tooLong || err == nil && len(content) > limit {
				return nil, errTooLong
			}
			return content, err
		},
	}, nil
}
