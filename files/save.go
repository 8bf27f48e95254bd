package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/atomicfile"
)

// ErrTooLarge reports a session whose file would be longer than this package reads: four
// times Settings.MaxInflated. It is not stored.
var ErrTooLarge = errors.New("files: the session is too large: store less in it, or raise MaxInflated of djangosession.Settings")

// encode returns the text of a record. The error is [djangosession.ErrNoData],
// [ErrTooLarge], the serializer's, or a [*djangosession.ValueError] for an expiry that
// makes Django's load fail.
func (e *Engine) encode(r *djangosession.Record) ([]byte, error) {
	if r.Data == nil {
		return nil, djangosession.ErrNoData
	}
	if _, _, err := e.codec.StoredExpiry(r.Data, e.now()); err != nil {
		return nil, err
	}
	text, err := e.codec.Encode(r.Data)
	if int64(len(text)) > e.limit {
		return nil, ErrTooLarge
	}
	return []byte(text), err
}

// stamp gives a file the time of a clock that is not the file system's.
func (e *Engine) stamp(key string) {
	if e.fakeClock {
		now := e.now()
		_ = os.Chtimes(e.path(key), now, now) // it may have been deleted
	}
}

// Create implements [djangosession.Engine]. Other processes never see an unfinished file.
func (e *Engine) Create(ctx context.Context, r *djangosession.Record) error {
	if err := done(ctx, "create"); err != nil {
		return err
	}
	return e.failed("create", e.create(r))
}

func (e *Engine) create(r *djangosession.Record) error {
	if !e.isKey(r.Key) || len(r.Key) > maxKeyLength {
		return djangosession.ErrBadKey
	}
	text, err := e.encode(r)
	if err != nil {
		return err
	}
	switch err := atomicfile.Create(e.path(r.Key), e.temporary(r.Key), text); {
	case errors.Is(err, fs.ErrExist):
		return djangosession.ErrKeyTaken
	case err != nil:
		return err
	}
	e.stamp(r.Key)
	return nil
}

// Save implements [djangosession.Engine].
func (e *Engine) Save(ctx context.Context, r *djangosession.Record) error {
	if err := done(ctx, "save"); err != nil {
		return err
	}
	text, err := e.encode(r)
	if err != nil {
		return err
	}
	if !e.isKey(r.Key) {
		return djangosession.ErrSessionGone
	}
	err = atomicfile.Replace(ctx, e.path(r.Key), e.temporary(r.Key), text)
	return e.replaced("save", r.Key, err)
}

// replaced returns the error of a method that has replaced a file.
func (e *Engine) replaced(op, key string, err error) error {
	switch {
	case err == nil:
		e.stamp(key)
		return nil
	case e.isMissing(err):
		return djangosession.ErrSessionGone
	}
	return e.failed(op, err)
}

// Merge implements [djangosession.Merger].
func (e *Engine) Merge(ctx context.Context, key string, change func(*djangosession.Record) error) error {
	if err := done(ctx, "merge"); err != nil {
		return err
	}
	if !e.isKey(key) {
		return djangosession.ErrSessionGone
	}
	err := e.update(ctx, "merge", key, func(r *djangosession.Record) ([]byte, error) {
		if err := change(r); err != nil {
			return nil, err
		}
		return e.encode(r)
	})
	return e.replaced("merge", key, err)
}

// update passes a session to edit and stores the text that this returns, or removes the
// session if that is nil.
func (e *Engine) update(
	ctx context.Context, op, key string, edit func(*djangosession.Record) (text []byte, err error),
) error {
	name := e.path(key)
	err := atomicfile.Update(ctx, name, e.temporary(key), e.limit, func(old []byte) ([]byte, error) {
		r := e.record(key, old)
		if r.Err != nil {
			r.Err = fmt.Errorf("files: %s: %w", op, r.Err)
		}
		if info, err := os.Stat(name); err == nil {
			_, _ = e.judge(r, false, info) // for the date
		}
		return edit(r)
	})
	if errors.Is(err, atomicfile.ErrTooLarge) {
		return fmt.Errorf("files: %s: %w", op, tooLarge())
	}
	return err
}

// Cycle implements [djangosession.Engine]. It stores the session under its new key, which
// nobody knows yet, and then removes the old file.
func (e *Engine) Cycle(ctx context.Context, old string, change func(*djangosession.Record) error) error {
	if err := done(ctx, "cycle"); err != nil {
		return err
	}
	if !e.isKey(old) {
		return djangosession.ErrSessionGone
	}
	created := "" // the key under which the session is stored but that is not in effect yet
	err := e.update(ctx, "cycle", old, func(r *djangosession.Record) ([]byte, error) {
		if err := e.undo(&created); err != nil { // Django has changed the session in between
			return nil, err
		}
		if err := change(r); err != nil {
			return nil, err
		}
		if err := done(ctx, "cycle"); err != nil {
			return nil, err
		}
		if err := e.create(r); err != nil {
			return nil, err
		}
		created = r.Key
		return nil, nil
	})
	if err == nil {
		return nil
	}
	return errors.Join(e.replaced("cycle", old, err), e.failed("cycle", e.undo(&created)))
}

// undo removes a session that was created in vain.
func (e *Engine) undo(created *string) error {
	if *created == "" {
		return nil
	}
	err := atomicfile.Remove(e.path(*created))
	*created = ""
	if err != nil {
		return fmt.Errorf("a copy of the session remains under a key that no browser has: %w", err)
	}
	return nil
}

// Delete implements [djangosession.Engine].
func (e *Engine) Delete(ctx context.Context, key string) error {
	if err := done(ctx, "delete"); err != nil || !e.isKey(key) {
		return err
	}
	switch err := os.Remove(e.path(key)); {
	case err == nil, e.isMissing(err):
		return nil
	default:
		return e.failed("delete", err)
	}
}
