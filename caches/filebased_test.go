package caches_test

import (
	"bytes"
	"compress/zlib"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/cachetest"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/enginetest"
	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pickle"
	"github.com/djangobridge/djangobridge/py/tagged"
)

// now is the time of the vectors.
var now = time.UnixMilli(1_700_000_000_500)

// newFileBased returns a cache in an empty folder. The folder contains nothing but values
// when the test ends.
func newFileBased(t *testing.T, s djangosession.Settings) (c *caches.FileBased, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "cache")
	s.SessionCache.Backend, s.SessionCache.Location = caches.FileBasedBackend, []string{dir}
	c, err := caches.NewFileBased(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, name := range files(t, dir) {
			if len(name) != 32+len(".djcache") || !strings.HasSuffix(name, ".djcache") {
				t.Errorf("left behind: %s", name)
			}
		}
	})
	return c, dir
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// fileSettings are settings whose clock is that of the vectors.
func fileSettings() djangosession.Settings {
	s := djangosession.NewSettings("caches-secret-key")
	s.Now = func() time.Time { return now }
	s.SessionEngine = "django.contrib.sessions.backends.cache"
	return s
}

// content returns the content of a file that Django could have written.
func content(t *testing.T, expires any, payload []byte) []byte {
	t.Helper()
	data, err := pickle.Dumps(expires, 4)
	if err != nil {
		t.Fatal(err)
	}
	b := bytes.NewBuffer(data)
	w := zlib.NewWriter(b)
	if _, err := w.Write(payload); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// onlyFile returns the name and the content of the file that the folder has.
func onlyFile(t *testing.T, dir string) (name string, data []byte) {
	t.Helper()
	names := files(t, dir)
	if len(names) != 1 {
		t.Fatalf("the folder contains %q", names)
	}
	data, err := os.ReadFile(filepath.Join(dir, names[0]))
	if err != nil {
		t.Fatal(err)
	}
	return names[0], data
}

func TestFileBasedIsACache(t *testing.T) {
	t.Parallel()
	cachetest.Run(t, func(t *testing.T, s djangosession.Settings) cachetest.Backend {
		t.Helper()
		c, dir := newFileBased(t, s)
		return cachetest.Backend{Cache: c, SetRaw: func(t *testing.T, key string, data []byte) {
			t.Helper()
			// The name of the file is that of a value under the same key.
			if err := c.Set(t.Context(), key, py.NewDict(0), time.Hour); err != nil {
				t.Fatal(err)
			}
			name, _ := onlyFile(t, dir)
			expires := float64(s.Clock().Add(time.Hour).Unix())
			if err := os.WriteFile(filepath.Join(dir, name), content(t, expires, data), 0o600); err != nil {
				t.Fatal(err)
			}
		}}
	})
}

func TestFileBasedKeepsSessions(t *testing.T) {
	t.Parallel()
	enginetest.Run(t, func(t *testing.T, s djangosession.Settings) enginetest.Backend {
		t.Helper()
		s.SessionEngine = "django.contrib.sessions.backends.cache"
		s.SessionCache.Options = map[string]any{"MAX_ENTRIES": 100_000.0}
		c, dir := newFileBased(t, s)
		e, err := caches.NewEngine(c, s, caches.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return enginetest.Backend{
			Engine: e,
			SetUnknown: func(t *testing.T, key string) {
				t.Helper()
				sum := md5.Sum([]byte(":1:django.contrib.sessions.cache" + key))
				name := filepath.Join(dir, hex.EncodeToString(sum[:])+".djcache")
				if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(name, content(t, nil, []byte("garbage")), 0o600)); err != nil {
					t.Fatal(err)
				}
			},
			Lacks: enginetest.Lacks{Text: true, Expired: true, Clear: true, Microseconds: true, List: true},
		}
	})
}

// fileCases returns the vectors of the file-based cache.
func fileCases(t *testing.T) []fixtures.CacheCase {
	t.Helper()
	var all []fixtures.CacheCase
	for _, release := range []string{"2.2", "3.2", "4.2", "5.2", "6.1"} {
		cases, err := fixtures.CacheCases("django-"+release, caches.FileBasedBackend)
		if err != nil {
			t.Fatal(err)
		}
		for i := range cases {
			cases[i].Name = "django-" + release + "/" + cases[i].Name
		}
		all = append(all, cases...)
	}
	return all
}

// TestReadsFilesOfDjango reads each file that Django wrote or understands.
func TestReadsFilesOfDjango(t *testing.T) {
	t.Parallel()
	for _, c := range fileCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			cache, dir := newFileBased(t, fileSettings())
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(dir, c.File)
			if err := os.WriteFile(name, []byte(c.Stored), 0o600); err != nil {
				t.Fatal(err)
			}
			item, err := cache.Get(t.Context(), c.Key)
			_, statErr := os.Stat(name)
			switch {
			case c.Expect == "missing" || strings.HasPrefix(string(c.Timeout), "-"):
				if !errors.Is(err, caches.ErrMiss) || statErr != nil {
					t.Errorf("read: %v; the file: %v", err, statErr)
				}
			case c.Expect != "ok":
				if !errors.Is(err, djangosession.ErrUnknownFormat) || item == nil || item.Value != nil || statErr != nil {
					t.Errorf("read: %v; the file: %v", err, statErr)
				}
			case err != nil:
				t.Error(err)
			default:
				if want := session(t, c); !py.Equal(item.Value, want) {
					t.Error("another session")
				}
			}
		})
	}
}

// session returns the session of a case as Django reads it.
func session(t *testing.T, c fixtures.CacheCase) any {
	t.Helper()
	text := c.Session
	if len(c.Decoded) > 0 {
		text = c.Decoded
	}
	v, err := tagged.Loads(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestWritesFilesOfDjango stores each session under the name that Django gives the file,
// with the same mode and the same time. Deflate has no one form; the pickle in it has,
// but for the protocol.
func TestWritesFilesOfDjango(t *testing.T) {
	t.Parallel()
	n := 0
	for _, c := range fileCases(t) {
		if c.Op == "cache_get" || c.Expect != "ok" {
			continue
		}
		n++
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			cache, dir := newFileBased(t, fileSettings())
			var timeout float64
			if string(c.Timeout) == "true" {
				timeout = 1
			} else if err := json.Unmarshal(c.Timeout, &timeout); err != nil {
				t.Fatal(err)
			}
			original, _, err := read(t, []byte(c.Stored))
			if err != nil {
				t.Fatal(err)
			}
			value, err := (djangosession.PickleSerializer{Protocol: 4}).Loads(original)
			if err != nil {
				t.Fatal(err)
			}
			if err := cache.Add(t.Context(), c.Key, value, time.Duration(timeout*1e9)); err != nil {
				t.Fatal(err)
			}
			if timeout <= 0 {
				if names := files(t, dir); len(names) > 0 {
					t.Errorf("the folder contains %q", names)
				}
				return
			}
			name, data := onlyFile(t, dir)
			info, err := os.Stat(filepath.Join(dir, name))
			if err != nil || name != c.File || fmt.Sprintf("%o", info.Mode().Perm()) != c.Mode {
				t.Errorf("file %s with mode %v, want %s with %s (%v)", name, info.Mode(), c.File, c.Mode, err)
			}
			payload, head, err := read(t, data)
			if err != nil {
				t.Fatal(err)
			}
			_, wantHead, err := read(t, []byte(c.Stored))
			if err != nil {
				t.Fatal(err)
			}
			wantHead[1] = 4 // the protocol
			if !bytes.Equal(head, wantHead) {
				t.Errorf("the file begins with %q, want %q", head, wantHead)
			}
			if len(original) > 1 && original[1] == 5 && !bytes.Contains(original, []byte{0x96}) { // no bytearray
				original[1] = 4
				if !bytes.Equal(payload, original) {
					t.Errorf("the pickle is %q, want %q", payload, original)
				}
			}
		})
	}
	if n < 200 {
		t.Errorf("only %d cases", n)
	}
}

// read splits a file into its first 21 bytes, a time, and the pickle of the value.
func read(t *testing.T, data []byte) (payload, head []byte, err error) {
	t.Helper()
	const headLength = 21
	r, err := zlib.NewReader(bytes.NewReader(data[headLength:]))
	if err != nil {
		return nil, nil, err
	}
	payload, err = io.ReadAll(r)
	return payload, slices.Clone(data[:headLength]), err
}

func TestNewFileBasedRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(c *djangosession.SessionCache){
		"another backend": func(c *djangosession.SessionCache) { c.Backend = "shop.caches.FileBasedCache" },
		"a relative path": func(c *djangosession.SessionCache) { c.Location = []string{"cache"} },
		"no path":         func(c *djangosession.SessionCache) { c.Location = nil },
	} {
		s := fileSettings()
		s.SessionCache = djangosession.SessionCache{Alias: "default", Backend: caches.FileBasedBackend, Location: []string{"/srv/cache"}}
		change(&s.SessionCache)
		_, err := caches.NewFileBased(s)
		if _, ok := errors.AsType[*djangosession.SettingError](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
