package signing

import (
	"bytes"
	"errors"
	"sync"

	"github.com/djangobridge/djangobridge/internal/zlib"
)

// buffers are reused from call to call, so that each allocates only its result.
type buffers struct{ in, out []byte }

// maxPooledBuffer bounds each buffer that the pool keeps, in bytes.
const maxPooledBuffer = 256 << 10

var pool = sync.Pool{New: func() any { return &buffers{} }} //nolint:gochecknoglobals // a pool has to be shared

// newBuffers returns pooled buffers. The caller must release them.
func newBuffers() *buffers {
	b, _ := pool.Get().(*buffers)
	return b
}

func (b *buffers) release() {
	if max(cap(b.in), cap(b.out)) <= maxPooledBuffer {
		pool.Put(b)
	}
}

// deflate returns data in zlib format if that saves at least two bytes, and nil
// otherwise. The result is valid until b is released.
func (b *buffers) deflate(data []byte, level zlib.Level) []byte {
	b.out = zlib.Compress(b.out[:0], data, level)
	if len(b.out) >= len(data)-1 {
		return nil
	}
	return b.out
}

// inflate returns the inflated content of the zlib stream in data, which may be b.in, in
// memory of its own. Like Python, it ignores bytes after the end of the stream. Memory
// grows with the output, and hardly exceeds maxInflated.
func (b *buffers) inflate(data []byte, maxInflated int) ([]byte, error) {
	out, err := zlib.Decompress(b.out[:0], data, maxInflated)
	switch {
	case errors.Is(err, zlib.ErrTooLarge):
		return nil, &DecodeError{Reason: TooLarge, Detail: "the data inflates past the limit"}
	case err != nil:
		return nil, &DecodeError{Reason: BadCompression, Err: err}
	case cap(out) > maxPooledBuffer: // the caller keeps this one
		b.out = nil
		return out, nil
	}
	b.out = out
	return bytes.Clone(out), nil
}
