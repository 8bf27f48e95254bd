package atomicfile

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// temporary is a file that is not yet, or no longer, the one that readers see.
type temporary struct {
	name string
	file *os.File // open, so that no other file gets its number
	info fs.FileInfo
}

// temporaryName returns an unused name like those of tempfile.mkstemp: the prefix and
// eight random lower-case letters and digits.
func temporaryName(name, prefix string) string {
	const length = 8
	return filepath.Join(filepath.Dir(name), prefix+strings.ToLower(rand.Text()[:length]))
}

// newTemporary writes data into a new file beside name.
func newTemporary(name, prefix string, data []byte) (*temporary, error) {
	for tries := 0; ; tries++ {
		t := &temporary{name: temporaryName(name, prefix)}
		f, err := os.OpenFile(t.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|nonBlocking, mode)
		if errors.Is(err, fs.ErrExist) && tries < 100 {
			continue
		}
		if err != nil {
			return nil, failed("create a file", name, err)
		}
		t.file = f
		if err := t.write(data); err != nil {
			t.remove()
			return nil, failed("write a file", name, err)
		}
		return t, nil
	}
}

func (t *temporary) write(data []byte) error {
	_, err := t.file.Write(data)
	if err == nil {
		t.info, err = t.file.Stat()
	}
	if err == nil && t.info.Mode().Perm() != mode { // the umask has removed bits
		err = t.file.Chmod(mode)
	}
	if err == nil {
		startWriting(t.file)
	}
	return err
}

// remove deletes the file, which after an exchange is the old one.
func (t *temporary) remove() {
	_ = os.Remove(t.name) // it may have been renamed
	_ = t.file.Close()    // writing has reported errors
}

// replaceIf puts the file in the place of another, if that is still this one. It reports
// whether it was not.
func (t *temporary) replaceIf(name string, want fs.FileInfo) (changed bool, err error) {
	err = exchange(t.name, name)
	if errors.Is(err, errors.ErrUnsupported) {
		return false, os.Rename(t.name, name) // another process may be faster: see the package's documentation
	}
	// Django may have replaced the file since the caller looked. Then the newer one must
	// get its place again, unless there is one that is newer still.
	for placed := t.info; err == nil; {
		var out fs.FileInfo
		if out, err = os.Lstat(t.name); err != nil || os.SameFile(out, want) {
			return changed, err
		}
		changed, want, placed = true, placed, out
		err = exchange(t.name, name)
	}
	return changed, err
}

// removeIf deletes a file, if it is still this one. It reports whether it was not.
func removeIf(name, prefix string, want fs.FileInfo) (changed bool, err error) {
	taken := temporaryName(name, prefix)
	if err := os.Rename(name, taken); err != nil {
		return false, err
	}
	out, err := os.Lstat(taken)
	if err != nil {
		return false, err
	}
	if os.SameFile(out, want) {
		return false, os.Remove(taken)
	}
	if err := putBack(taken, name); err != nil {
		return true, err // with the newer file under the temporary name, because it is the only one
	}
	return true, nil
}

// putBack gives a file its name again, or deletes it if there is a newer one of this
// name.
func putBack(taken, name string) error {
	err := moveNew(taken, name)
	if errors.Is(err, errors.ErrUnsupported) {
		if _, err = os.Lstat(name); err == nil {
			err = fs.ErrExist
		} else if errors.Is(err, fs.ErrNotExist) { // Django may be faster: see the package's documentation
			err = os.Rename(taken, name)
		}
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := os.Remove(taken); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
