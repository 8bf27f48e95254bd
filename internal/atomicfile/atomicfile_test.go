package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const limit = 1 << 20

// place returns the name of a file in an empty folder. At the end of the test, the folder
// contains nothing but that file.
func place(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
		for _, e := range entries {
			if e.Name() != "secretname" {
				t.Errorf("left behind: %s", e.Name())
			}
		}
	})
	return filepath.Join(dir, "secretname")
}

func want(t *testing.T, name, content string) {
	t.Helper()
	data, err := Read(name, limit)
	if err != nil || string(data) != content {
		t.Errorf("the file contains %q, %v; want %q", data, err, content)
	}
}

func wantError(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("error %v, want %v", err, target)
	}
	if err != nil && strings.Contains(err.Error(), "secretname") {
		t.Errorf("the error contains the file's name: %v", err)
	}
}

func TestCreateNeverReplaces(t *testing.T) {
	t.Parallel()
	name := place(t)
	wantError(t, Create(name, "tmp", []byte("one")), nil)
	wantError(t, Create(name, "tmp", []byte("two")), fs.ErrExist)
	want(t, name, "one")
}

func TestReplaceNeverCreates(t *testing.T) {
	t.Parallel()
	name := place(t)
	wantError(t, Replace(t.Context(), name, "tmp", []byte("one")), fs.ErrNotExist)
	if _, err := os.Stat(name); err == nil {
		t.Error("Replace creates a file")
	}
	wantError(t, Write(name, "tmp", []byte("one")), nil)
	wantError(t, Replace(t.Context(), name, "tmp", []byte("two")), nil)
	want(t, name, "two")
	wantError(t, Write(name, "tmp", []byte("three")), nil)
	want(t, name, "three")
	wantError(t, Remove(name), nil)
	wantError(t, Remove(name), nil)
	_, err := Read(name, limit)
	wantError(t, err, fs.ErrNotExist)
}

func TestUpdateRemoves(t *testing.T) {
	t.Parallel()
	name := place(t)
	remove := func([]byte) ([]byte, error) { return nil, nil }
	wantError(t, Update(t.Context(), name, "tmp", limit, remove), fs.ErrNotExist)
	wantError(t, Create(name, "tmp", []byte("one")), nil)
	wantError(t, Update(t.Context(), name, "tmp", 2, remove), ErrTooLarge)
	wantError(t, Update(t.Context(), name, "tmp", limit, func([]byte) ([]byte, error) { return nil, os.ErrClosed }), os.ErrClosed)
	want(t, name, "one")
	wantError(t, Update(t.Context(), name, "tmp", limit, remove), nil)
	if _, err := os.Stat(name); err == nil {
		t.Error("Update leaves the file")
	}
}

func TestUpdatesAreNotLost(t *testing.T) {
	t.Parallel()
	name := place(t)
	wantError(t, Create(name, "tmp", []byte("0")), nil)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				wantError(t, Update(t.Context(), name, "tmp", limit, func(old []byte) ([]byte, error) {
					n, err := strconv.Atoi(string(old))
					return []byte(strconv.Itoa(n + 1)), err
				}), nil)
			}
		})
	}
	wg.Wait()
	want(t, name, "400")
}

// rename stores a file as Django does.
func rename(t *testing.T, name, content string) {
	t.Helper()
	if err := errors.Join(os.WriteFile(name+".django", []byte(content), 0o600), os.Rename(name+".django", name)); err != nil {
		t.Error(err)
	}
}

// TestUpdateSeesDjango lets Django replace and delete the file while it is locked.
func TestUpdateSeesDjango(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux can exchange files")
	}
	name := place(t)
	wantError(t, Create(name, "tmp", []byte("one")), nil)
	var seen []string
	wantError(t, Update(t.Context(), name, "tmp", limit, func(old []byte) ([]byte, error) {
		if seen = append(seen, string(old)); len(seen) == 1 {
			rename(t, name, "django")
		}
		return append(old, "+"...), nil
	}), nil)
	if strings.Join(seen, " ") != "one django" {
		t.Errorf("Update saw %q", seen)
	}
	want(t, name, "django+")

	wantError(t, Update(t.Context(), name, "tmp", limit, func(old []byte) ([]byte, error) {
		return append(old, "+"...), os.Remove(name)
	}), fs.ErrNotExist)
	if _, err := os.Stat(name); err == nil {
		t.Error("a deleted file is back")
	}

	wantError(t, Create(name, "tmp", []byte("one")), nil)
	first := true
	wantError(t, Update(t.Context(), name, "tmp", limit, func(old []byte) ([]byte, error) {
		if first {
			rename(t, name, "django")
			first = false
			return nil, nil
		}
		return append(old, "+"...), nil
	}), nil)
	want(t, name, "django+")
}

// TestNewestFileStays lets Django, or another process that uses Replace, replace the file
// all the time. Its last content stays, or the one that Update makes of it.
func TestNewestFileStays(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux can exchange files")
	}
	t.Run("Django", func(t *testing.T) {
		t.Parallel()
		newestStays(t, rename)
	})
	t.Run("Replace", func(t *testing.T) {
		t.Parallel()
		newestStays(t, func(t *testing.T, name, content string) {
			t.Helper()
			wantError(t, Replace(t.Context(), name, "tmp", []byte(content)), nil)
		})
	})
}

func newestStays(t *testing.T, replace func(t *testing.T, name, content string)) {
	t.Helper()
	name := place(t)
	rename(t, name, "0")
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				wantError(t, Update(t.Context(), name, "tmp", limit, func(old []byte) ([]byte, error) {
					return append(slices.Clip(old), '+'), nil
				}), nil)
			}
		})
	}
	for n := range 300 {
		text := strconv.Itoa(n) + "."
		replace(t, name, text)
		time.Sleep(time.Microsecond * time.Duration(n%7*20))
		// An Update that began earlier may show its result for a moment, but takes it
		// back.
		deadline := time.Now().Add(5 * time.Second)
		for {
			data, err := Read(name, limit)
			if err == nil && strings.HasPrefix(string(data), text) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%q is lost; the file contains %q, %v", text, data, err)
			}
		}
	}
	close(stop)
	wg.Wait()
}

func TestTemporaryNamesArePythons(t *testing.T) {
	t.Parallel()
	// >>> os.path.basename(tempfile.mkstemp(prefix="k_out_")[1])
	// 'k_out_1t9_kd7x'
	if name := filepath.Base(temporaryName("/folder/k", "k_out_")); !regexp.MustCompile(`^k_out_[a-z0-9_]{8}$`).MatchString(name) {
		t.Errorf("name %s", name)
	}
}

func TestLostFolder(t *testing.T) {
	t.Parallel()
	name := place(t)
	if err := os.Remove(filepath.Dir(name)); err != nil {
		t.Fatal(err)
	}
	wantError(t, Create(name, "tmp", nil), fs.ErrNotExist)
	wantError(t, Write(name, "tmp", nil), fs.ErrNotExist)
	wantError(t, Replace(t.Context(), name, "tmp", nil), fs.ErrNotExist)
	wantError(t, CheckFolder(filepath.Dir(name)), fs.ErrNotExist)
}

func TestFolderInPlaceOfFile(t *testing.T) {
	t.Parallel()
	name := place(t)
	if err := os.Mkdir(name, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := Read(name, limit)
	for op, err := range map[string]error{
		"read": err, "create": Create(name, "tmp", nil), "write": Write(name, "tmp", nil), "replace": Replace(t.Context(), name, "tmp", nil),
	} {
		if err == nil {
			t.Errorf("%s succeeds", op)
		}
		wantError(t, err, err)
	}
	if info, err := os.Stat(name); err != nil || !info.IsDir() {
		t.Errorf("the folder has become %v, %v", info, err)
	}
}
