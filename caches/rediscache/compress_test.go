package rediscache

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"runtime"
	"strconv"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// sample is what encodings.py compresses.
func sample() []byte {
	pattern := make([]byte, 256)
	for i := range pattern {
		pattern[i] = byte(i)
	}
	return bytes.Repeat(pattern, 300)
}

const maxSample = 1 << 20

// TestCompressorsReadAndWriteWhatPythonDoes has values of each compressor, at the lengths
// where it begins to compress.
func TestCompressorsReadAndWriteWhatPythonDoes(t *testing.T) {
	t.Parallel()
	var held struct {
		Compressed map[string]map[string]string `json:"compressed"`
	}
	readJSON(t, "encodings.json", &held)
	if len(held.Compressed) != 5 {
		t.Fatalf("%d compressors", len(held.Compressed))
	}
	for name, cases := range held.Compressed {
		c, err := newCompressor(name, maxSample)
		if err != nil || c == nil {
			t.Fatal(name, err)
		}
		for length, text := range cases {
			n, err := strconv.Atoi(length)
			if err != nil {
				t.Fatal(err)
			}
			want, data := sample()[:n], unhex(t, text)
			if compressed := !bytes.Equal(data, want); compressed != (n > c.over) {
				t.Errorf("%s: Python compresses %d bytes: %v", name, n, compressed)
			} else if !compressed {
				if got, err := c.decompress(data); err == nil {
					t.Errorf("%s: %d bytes that are not compressed are read as %d others", name, n, len(got))
				}
				continue
			}
			for title, data := range map[string][]byte{"Python's": data, "our own": compressed(t, c, want)} {
				got, err := c.decompress(data)
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s: %s %d bytes: read %d bytes, %v", name, title, n, len(got), err)
				}
				enough, err := newCompressor(name, n)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := enough.decompress(data); err != nil {
					t.Errorf("%s: %s %d bytes with a limit that is just enough: %v", name, title, n, err)
				}
				less, err := newCompressor(name, n-1)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := less.decompress(data); !errors.Is(err, errTooLong) {
					t.Errorf("%s: %s %d bytes beyond the limit: %v", name, title, n, err)
				}
				for i := 1; i < len(data); i += 1 + len(data)/100 { // no panic, and nothing else than the content
					cut, err := c.decompress(data[:i])
					if err == nil && !bytes.Equal(cut, want) {
						t.Errorf("%s: cut off after %d of %d bytes: read %d bytes", name, i, len(data), len(cut))
					}
					damaged := bytes.Clone(data)
					damaged[i] ^= 0x55
					_, _ = c.decompress(damaged)
				}
			}
		}
	}
}

func compressed(t *testing.T, c *compressor, data []byte) []byte {
	t.Helper()
	out, err := c.compress(data)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestBombsAreNotInflated has 40 MiB of zeros in some kilobytes, and .xz files that ask
// for a dictionary of 4 GiB.
func TestBombsAreNotInflated(t *testing.T) { //nolint:paralleltest // it measures memory
	for _, name := range []string{"zlib.Zlib", "gzip.Gzip", "lzma.Lzma", "lz4.Lz4", "zstd.ZStd"} {
		c, err := newCompressor("django_redis.compressors."+name+"Compressor", maxSample)
		if err != nil {
			t.Fatal(err)
		}
		size := 40 * maxSample
		if name == "lzma.Lzma" { // which is slow, and says its size
			size = 2 * maxSample
		}
		bomb := compressed(t, c, make([]byte, size))
		wantLittleMemory(t, name, func() {
			if _, err := c.decompress(bomb); !errors.Is(err, errTooLong) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	xz := compressed(t, &compressor{compress: compressXZ}, sample()[:1000])
	xz[16] = 40 // 4 GiB
	binary.LittleEndian.PutUint32(xz[20:], crc32.ChecksumIEEE(xz[12:20]))
	wantLittleMemory(t, "dictionary", func() {
		if got, err := decompressXZ(xz, maxSample); err != nil || !bytes.Equal(got, sample()[:1000]) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	})
}

func wantLittleMemory(t *testing.T, name string, run func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run()
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 16*maxSample {
		t.Errorf("%s: allocated %d bytes", name, n)
	}
}

// xzWithout is a file of one byte, without the padding and the check sum of its block.
const xzWithout = xzHeader + "\x00\x04sum." + xzBlock + "\x00\x00\x00\x00sum." +
	"\x01\x00\x00A\x00" + // LZMA2
	"\x00\x01\x0d\x01sum." + // the index
	"sum.\x01\x00\x00\x00\x00\x04" + xzFooter

// FuzzDecompressXZ has any bytes, and the file that contains them.
func FuzzDecompressXZ(f *testing.F) {
	f.Add([]byte(xzWithout))
	for _, n := range []int{0, 1, 100, 5000} {
		data, err := compressXZ(sample()[:n])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		const most = 1 << 16
		if content, err := decompressXZ(data, most); len(content) > most || err != nil && content != nil {
			t.Errorf("%d bytes, %v", len(content), err)
		}
		file := compressed(t, &compressor{compress: compressXZ}, data)
		if content, err := decompressXZ(file, len(data)); err != nil || !bytes.Equal(content, data) {
			t.Errorf("%d bytes of %d, %v", len(content), len(data), err)
		}
	})
}

// TestDamagedValuesAreUnknown has values that no configuration writes.
func TestDamagedValuesAreUnknown(t *testing.T) {
	t.Parallel()
	for _, options := range []map[string]any{
		nil,
		{"SERIALIZER": "django_redis.serializers.json.JSONSerializer"},
		{"SERIALIZER": "django_redis.serializers.msgpack.MSGPackSerializer"},
		{"COMPRESSOR": "django_redis.compressors.zlib.ZlibCompressor"},
		{"COMPRESSOR": "django_redis.compressors.lzma.LzmaCompressor"},
		{"CLIENT_CLASS": "django_redis.client.HerdClient"},
	} {
		f := formatOf(t, siteSettings(djangoRedisBackend, options))
		for _, data := range []string{
			"", "7", " 7\n", "-1_0", "\x80\x04N.", "\x80\x04]\x94.", "null", "[1]", "\xc0", "\x91\x01", "{", "\x81\xa1a", "\xdf\xff\xff\xff\xff",
			"\x81\x01\x01", "\x81\xa1a\xc7\x00\x00", `{"a": "` + "\xff" + `"}`, "\x78\x9c", "\x81\xa1a\x01\x01",
			xzWithout,
		} {
			d, err := f.decode([]byte(data))
			if d != nil || !errors.Is(err, djangosession.ErrUnknownFormat) {
				t.Errorf("%v: %q: %v, %v", options, data, d, err)
			}
			if _, ok := errors.AsType[*djangosession.DecodeError](err); !ok {
				t.Errorf("%v: %q: %v is not a DecodeError", options, data, err)
			}
		}
	}
}

func TestIntsAreThoseOfPython(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"7": true, "\t7\n": true, "007": true, "1_000": true, "-5": true, "+5": true, "": false, "-": false, "_1": false, "1_": false, "1__0": false,
		"1.0": false, "\x80\x04": false, "--1": false, "+-1": false, "0x1": false,
	} {
		if got := isInt([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
