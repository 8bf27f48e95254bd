package csrf

import (
	"bytes"
	"errors"
	"io"
	"slices"
)

// chunkSize is the number of bytes that Django reads from a body at a time.
const chunkSize = 64 << 10

// source is a body that is being split into parts. Django looks for boundaries chunk by
// chunk, and continues where reading of the last part ended, even in its middle.
// Therefore the chunk sizes affect the result.
type source struct {
	body   io.Reader
	pushed []byte // read before the rest of body
}

// next returns the next chunk, and [io.EOF] after the last one.
func (s *source) next() ([]byte, error) {
	if len(s.pushed) > 0 {
		data := s.pushed
		s.pushed = nil
		return data, nil
	}
	data := make([]byte, chunkSize)
	n, err := io.ReadFull(s.body, data)
	if n > 0 {
		return data[:n], nil // errors are returned again
	}
	return nil, err
}

// part starts the next part, which ends before the boundary. The error is [io.EOF] after
// the last part.
func (s *source) part(boundary []byte) (*part, error) {
	data, err := s.next()
	if err != nil {
		return nil, err
	}
	s.pushed = data
	return &part{source: s, boundary: boundary}, nil
}

// part is the data up to a boundary. Matches BoundaryIter.
type part struct {
	source   *source
	boundary []byte
	pushed   []byte // read first
	ended    bool
}

func (p *part) unread(data []byte) {
	if len(data) > 0 {
		p.pushed = append(append(make([]byte, 0, len(data)+len(p.pushed)), data...), p.pushed...)
	}
}

// next returns some bytes of the part, and [io.EOF] at its end.
func (p *part) next() ([]byte, error) {
	if len(p.pushed) > 0 {
		data := p.pushed
		p.pushed = nil
		return data, nil
	}
	if p.ended {
		return nil, io.EOF
	}
	tail := len(p.boundary) + len("\r\n--\r\n") // possibly the start of a boundary
	var data []byte
	for len(data) <= tail {
		more, err := p.source.next()
		if errors.Is(err, io.EOF) {
			p.ended = true
			break
		}
		if err != nil {
			return nil, err
		}
		if data == nil {
			data = more
		} else {
			data = append(slices.Clip(data), more...)
		}
	}
	if len(data) == 0 {
		return nil, io.EOF
	}
	if i := bytes.Index(data, p.boundary); i >= 0 {
		p.ended = true
		p.source.pushed = append(data[i+len(p.boundary):len(data):len(data)], p.source.pushed...)
		return bytes.TrimSuffix(bytes.TrimSuffix(data[:i], []byte("\n")), []byte("\r")), nil
	}
	if len(data) <= tail {
		p.ended = true
		return data, nil
	}
	cut := len(data) - tail
	p.source.pushed = append(data[cut:len(data):len(data)], p.source.pushed...)
	return data[:cut], nil
}

// read returns n bytes of the part, or fewer at its end.
func (p *part) read(n int) ([]byte, error) {
	var all []byte
	for len(all) < n {
		data, err := p.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		all = append(all, data...)
	}
	if len(all) > n {
		p.unread(all[n:])
		all = all[:n:n]
	}
	return all, nil
}
