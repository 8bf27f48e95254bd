package zlib_test

import (
	"bytes"
	stdzlib "compress/zlib"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/internal/zlib"
)

// texts returns texts of all kinds: sessions, runs, and what hardly compresses.
func texts() map[string][]byte {
	login := `{"_auth_user_id":"1","_auth_user_backend":"django.contrib.auth.backends.ModelBackend",` +
		`"_auth_user_hash":"1aa43c4b8f7ce58ef45ac9bf7cbfd97dcf7672c9ac6c5b20d846c3813b9d386c"`
	cart := func(items int) []byte {
		b := []byte(login + `,"cart":[`)
		for i := range items {
			b = fmt.Appendf(b, `{"sku":"SKU-%05d","name":"Article n\u00fcmber %d","qty":%d,"price":%v},`,
				i*7919%100000, i, i%5+1, float64(i)*1.25+0.99)
		}
		return append(b[:len(b)-1], "]}"...)
	}
	random := rand.New(rand.NewPCG(1, 2))
	noise, skew := make([]byte, 70_000), make([]byte, 80_000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	for i := range skew { // needs codes of up to 15 bits
		skew[i] = byte(random.ExpFloat64() * 12)
	}
	return map[string][]byte{
		"empty": {}, "one": []byte("a"), "login": []byte(login + "}"), "2KB": cart(22), "20KB": cart(240),
		"run": bytes.Repeat([]byte("a"), 100_000), "period": bytes.Repeat([]byte("abcdefg"), 1000), "noise": noise, "skew": skew,
		"far": append(append(bytes.Clone(noise[:32<<10]), noise[:1000]...), noise[:40_000]...),
	}
}

// deflated returns text as the standard library compresses it.
func deflated(t testing.TB, text []byte, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := stdzlib.NewWriterLevel(&b, level)
	if err == nil {
		_, err = w.Write(text)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// inflated returns what the standard library inflates.
func inflated(z []byte, limit int64) ([]byte, error) {
	r, err := stdzlib.NewReader(bytes.NewReader(z))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = zlib.ErrTooLarge
	}
	return text, err
}

func TestDecompressReadsAllLevels(t *testing.T) {
	t.Parallel()
	for name, text := range texts() {
		for level := stdzlib.HuffmanOnly; level <= stdzlib.BestCompression; level++ {
			z := deflated(t, text, level)
			for _, limit := range []int{len(text), len(text) + 1, math.MaxInt} {
				got, err := zlib.Decompress([]byte("before"), append(z, "after"...), limit)
				if err != nil || string(got) != "before"+string(text) {
					t.Errorf("%s, level %d: %d bytes, %v", name, level, len(got), err)
				}
			}
			if _, err := zlib.Decompress(nil, z, len(text)-1); !errors.Is(err, zlib.ErrTooLarge) {
				t.Errorf("%s, level %d: %v with a limit", name, level, err)
			}
			for end := 0; end < len(z); end += 1 + len(z)/500 {
				if _, err := zlib.Decompress(nil, z[:end], len(text)); !errors.Is(err, zlib.ErrTruncated) {
					t.Fatalf("%s, level %d, cut at %d: %v", name, level, end, err)
				}
			}
		}
	}
}

// TestDecompressAgreesWithZlib has streams that zlib refuses, one for each of its
// reasons, and some that it barely accepts.
func TestDecompressAgreesWithZlib(t *testing.T) {
	t.Parallel()
	// The other words of zlib are those of errors that have no variable of their own.
	words := map[string]string{
		"Error -5": zlib.ErrTruncated.Error(), "Error 2": "dictionary", "data check": "checksum", "window size": "header",
		"compression method": "header", "header check": "header", "block type": "no known type", "stored block": "complement",
		"too many": "too many codes", "too far": "too far", "distance code": "a code is invalid", "length code": "a code is invalid",
		"code lengths set": "for code lengths", "repeat": "repeated", "missing": "no code for its end",
		"lengths set": "for literals", "distances set": "for distances",
	}
	data, err := os.ReadFile("testdata/streams.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		stream, verdict, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		z, err := hex.DecodeString(stream)
		if err != nil {
			t.Fatal(err)
		}
		got, err := zlib.Decompress(nil, z, 1000)
		if content, ok := strings.CutPrefix(verdict, "ok "); ok {
			if err != nil || hex.EncodeToString(got) != content {
				t.Errorf("%s: %q, %v, want %s", stream, got, err, content)
			}
			continue
		}
		if err == nil || got != nil {
			t.Errorf("%s: accepted; zlib says %q", stream, verdict)
			continue
		}
		known := ""
		for word := range words {
			if strings.Contains(verdict, word) && len(word) > len(known) {
				known = word
			}
		}
		// A code for code lengths without any code is refused at once, and by zlib later.
		if !strings.Contains(err.Error(), words[known]) && !strings.HasPrefix(stream, "789c05e00100000000") {
			t.Errorf("%s: %v; zlib says %q", stream, err, verdict)
		}
	}
}

//nolint:paralleltest // it counts what the whole program allocates
func TestDecompressAllocatesWithinItsLimit(t *testing.T) {
	z := deflated(t, bytes.Repeat([]byte("a"), 16<<20), stdzlib.BestCompression)
	for _, limit := range []int{0, 1, 1000, 1 << 20} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := zlib.Decompress(nil, z, limit)
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, zlib.ErrTooLarge) || got > uint64(4*limit+32<<10) {
			t.Errorf("%d bytes allocated with a limit of %d, %v", got, limit, err)
		}
	}
}

func BenchmarkDecompress(b *testing.B) {
	for _, name := range []string{"login", "2KB", "20KB"} {
		text := texts()[name]
		z := deflated(b, text, stdzlib.DefaultCompression)
		buffer := make([]byte, 0, 32<<10)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := zlib.Decompress(buffer, z, len(text)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
