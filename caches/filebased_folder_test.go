package caches_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// TestFileBasedCulls counts what stays in a cache that is full.
func TestFileBasedCulls(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options map[string]any
		stored  int // before
		left    int // after one more
	}{
		"room for one":              {options: map[string]any{"MAX_ENTRIES": 10.0}, stored: 9, left: 10},
		"full":                      {options: map[string]any{"MAX_ENTRIES": 10.0}, stored: 10, left: 8},
		"full, every second":        {options: map[string]any{"MAX_ENTRIES": "10", "CULL_FREQUENCY": 2.0}, stored: 10, left: 6},
		"full, all":                 {options: map[string]any{"MAX_ENTRIES": 10.0, "CULL_FREQUENCY": 0.0}, stored: 10, left: 1},
		"more than full":            {options: map[string]any{"MAX_ENTRIES": 10.0}, stored: 31, left: 22},
		"defaults, room for one":    {stored: 299, left: 300},
		"defaults, full":            {stored: 300, left: 201},
		"an option is not a number": {options: map[string]any{"MAX_ENTRIES": nil, "CULL_FREQUENCY": "x"}, stored: 300, left: 201},
		"no room at all":            {options: map[string]any{"MAX_ENTRIES": 0.0}, stored: 1, left: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := fileSettings()
			s.SessionCache.Options = c.options
			cache, dir := newFileBased(t, s)
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			for i := range c.stored {
				name := filepath.Join(dir, fmt.Sprintf("%032x.djcache", i))
				if err := os.WriteFile(name, nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := cache.Add(t.Context(), "key", py.NewDict(0), time.Hour); err != nil {
				t.Fatal(err)
			}
			if names := files(t, dir); len(names) != c.left || !slices.ContainsFunc(names, func(name string) bool { return name[0] != '0' }) {
				t.Errorf("%d files are left, want %d: %q", len(names), c.left, names)
			}
			// A value that is saved again is not removed to make room for itself.
			for range 20 {
				if err := cache.Replace(t.Context(), "key", py.NewDict(0), time.Hour); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestFileBasedMakesItsFolder(t *testing.T) {
	t.Parallel()
	s := fileSettings()
	s.SessionCache.Backend, s.SessionCache.Location = caches.FileBasedBackend, []string{filepath.Join(t.TempDir(), "new", "cache")}
	c, err := caches.NewFileBased(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get(t.Context(), "key"); !errors.Is(err, caches.ErrMiss) {
		t.Errorf("before the folder exists: %v", err)
	}
	if err := c.Check(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Check before the folder exists: %v", err)
	}
	if err := c.Add(t.Context(), "key", py.NewDict(0), time.Hour); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(s.SessionCache.Location[0])
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has %v, %v", info.Mode(), err)
	}
	if err := c.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestLostFolderIsAnError moves the folder away, as an unmounted disk does. Visitors must
// not be logged out by that.
func TestLostFolderIsAnError(t *testing.T) {
	t.Parallel()
	c, dir := newFileBased(t, fileSettings())
	if err := c.Add(t.Context(), "key", py.NewDict(0), time.Hour); err != nil {
		t.Fatal(err)
	}
	old, err := c.Get(t.Context(), "key")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir, dir+"-away"); err != nil {
		t.Fatal(err)
	}
	_, getErr := c.Get(t.Context(), "key")
	_, existsErr := c.Exists(t.Context(), "key")
	for what, err := range map[string]error{
		"get": getErr, "exists": existsErr, "delete": c.Delete(t.Context(), "key"), "check": c.Check(t.Context()),
		"replace": c.Replace(t.Context(), "key", py.NewDict(0), time.Hour), "swap": c.Swap(t.Context(), "key", old, nil, 0),
	} {
		if err == nil || errors.Is(err, caches.ErrMiss) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := os.Rename(dir+"-away", dir); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get(t.Context(), "key"); err != nil {
		t.Error(err)
	}
}

// TestFolderThatComesAndGoes moves the folder away and back all the time. A value is
// either read or an error.
func TestFolderThatComesAndGoes(t *testing.T) {
	t.Parallel()
	c, dir := newFileBased(t, fileSettings())
	if err := c.Add(t.Context(), "key", py.NewDict(0), time.Hour); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if err := errors.Join(os.Rename(dir, dir+"-away"), os.Rename(dir+"-away", dir)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range 5000 {
		if item, err := c.Get(t.Context(), "key"); item == nil && err == nil {
			t.Error("neither a value nor an error")
			break
		}
	}
	close(stop)
	wg.Wait()
}

// TestFilesPastTheLimit neither reads nor loses values that are too large.
func TestFilesPastTheLimit(t *testing.T) {
	t.Parallel()
	s := fileSettings()
	s.MaxInflated = 10_000
	for name, data := range map[string][]byte{
		"a large file": bytes.Repeat([]byte{1}, 20_000),
		"a bomb":       content(t, 2e9, bytes.Repeat([]byte{1}, 1_000_000)),
	} {
		c, dir := newFileBased(t, s)
		if err := c.Add(t.Context(), "key", py.NewDict(0), time.Hour); err != nil {
			t.Fatal(err)
		}
		file, _ := onlyFile(t, dir)
		if err := os.WriteFile(filepath.Join(dir, file), data, 0o600); err != nil {
			t.Fatal(err)
		}
		item, err := c.Get(t.Context(), "key")
		if !errors.Is(err, djangosession.ErrUnknownFormat) || item == nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := c.Add(t.Context(), "key", py.NewDict(0), time.Hour); !errors.Is(err, caches.ErrExists) {
			t.Errorf("%s: add: %v", name, err)
		}
		if _, stored := onlyFile(t, dir); !bytes.Equal(stored, data) {
			t.Errorf("%s: the file has changed", name)
		}
		if err := c.Swap(t.Context(), "key", item, nil, 0); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(files(t, dir)) > 0 {
			t.Errorf("%s: the file is still there", name)
		}
	}
}

// TestLoadLeavesExpiredFiles: a service that may only read the folder can load.
func TestLoadLeavesExpiredFiles(t *testing.T) {
	t.Parallel()
	at := now
	s := fileSettings()
	s.Now = func() time.Time { return at }
	cache, dir := newFileBased(t, s)
	e, err := caches.NewEngine(cache, s, caches.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Create(t.Context(), record(s, kkkk, "a", int64(1))); err != nil {
		t.Fatal(err)
	}
	_, stored := onlyFile(t, dir)
	at = at.Add(1000 * time.Hour)
	if err := os.Chmod(dir, 0o500); err != nil { // which root does not heed
		t.Fatal(err)
	}
	_, err = e.Load(t.Context(), kkkk)
	exists, asked := e.Exists(t.Context(), kkkk)
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, djangosession.ErrNoSession) || exists || asked != nil {
		t.Errorf("Load: %v; Exists: %v, %v", err, exists, asked)
	}
	if _, left := onlyFile(t, dir); !bytes.Equal(left, stored) {
		t.Error("the file is another one")
	}
	if err := e.Create(t.Context(), record(s, kkkk, "a", int64(2))); err != nil { // in its place
		t.Error(err)
	}
	if a := value(t, e, kkkk); a != int64(2) {
		t.Errorf("then loaded %v", a)
	}
}
