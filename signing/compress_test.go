package signing

import (
	"bytes"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/internal/zlib"
)

// TestCompressionIsWorthItWhereItIsForDjango requires that payloads which Django
// compresses are compressed here too, to about the same number of bytes.
func TestCompressionIsWorthItWhereItIsForDjango(t *testing.T) {
	t.Parallel()
	type vector struct {
		Name       string
		Expect     string
		Payload    *fixtures.Latin1
		Compressed bool
		Compress   bool
		Encoded    string
	}
	s, err := NewTimestampSigner(Options{Key: "k", Compress: true})
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, subject := range []string{"sessions", "signing"} {
		file, err := fixtures.Read[vector]("django-5.2/" + subject + ".json")
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range file.Cases {
			if v.Expect != "ok" || v.Payload == nil || subject == "signing" && !v.Compress {
				continue
			}
			count++
			value, _, _ := strings.Cut(s.SignObject(*v.Payload), ":")
			theirs, _, _ := strings.Cut(v.Encoded, ":")
			// Two deflaters of one format differ by a few bytes, which matters near the
			// limit of two bytes saved.
			if len(value) > len(theirs)+len(theirs)/20+1 || len(*v.Payload) > 64 && (value[0] == '.') != v.Compressed {
				t.Errorf("%s: %d characters, Django has %d", v.Name, len(value), len(theirs))
			}
		}
	}
	if count < 50 {
		t.Fatalf("only %d cases", count)
	}
}

// TestDenseIsAboutAsShortAsDjango compares cookies with messages, whose length is
// limited.
func TestDenseIsAboutAsShortAsDjango(t *testing.T) {
	t.Parallel()
	type vector struct {
		Name       string
		Payload    *fixtures.Latin1
		Compressed bool
		Cookie     string `json:"cookie_after"`
	}
	s, err := NewTimestampSigner(Options{Key: "k", Compress: true, Dense: true})
	if err != nil {
		t.Fatal(err)
	}
	file, err := fixtures.Read[vector]("django-6.1/messages.json")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, v := range file.Cases {
		if v.Payload == nil || !v.Compressed {
			continue
		}
		count++
		const more = 10
		if got := s.SignObject(*v.Payload); len(got) > len(v.Cookie)+more*4/3 {
			t.Errorf("%s: %d characters, Django has %d", v.Name, len(got), len(v.Cookie))
		}
	}
	if count < 50 {
		t.Fatalf("only %d cases", count)
	}
}

func TestInflatingIsBounded(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 63, 64, 127, 128, 4096, 1 << 16, 1 << 20} {
		data := []byte(strings.Repeat("a", size))
		f := newBuffers()
		z := bytes.Clone(f.deflate(data, zlib.Default))
		f.release()
		if z == nil {
			if size > 14 {
				t.Errorf("%d bytes are not compressed", size)
			}
			continue
		}
		for _, limit := range []int{size - 1, size, size + 1} {
			f := newBuffers()
			out, err := f.inflate(z, limit)
			f.release()
			if limit >= size && (err != nil || !bytes.Equal(out, data)) || limit < size && err == nil {
				t.Errorf("%d bytes with a limit of %d: %d bytes, %v", size, limit, len(out), err)
			}
			if cap(out) > 2*size+8192 {
				t.Errorf("%d bytes took %d", size, cap(out))
			}
		}
	}
}

func TestWhatIsTooLargeToReadIsNotCompressed(t *testing.T) {
	t.Parallel()
	s, err := NewSigner(Options{Key: "k", Compress: true, MaxInflated: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{999, 1000, 1001, 5000} {
		data := strings.Repeat("a", size)
		if back, err := s.UnsignObject(s.SignObject([]byte(data))); err != nil || string(back) != data {
			t.Errorf("%d bytes are written and not read: %v", size, err)
		}
	}
}

// digits returns 200,000 bytes of text that deflates to about half its size.
func digits(seed uint64) string {
	text := make([]byte, 200_000)
	for i := range text {
		seed = seed*6364136223846793005 + 1442695040888963407
		text[i] = "0123456789abcdef"[seed>>60]
	}
	return string(text)
}

func TestInflatedDataIsTheCallersOwn(t *testing.T) {
	t.Parallel()
	// Two of each size; the first ones are too large for the pool.
	texts := []string{digits(1), digits(2), strings.Repeat("third ", 100), strings.Repeat("fourth ", 100)}
	inflated := make([][]byte, 0, len(texts))
	f := &buffers{}
	for _, text := range texts {
		z := bytes.Clone(f.deflate([]byte(text), zlib.Default))
		data, err := f.inflate(z, DefaultMaxInflated)
		if err != nil {
			t.Fatal(err)
		}
		inflated = append(inflated, data)
	}
	for i, text := range texts {
		if string(inflated[i]) != text {
			t.Errorf("%.10q has become %.10q", text, inflated[i])
		}
	}
}
