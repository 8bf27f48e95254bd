package signing

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	ours "github.com/djangobridge/djangobridge/internal/zlib"
)

// zipped returns zlib data as Python writes it.
func zipped(t *testing.T, data string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, err := w.Write([]byte(data))
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestCompressionHasToSaveTwoBytes tests the edge of Django's condition: len(compressed)
// < len(data) - 1.
func TestCompressionHasToSaveTwoBytes(t *testing.T) {
	t.Parallel()
	seen := map[int]bool{}
	text := digits(1)
	for unique := range 40 {
		for repeated := range 30 {
			data := []byte(text[:unique] + text[:repeated])
			saved := len(data) - len(ours.Compress(nil, data, ours.Default))
			seen[saved] = true
			z := (&buffers{}).deflate(data, ours.Default)
			if (z != nil) != (saved >= 2) {
				t.Errorf("%q: compressed %v, which saves %d bytes", data, z != nil, saved)
			}
		}
	}
	for saved := range 4 {
		if !seen[saved] {
			t.Errorf("no data of which %d bytes are saved", saved)
		}
	}
}

func TestInflatingHeedsTheSignersLimit(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		limit, size int
		refused     bool
	}{
		{limit: 1, size: 0},
		{limit: 1, size: 1},
		{limit: 1, size: 2, refused: true},
		{limit: 2, size: 2},
		{limit: 2, size: 3, refused: true},
		{limit: 1000, size: 1000},
		{limit: 1000, size: 1001, refused: true},
		{limit: 1000, size: 1_000_000, refused: true},
		{limit: 0, size: 1_000_000},
		{limit: -1, size: 1_000_000},
		{limit: 0, size: DefaultMaxInflated},
		{limit: 0, size: DefaultMaxInflated + 1, refused: true},
		{limit: math.MaxInt, size: 1000},
		{limit: math.MaxInt - 1, size: 1000},
	} {
		s, err := NewSigner(Options{Key: "k", MaxInflated: test.limit})
		if err != nil {
			t.Fatal(err)
		}
		data := strings.Repeat("a", test.size)
		signed := s.Sign("." + string(appendBase64(nil, zipped(t, data))))
		got, err := s.UnsignObject(signed)
		if test.refused {
			refused, ok := errors.AsType[*DecodeError](err)
			if !ok || refused.Reason != TooLarge || got != nil {
				t.Errorf("%d bytes with a limit of %d: %d bytes, error %v", test.size, test.limit, len(got), err)
			}
		} else if err != nil || string(got) != data {
			t.Errorf("%d bytes with a limit of %d: %d bytes, error %v", test.size, test.limit, len(got), err)
		}
	}
}

// TestObjectsUpToTheLimitAreCompressed checks that a signer compresses every object that
// it can read back.
func TestObjectsUpToTheLimitAreCompressed(t *testing.T) {
	t.Parallel()
	s, err := NewSigner(Options{Key: "k", Compress: true, MaxInflated: 1000})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := NewSigner(Options{Key: "k", MaxInflated: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for size, want := range map[int]bool{999: true, 1000: true, 1001: false} {
		if got := strings.HasPrefix(s.SignObject([]byte(strings.Repeat("a", size))), "."); got != want {
			t.Errorf("%d bytes: compressed %v", size, got)
		}
		if strings.HasPrefix(plain.SignObject([]byte(strings.Repeat("a", size))), ".") {
			t.Errorf("%d bytes: compressed, though that was not asked for", size)
		}
	}
}

// TestBadCompressionHasItsCause gives an inflater damaged data both as its first and as a
// later input.
func TestBadCompressionHasItsCause(t *testing.T) {
	t.Parallel()
	good := zipped(t, strings.Repeat("data ", 100))
	checksum := append(bytes.Clone(good[:len(good)-1]), good[len(good)-1]+1)
	for name, c := range map[string]struct {
		data []byte
		cut  bool
	}{
		"nothing":       {data: nil, cut: true},
		"one byte":      {data: good[:1], cut: true},
		"header":        {data: good[:2], cut: true},
		"no checksum":   {data: good[:len(good)-4], cut: true},
		"half":          {data: good[:len(good)/2], cut: true},
		"another start": {data: []byte("abcd")},
		"checksum":      {data: checksum},
	} {
		used := &buffers{}
		if _, err := used.inflate(good, 1000); err != nil {
			t.Fatal(err)
		}
		for _, f := range []*buffers{used, {}} {
			out, err := f.inflate(c.data, 1000)
			refused, ok := errors.AsType[*DecodeError](err)
			if !ok || refused.Reason != BadCompression || out != nil || refused.Err == nil {
				t.Errorf("%s: %q, error %v", name, out, err)
				continue
			}
			// An end-of-file error would mislead callers who read files.
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "cut off") != c.cut {
				t.Errorf("%s: error %v", name, err)
			}
		}
	}
}
