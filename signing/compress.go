package signing

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/adler32"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zlib"
)

// Inflaters and deflaters are pooled because a new one allocates 40 KB or 800 KB.

// deflater is a pooled zlib writer together with its output buffer.
type deflater struct {
	bytes.Buffer
	w    *zlib.Writer
	pool *sync.Pool
}

// maxPooledBuffer bounds each buffer that a pool keeps, in bytes.
const maxPooledBuffer = 256 << 10

var (
	deflaters      = newDeflaters(zlib.DefaultCompression) //nolint:gochecknoglobals // a pool has to be shared
	denseDeflaters = newDeflaters(zlib.BestCompression)    //nolint:gochecknoglobals // likewise
)

func newDeflaters(level int) *sync.Pool {
	pool := &sync.Pool{}
	pool.New = func() any {
		d := &deflater{pool: pool}
		d.w, _ = zlib.NewWriterLevel(&d.Buffer, level) // only a wrong level is an error
		return d
	}
	return pool
}

// deflate returns data in zlib format if that saves at least two bytes, and nil
// otherwise. The caller must release the result.
func deflate(data []byte, pool *sync.Pool) *deflater {
	d, _ := pool.Get().(*deflater)
	d.Reset()
	// Writes to a buffer in memory do not fail.
	if err := d.write(data); err != nil || d.Len() >= len(data)-1 {
		d.release()
		return nil
	}
	return d
}

// shortInput is the length in bytes below which the writer does not look for repetitions.
const shortInput = 128

func (d *deflater) write(data []byte) error {
	if len(data) >= shortInput {
		d.w.Reset(&d.Buffer)
		_, err := d.w.Write(data)
		return errors.Join(err, d.w.Close())
	}
	d.WriteString("\x78\x9c") // the zlib header for the default level
	err := flate.StatelessDeflate(&d.Buffer, data, true, nil)
	_, _ = d.Write(binary.BigEndian.AppendUint32(d.AvailableBuffer(), adler32.Checksum(data)))
	return err
}

func (d *deflater) release() {
	if d.Cap() <= maxPooledBuffer {
		d.pool.Put(d)
	}
}

// inflater is a pooled zlib reader with its source and two buffers. The caller may use in
// for the input until it releases the inflater; out is for the output.
type inflater struct {
	src     bytes.Reader
	z       io.ReadCloser // nil until the first use: zlib reads the header at once
	in, out []byte
}

var inflaters = sync.Pool{New: func() any { return &inflater{} }} //nolint:gochecknoglobals // a pool has to be shared

// newInflater returns a pooled inflater. The caller must release it.
func newInflater() *inflater {
	f, _ := inflaters.Get().(*inflater)
	return f
}

func (f *inflater) reset(data []byte) error {
	f.src.Reset(data)
	if r, ok := f.z.(zlib.Resetter); ok {
		return r.Reset(&f.src, nil)
	}
	z, err := zlib.NewReader(&f.src)
	if err == nil {
		f.z = z
	}
	return err
}

// inflate returns the inflated content of the zlib stream in data. Like Python, it
// ignores bytes after the end of the stream. Memory grows with the output and never
// exceeds maxInflated.
func (f *inflater) inflate(data []byte, maxInflated int) ([]byte, error) {
	if err := f.reset(data); err != nil {
		return nil, &DecodeError{Reason: BadCompression, Err: noEOF(err)}
	}
	if f.out == nil {
		f.out = make([]byte, 0, min(4*len(data)+64, maxInflated+1))
	}
	out, err := f.read(f.out[:0:min(cap(f.out), maxInflated+1)], maxInflated)
	if err != nil {
		return nil, err
	}
	if cap(out) > maxPooledBuffer { // the caller keeps this one
		f.out = nil
		return out, nil
	}
	if cap(out) > cap(f.out) {
		f.out = out
	}
	return bytes.Clone(out), nil
}

func (f *inflater) release() {
	if max(cap(f.in), cap(f.out)) <= maxPooledBuffer {
		inflaters.Put(f)
	}
}

// read appends the rest of the output to out.
func (f *inflater) read(out []byte, maxInflated int) ([]byte, error) {
	for {
		if len(out) == cap(out) {
			grown := make([]byte, len(out), min(2*cap(out), maxInflated+1))
			copy(grown, out)
			out = grown
		}
		n, err := f.z.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		switch {
		case len(out) > maxInflated:
			return nil, &DecodeError{Reason: TooLarge, Detail: "the data inflates past the limit"}
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, &DecodeError{Reason: BadCompression, Err: noEOF(err)}
		}
	}
}

// noEOF replaces an end-of-file error with one that says the data is truncated.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the data is cut off")
	}
	return err
}
