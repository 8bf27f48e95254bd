package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/atomicfile"
)

// namesAtOnce is how many names of files are read from the folder at once.
const namesAtOnce = 1000

// entries yields what the folder contains, in no order. An error ends it.
func (e *Engine) entries(ctx context.Context) iter.Seq2[fs.DirEntry, error] {
	return func(yield func(fs.DirEntry, error) bool) {
		folder, err := os.Open(e.folder)
		if err != nil {
			yield(nil, err)
			return
		}
		defer folder.Close() //nolint:errcheck // it was only read
		for {
			entries, err := folder.ReadDir(namesAtOnce)
			for _, entry := range entries {
				if err := ctx.Err(); err != nil {
					yield(nil, err)
					return
				}
				if !yield(entry, nil) {
					return
				}
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// ended returns the error that has ended a loop over the files.
func (e *Engine) ended(ctx context.Context, op string, err error) error {
	if ctxErr := done(ctx, op); ctxErr != nil {
		return ctxErr
	}
	return e.failed(op, err)
}

// keyOf returns the key of the session in the file of this name, if it is one.
func (e *Engine) keyOf(name string) (key string, isKey bool) {
	key, ours := strings.CutPrefix(name, e.prefix)
	return key, ours && e.isKey(key)
}

// Records implements [djangosession.Lister]. A session that cannot be read is a record
// with the reason in Err.
func (e *Engine) Records(ctx context.Context) iter.Seq2[*djangosession.Record, error] {
	return func(yield func(*djangosession.Record, error) bool) {
		if err := done(ctx, "list"); err != nil {
			yield(nil, err)
			return
		}
		for entry, err := range e.entries(ctx) {
			if err != nil {
				yield(nil, e.ended(ctx, "list", err))
				return
			}
			key, isKey := e.keyOf(entry.Name())
			if !isKey {
				continue
			}
			r, alive, err := e.load(key)
			switch {
			case errors.Is(err, djangosession.ErrNoSession): // deleted since, or not a file
				continue
			case err != nil:
				r = &djangosession.Record{Key: key, Err: e.failed("list", err)}
			case !alive:
				continue
			}
			if err == nil && r.Err != nil {
				r.Err = fmt.Errorf("files: list: %w", r.Err)
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// ClearExpired implements [djangosession.Engine]. It also removes temporary files that a
// process has left more than a day ago. A file whose age is unknown stays, and is
// reported in the error after all others were looked at. Matches clear_expired, which
// stops at such a file.
func (e *Engine) ClearExpired(ctx context.Context, o djangosession.ClearOptions) (int64, error) {
	if err := done(ctx, "clear expired"); err != nil {
		return 0, err
	}
	if o.BatchSize <= 0 {
		o.BatchSize = djangosession.DefaultBatchSize
	}
	c := clearing{Engine: e, options: o}
	err := c.all(ctx)
	if c.removed != c.told && o.Progress != nil || c.removed == 0 && err == nil && o.Progress != nil {
		o.Progress(c.removed)
	}
	if err != nil {
		return c.removed, e.ended(ctx, "clear expired", err)
	}
	return c.removed, c.left()
}

// clearing is a run of ClearExpired.
type clearing struct {
	*Engine

	options       djangosession.ClearOptions
	removed, told int64
	unknown       int
	first         error // the reason for the first unknown one
}

func (c *clearing) all(ctx context.Context) error {
	for entry, err := range c.entries(ctx) {
		if err != nil {
			return err
		}
		if key, isKey := c.keyOf(entry.Name()); isKey {
			removed, err := c.session(ctx, key)
			if err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if c.unknown++; c.first == nil {
					c.first = c.failed("read", err)
				}
			}
			if removed {
				c.removed++
			}
		} else if !c.options.DryRun {
			c.leftover(entry.Name())
		}
		if c.removed-c.told < int64(c.options.BatchSize) {
			continue
		}
		if c.told = c.removed; c.options.Progress != nil {
			c.options.Progress(c.removed)
		}
		if err := pause(ctx, c.options.Pause); err != nil {
			return err
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// left returns an error if the age of some files is unknown.
func (c *clearing) left() error {
	if c.first == nil {
		return nil
	}
	return fmt.Errorf("files: clear expired: the age of %d files is unknown, and they stay: the first error: %w", c.unknown, c.first)
}

// errAlive ends a change of a session that is not to be removed.
var errAlive = errors.New("the session is alive")

// session removes a session that has ended, and reports whether it did.
func (c *clearing) session(ctx context.Context, key string) (removed bool, err error) {
	r, alive, err := c.load(key)
	switch {
	case errors.Is(err, djangosession.ErrNoSession):
		return false, nil
	case err != nil:
		return false, err
	case alive:
		return false, nil
	case errors.Is(r.Err, djangosession.ErrUnknownFormat):
		return false, r.Err
	case c.isNewer(r.Err):
		return false, fmt.Errorf("%w: %w", djangosession.ErrOutdatedSettings, r.Err)
	case c.options.DryRun:
		return true, nil
	}
	// It may have been saved since. Under the lock it is the same, or newer.
	err = atomicfile.Update(ctx, c.path(key), c.temporary(key), c.limit, func([]byte) ([]byte, error) {
		if _, alive, err := c.load(key); err != nil || alive {
			return nil, errors.Join(errAlive, err)
		}
		return nil, nil
	})
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, errAlive), c.isMissing(err):
		return false, nil
	}
	return false, err
}

// isNewer reports whether a session that does not decode was signed after the settings
// were exported. Django may be able to read its expiry.
func (e *Engine) isNewer(err error) bool {
	refused, ok := errors.AsType[*djangosession.DecodeError](err)
	return ok && refused.SignedAt.After(e.settingsOf) && !refused.SignedAt.After(e.now())
}

// leftoverAge is how old a temporary file is when the process that made it has certainly
// ended. A save takes milliseconds.
const leftoverAge = 24 * time.Hour

// leftover removes a temporary file of a process that has ended.
func (c *clearing) leftover(name string) {
	key, end, isTemporary := strings.Cut(strings.TrimPrefix(name, c.prefix), temporaryMark)
	if !isTemporary || !strings.HasPrefix(name, c.prefix) || !c.isKey(key) || len(end) != 8 {
		return
	}
	info, err := os.Lstat(filepath.Join(c.folder, name))
	if err == nil && info.Mode().IsRegular() && c.now().Sub(info.ModTime()) > leftoverAge {
		_ = os.Remove(filepath.Join(c.folder, name)) // it does no harm
	}
}
