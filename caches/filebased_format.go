package caches

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"time"

	"github.com/djangobridge/djangobridge/internal/zlib"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pickle"
)

// fileFormat is the content of a file: the pickled time at which the value expires, and
// the compressed pickle of the value.
type fileFormat struct{ pickle *Pickle }

// limit is the maximum length of a file. A compressed value is hardly longer than the
// value itself.
func (f *fileFormat) limit() int64 {
	return int64(f.pickle.Limit()) + int64(f.pickle.Limit())/1000 + 1024
}

// dumps returns the content of a file.
func (f *fileFormat) dumps(value *py.Dict, now time.Time, timeout time.Duration) ([]byte, error) {
	payload, err := f.pickle.Dumps(value)
	if err != nil {
		return nil, err
	}
	expires, err := pickle.Dumps(float64(now.UnixNano())/1e9+timeout.Seconds(), f.pickle.Protocol())
	if err != nil {
		return nil, err
	}
	return zlib.Compress(expires, payload, zlib.Default), nil
}

var (
	errNoExpiry     = errors.New("the file does not begin with the time at which the value expires")
	errNoZlib       = errors.New("the value is not compressed as zlib does it")
	errInflatedSize = errors.New("the value is too large")
)

// left returns the time until the value in a file expires, which is negative if it has
// expired, and the part of the file that follows. An empty file counts as expired. The
// error wraps [djangosession.ErrUnknownFormat].
func (f *fileFormat) left(data []byte, now time.Time) (left time.Duration, rest []byte, err error) {
	if len(data) == 0 {
		return -1, nil, nil
	}
	end := numberLength(data)
	if end < 0 {
		return 0, nil, UnknownFormat(errNoExpiry)
	}
	v, err := pickle.Loads(data[:end])
	if err != nil {
		return 0, nil, UnknownFormat(errNoExpiry)
	}
	if v == nil { // None never expires
		return math.MaxInt64, data[end:], nil
	}
	var expires float64
	if py.Scan(v, &expires, nil) != nil || math.IsNaN(expires) {
		return 0, nil, UnknownFormat(errNoExpiry)
	}
	seconds := float64(now.UnixNano()) / 1e9
	if expires < seconds {
		return -1, nil, nil
	}
	return time.Duration(min((expires-seconds)*1e9, math.MaxInt64/2)), data[end:], nil
}

// value returns the value in the second part of a file.
func (f *fileFormat) value(compressed []byte) (*py.Dict, error) {
	payload, err := zlib.Decompress(nil, compressed, f.pickle.Limit())
	switch {
	case errors.Is(err, zlib.ErrTooLarge):
		return nil, UnknownFormat(errInflatedSize)
	case err != nil:
		return nil, UnknownFormat(errNoZlib)
	}
	return f.pickle.Loads(payload)
}

// numberLength returns the length of a pickled number or None at the beginning of data,
// or -1 if it begins with something else. Package pickle ignores what follows a pickle,
// and does not say where it ends.
func numberLength(data []byte) int {
	i := 0
	if bytes.HasPrefix(data, []byte{0x80}) { // PROTO
		i = 2
	}
	if len(data) > i && data[i] == 0x95 { // FRAME
		i += 9
	}
	if len(data) <= i {
		return -1
	}
	switch op := data[i]; op {
	case 'N', 0x88, 0x89: // None, True, False
		i++
	case 'K':
		i += 2
	case 'M':
		i += 3
	case 'J':
		i += 5
	case 'G':
		i += 9
	case 0x8a: // LONG1
		if len(data) <= i+1 {
			return -1
		}
		i += 2 + int(data[i+1])
	case 0x8b: // LONG4
		if len(data) < i+5 {
			return -1
		}
		i += 5 + int(min(binary.LittleEndian.Uint32(data[i+1:]), 1<<16))
	case 'F', 'I', 'L':
		n := bytes.IndexByte(data[i:], '\n')
		if n < 0 {
			return -1
		}
		i += n + 1
	default:
		return -1
	}
	if len(data) <= i || data[i] != '.' {
		return -1
	}
	return i + 1
}
