package caches

import (
	"cmp"
	"context"
	"crypto/md5" //nolint:gosec // the names of files, as in Django
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/atomicfile"
	"github.com/djangobridge/djangobridge/py"
)

// FileBasedBackend is the BACKEND of a [FileBased].
const FileBasedBackend = "django.core.cache.backends.filebased.FileBasedCache"

// FileBased keeps values in files of a folder, in the format of Django's FileBasedCache.
// It must run as the user that runs Django, because nobody else can read the files.
//
// Django's cache has room for MAX_ENTRIES values, 300 by default. Each time that Django
// stores a value in a full one, it removes a third of all values, chosen at random; see
// CULL_FREQUENCY. If those are sessions, visitors are logged out. This cache does the
// same, but only when it stores a new value. Set MAX_ENTRIES to more than the number of
// sessions.
//
// Django checks that a value exists and then replaces its file, so that a session that
// Django saves while another process deletes it may come back. On Linux, this cache has
// no such gap; elsewhere it has Django's. Swap locks the file against other processes
// that use this package.
type FileBased struct {
	dir     string
	format  fileFormat
	culling Culling
	now     func() time.Time
	seen    atomic.Bool // the folder has existed
}

// NewFileBased returns the file-based cache that Settings.SessionCache describes, with
// its options MAX_ENTRIES and CULL_FREQUENCY. Django ignores other options. It does not
// use the folder; see [FileBased.Check]. The error is a [*djangosession.SettingError].
func NewFileBased(s djangosession.Settings) (*FileBased, error) {
	c := &s.SessionCache
	if c.Backend != FileBasedBackend {
		return nil, cacheError(&s, fmt.Sprintf("has the BACKEND %q, not %s", c.Backend, FileBasedBackend))
	}
	if len(c.Location) != 1 || !filepath.IsAbs(c.Location[0]) {
		return nil, cacheError(&s, fmt.Sprintf("has the LOCATION %q: it must be the absolute path of one folder, "+
			"because a relative one depends on the working directory of Django", c.Location))
	}
	format, err := NewPickle(s)
	if err != nil {
		return nil, err
	}
	return &FileBased{
		dir: filepath.Clean(c.Location[0]), format: fileFormat{pickle: format}, culling: NewCulling(c.Options), now: s.Clock,
	}, nil
}

// TimesLeft implements [Timer].
func (c *FileBased) TimesLeft() bool { return true }

// CheckKey implements [Cache]. The name of a file is a digest, so every text can be a
// key.
func (c *FileBased) CheckKey(key string) error {
	if key == "" || !utf8.ValidString(key) {
		return djangosession.ErrBadKey
	}
	return nil
}

// Check implements [Cache]. It reports a folder that does not exist, although Django
// creates it with the first value, because usually the path is wrong.
func (c *FileBased) Check(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return c.failed("check", err)
	}
	return c.failed("check", atomicfile.CheckFolder(c.dir))
}

// file returns the name of the file for a key.
func (c *FileBased) file(key string) string {
	sum := md5.Sum([]byte(key)) //nolint:gosec // as in Django
	return filepath.Join(c.dir, hex.EncodeToString(sum[:])+fileSuffix)
}

const (
	fileSuffix      = ".djcache"
	temporaryPrefix = "tmp" // that of tempfile.mkstemp
)

// failed returns the error of a method, or nil.
func (c *FileBased) failed(op string, err error) error {
	if err == nil {
		return nil
	}
	for _, answer := range []error{ErrMiss, ErrExists, ErrChanged, djangosession.ErrUnknownFormat} {
		if errors.Is(err, answer) {
			return err
		}
	}
	return fmt.Errorf("caches: %s the file-based cache: %w", op, err)
}

// missing is the error for a file that does not exist: ErrMiss, unless the whole folder
// has disappeared, such as one on a file system that is no longer mounted.
func (c *FileBased) missing() error {
	_, err := os.Stat(c.dir)
	switch {
	case err == nil:
		c.seen.Store(true)
		return ErrMiss
	case errors.Is(err, fs.ErrNotExist) && !c.seen.Load():
		return ErrMiss // Django has not created it yet
	}
	return cmp.Or(atomicfile.CheckFolder(c.dir), err) // it may be back in this moment
}

// prepare makes room for one more value, and creates the folder if it does not exist.
// Matches _createdir and _cull.
func (c *FileBased) prepare(ctx context.Context, keep string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	_, err := os.Stat(c.dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(c.dir, 0o700); err == nil {
			err = os.Chmod(c.dir, 0o700) //nolint:gosec // a folder, as in Django
		}
	}
	if err != nil {
		return err
	}
	if !c.seen.Load() {
		if err := atomicfile.CheckFolder(c.dir); err != nil {
			return err
		}
		c.seen.Store(true)
	}
	return c.cull(keep)
}

// errExpired is an [ErrMiss].
var errExpired = fmt.Errorf("%w: it has expired", ErrMiss)

// Get implements [Cache]. Unlike Django's, it leaves the file of an expired value where it
// is.
func (c *FileBased) Get(ctx context.Context, key string) (*Item, error) {
	item, err := c.get(ctx, key)
	return item, c.failed("read from", err)
}

func (c *FileBased) get(ctx context.Context, key string) (*Item, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	name := c.file(key)
	data, err := atomicfile.Read(name, c.format.limit())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, c.missing()
	case errors.Is(err, atomicfile.ErrTooLarge):
		return &Item{Version: tooLarge{}}, UnknownFormat(err)
	case err != nil:
		return nil, err
	}
	c.seen.Store(true)
	item := &Item{Version: string(data)}
	left, rest, err := c.format.left(data, c.now())
	switch {
	case err != nil:
		return item, err
	case left < 0:
		return nil, errExpired
	}
	item.Left = left
	item.Value, err = c.format.value(rest)
	return item, err
}

// tooLarge is the version of a value that is not read.
type tooLarge struct{}

// Exists implements [Cache].
func (c *FileBased) Exists(ctx context.Context, key string) (bool, error) {
	_, err := c.Get(ctx, key)
	switch {
	case err == nil, errors.Is(err, djangosession.ErrUnknownFormat):
		return true, nil
	case errors.Is(err, ErrMiss):
		return false, nil
	}
	return false, err
}

// Add implements [Cache].
func (c *FileBased) Add(ctx context.Context, key string, value *py.Dict, timeout time.Duration) error {
	return c.failed("write to", c.add(ctx, key, value, timeout))
}

func (c *FileBased) add(ctx context.Context, key string, value *py.Dict, timeout time.Duration) error {
	if err := c.CheckKey(key); err != nil {
		return err
	}
	name := c.file(key)
	_, err := c.get(ctx, key)
	switch {
	case err == nil, errors.Is(err, djangosession.ErrUnknownFormat):
		return ErrExists
	case errors.Is(err, errExpired):
		err = c.removeExpired(ctx, name)
	case errors.Is(err, ErrMiss):
		err = nil
	}
	if err != nil || timeout <= 0 {
		return err
	}
	data, err := c.format.dumps(value, c.now(), timeout)
	if err != nil {
		return err
	}
	if err := c.prepare(ctx, name); err != nil {
		return err
	}
	if err := atomicfile.Create(name, temporaryPrefix, data); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return ErrExists
}

// removeExpired removes a file if it is still an expired one.
func (c *FileBased) removeExpired(ctx context.Context, name string) error {
	err := atomicfile.Update(ctx, name, temporaryPrefix, c.format.limit(), func(old []byte) ([]byte, error) {
		if left, _, err := c.format.left(old, c.now()); err != nil || left >= 0 {
			return nil, ErrExists
		}
		return nil, nil
	})
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrExists) {
		return nil
	}
	return err
}

// Set implements [Cache].
func (c *FileBased) Set(ctx context.Context, key string, value *py.Dict, timeout time.Duration) error {
	return c.failed("write to", c.set(ctx, key, value, timeout))
}

func (c *FileBased) set(ctx context.Context, key string, value *py.Dict, timeout time.Duration) error {
	if err := c.CheckKey(key); err != nil {
		return err
	}
	if timeout <= 0 {
		return c.Delete(ctx, key)
	}
	data, err := c.format.dumps(value, c.now(), timeout)
	if err != nil {
		return err
	}
	name := c.file(key)
	if err := c.prepare(ctx, name); err != nil {
		return err
	}
	return atomicfile.Write(name, temporaryPrefix, data)
}

// Replace implements [Cache].
func (c *FileBased) Replace(ctx context.Context, key string, value *py.Dict, timeout time.Duration) error {
	return c.failed("write to", c.replace(ctx, key, value, timeout, nil))
}

// Swap implements [Cache].
func (c *FileBased) Swap(ctx context.Context, key string, old *Item, value *py.Dict, timeout time.Duration) error {
	if old == nil {
		return ErrChanged
	}
	return c.failed("write to", c.replace(ctx, key, value, timeout, old))
}

// replace stores a value in place of another, or removes that if value is nil. The other
// must be old unless that is nil.
func (c *FileBased) replace(ctx context.Context, key string, value *py.Dict, timeout time.Duration, old *Item) error {
	var data []byte // nil removes the file
	if value != nil && timeout > 0 {
		var err error
		if data, err = c.format.dumps(value, c.now(), timeout); err != nil {
			return err
		}
	}
	name := c.file(key)
	missing := func() error {
		if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			return c.missing()
		}
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if old == nil && data != nil && c.isLive(name) {
		err := atomicfile.Replace(ctx, name, temporaryPrefix, data)
		if errors.Is(err, fs.ErrNotExist) {
			return cmp.Or(missing(), ErrMiss)
		}
		return err
	}
	expired := false
	err := atomicfile.Update(ctx, name, temporaryPrefix, c.format.limit(), func(stored []byte) ([]byte, error) {
		if left, _, err := c.format.left(stored, c.now()); err == nil && left < 0 {
			expired = true
			return nil, nil
		}
		if old != nil && old.Version != string(stored) {
			return nil, ErrChanged
		}
		expired = false
		return data, nil
	})
	switch {
	case err == nil && expired, errors.Is(err, fs.ErrNotExist):
		return cmp.Or(missing(), ErrMiss)
	case errors.Is(err, atomicfile.ErrTooLarge) && (old == nil || old.Version == tooLarge{}):
		return c.overwrite(ctx, name, data)
	}
	return err
}

// isLive reports whether a file certainly contains a value that has not expired.
func (c *FileBased) isLive(name string) bool {
	const ordinary = 64 // bytes of a number, and more
	head, err := atomicfile.Head(name, ordinary)
	if err != nil {
		return false
	}
	left, _, err := c.format.left(head, c.now())
	return err == nil && left >= 0
}

// overwrite replaces a file that is too large to be read, or removes it if data is nil.
func (c *FileBased) overwrite(ctx context.Context, name string, data []byte) error {
	if data == nil {
		return atomicfile.Remove(name)
	}
	return atomicfile.Replace(ctx, name, temporaryPrefix, data)
}

// Delete implements [Cache].
func (c *FileBased) Delete(ctx context.Context, key string) error {
	err := ctx.Err()
	if err == nil {
		err = atomicfile.Remove(c.file(key))
	}
	if err == nil { // nor is a session deleted that will be back with the folder
		if err = c.missing(); errors.Is(err, ErrMiss) {
			err = nil
		}
	}
	return c.failed("delete from", err)
}
