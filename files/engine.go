package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/atomicfile"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/signing"
)

// Options configure what Django has no setting for. The zero value is a good choice.
type Options struct {
	// Folder is the folder of the files, in place of SESSION_FILE_PATH.
	Folder string
}

// An Engine keeps sessions in files. It implements [djangosession.Merger] and
// [djangosession.Lister]. It is immutable and safe for concurrent use.
type Engine struct {
	codec      *djangosession.Codec
	folder     string
	prefix     string // of the names of all files
	now        func() time.Time
	fakeClock  bool      // now is not the clock of the file system
	settingsOf time.Time // when the settings were known to be the site's
	limit      int64     // of the size of a file, in bytes
	strict64   bool      // text that is not base64 makes Django fail
}

var (
	_ djangosession.Merger = (*Engine)(nil)
	_ djangosession.Lister = (*Engine)(nil)
)

// New returns the engine of a site. It does no I/O. The folder is that of the options, or
// else the one in which the site's Django keeps the files, or else SESSION_FILE_PATH. The
// error is [djangosession.ErrIncompleteSettings] or a [*djangosession.SettingError], the
// latter also for a SESSION_ENGINE that may store sessions in another way.
func New(s djangosession.Settings, o Options) (*Engine, error) {
	codec, err := djangosession.NewCodec(s)
	if err != nil {
		return nil, err
	}
	if err := s.CheckEngine("django.contrib.sessions.backends.file"); err != nil {
		return nil, err
	}
	if strings.ContainsAny(s.SessionCookieName, `/\`) {
		return nil, &djangosession.SettingError{
			Setting: "SESSION_COOKIE_NAME", Problem: "contains a slash, and cannot begin the name of a file",
		}
	}
	folder := o.Folder
	for _, next := range []string{s.SessionStoreClass.FilePath, s.SessionFilePath} {
		if folder == "" {
			folder = next
		}
	}
	if folder == "" {
		return nil, &djangosession.SettingError{
			Setting: "SESSION_FILE_PATH", Problem: "is not set, and the settings do not say which folder Django uses instead: " +
				"set it (the best choice), export the settings again, or set files.Options.Folder",
		}
	}
	limit := int64(s.MaxInflated)
	if limit == 0 {
		limit = signing.DefaultMaxInflated
	}
	settingsOf := s.ExportedAt
	if settingsOf.IsZero() {
		settingsOf = s.Clock()
	}
	return &Engine{
		codec: codec, folder: folder, prefix: s.SessionCookieName, now: s.Clock, fakeClock: s.Now != nil, settingsOf: settingsOf,
		limit: 4 * limit, strict64: !s.AtLeast(3, 1, 0),
	}, nil
}

// Folder returns the folder of the files.
func (e *Engine) Folder() string { return e.folder }

// Check reports why sessions cannot be kept in the folder: it does not exist, this
// process cannot write to it, or it contains sessions of another user. It writes nothing.
func (e *Engine) Check(ctx context.Context) error {
	if err := done(ctx, "check"); err != nil {
		return err
	}
	if err := atomicfile.CheckFolder(e.folder); err != nil {
		return e.failed("check", err)
	}
	for entry, err := range e.entries(ctx) {
		if err != nil {
			return e.failed("check", err)
		}
		if _, isKey := e.keyOf(entry.Name()); !isKey {
			continue
		}
		if err := atomicfile.CheckOwner(filepath.Join(e.folder, entry.Name())); err != nil {
			return e.failed("check", err)
		}
		return nil // all others are alike
	}
	return nil
}

// done returns an error if ctx has ended.
func done(ctx context.Context, op string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("files: %s: %w", op, err)
	}
	return nil
}

// failed returns the error of a method. Errors of the file system get the name of the
// method, and lose the name of the file, which contains the session key. Others, such as
// those of the serializer, stay as they are.
func (e *Engine) failed(op string, err error) error {
	if named, ok := errors.AsType[*fs.PathError](err); ok {
		err = &atomicfile.Error{Op: "find a file", Folder: e.folder, Err: named.Err}
	}
	if _, ok := errors.AsType[*atomicfile.Error](err); !ok {
		return err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("files: %s: %w: create the folder, or export the settings again if Django uses another", op, err)
	}
	return fmt.Errorf("files: %s: %w", op, err)
}

const (
	minKeyLength = 8 // as everywhere in Django
	// maxKeyLength is the longest key that is stored, as in Django's table.
	maxKeyLength = 40
	// maxName is the longest name that file systems accept, less "_out_" and the random
	// end of a temporary file.
	maxName = 255 - 5 - 8
)

// isKey reports whether Django accepts a key: it has no other characters than a-z and
// 0-9, so that it cannot lead to another folder.
func (e *Engine) isKey(key string) bool {
	if len(key) < minKeyLength || len(e.prefix)+len(key) > maxName {
		return false
	}
	for i := range len(key) {
		if c := key[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// path returns the name of a session's file.
func (e *Engine) path(key string) string { return filepath.Join(e.folder, e.prefix+key) }

// temporary returns the beginning of the names of temporary files beside it. As in
// Django, it is not the name of a session.
func (e *Engine) temporary(key string) string { return e.prefix + key + temporaryMark }

const temporaryMark = "_out_"

// isMissing reports whether err says that a file does not exist. If its folder does not
// exist, err says something else.
func (e *Engine) isMissing(err error) bool {
	if !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	info, err := os.Stat(e.folder)
	return err == nil && info.IsDir()
}

// modified returns the time of modification of a file, rounded as Python rounds it.
func modified(info fs.FileInfo) time.Time {
	t := info.ModTime()
	seconds := float64(t.Unix()) + 1e-9*float64(t.Nanosecond())
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(math.RoundToEven(fraction*1e6))*1000)
}

// Load implements [djangosession.Engine]. It returns an error that wraps
// [djangosession.ErrStartOver] for a session that has ended, and a
// [*djangosession.ValueError] for one whose expiry Django cannot read either.
func (e *Engine) Load(ctx context.Context, key string) (*djangosession.Record, error) {
	if err := done(ctx, "load"); err != nil {
		return nil, err
	}
	r, alive, err := e.load(key)
	switch {
	case errors.Is(err, djangosession.ErrNoSession):
		return nil, djangosession.ErrNoSession
	case err != nil:
		return nil, e.failed("load", err)
	case !alive && r.Err != nil:
		return nil, fmt.Errorf("files: load: %w: %w", djangosession.ErrStartOver, r.Err)
	case !alive:
		return nil, fmt.Errorf("files: load: %w", djangosession.ErrStartOver)
	case r.Err != nil:
		return nil, fmt.Errorf("files: load: %w", r.Err)
	}
	return r, nil
}

// load reads a session and reports whether it is alive. If the text does not decode, the
// record has the reason. The error is [djangosession.ErrNoSession], a
// [*djangosession.ValueError] or that of the file system.
func (e *Engine) load(key string) (r *djangosession.Record, alive bool, err error) {
	if !e.isKey(key) {
		return nil, false, djangosession.ErrNoSession
	}
	text, info, err := atomicfile.ReadInfo(e.path(key), e.limit)
	switch {
	case errors.Is(err, atomicfile.ErrTooLarge):
		info, err = os.Stat(e.path(key))
		if err != nil {
			return nil, false, djangosession.ErrNoSession // just now
		}
		r = &djangosession.Record{Key: key, Err: tooLarge()}
	case e.isMissing(err), err != nil && e.isOther(key):
		return nil, false, djangosession.ErrNoSession
	case err != nil:
		return nil, false, err
	default:
		r = e.record(key, text)
	}
	alive, err = e.judge(r, len(text) == 0 && r.Err == nil, info)
	return r, alive, err
}

// tooLarge is the error for a file that is longer than the limit.
func tooLarge() error {
	return &djangosession.DecodeError{Reason: signing.TooLarge, Err: djangosession.ErrMaxInflated}
}

// isOther reports whether something else has the name of a session's file, such as a
// folder. Django then finds no session.
func (e *Engine) isOther(key string) bool {
	info, err := os.Stat(e.path(key))
	return err == nil && !info.Mode().IsRegular()
}

// record decodes the text of a file. An empty one is the placeholder of a Django that is
// creating the session.
func (e *Engine) record(key string, text []byte) *djangosession.Record {
	r := &djangosession.Record{Key: key}
	if len(text) == 0 {
		r.Data = py.NewDict(0)
		return r
	}
	for _, c := range text {
		if c >= 0x80 {
			r.Err = fmt.Errorf("%w: the text is not ASCII", djangosession.ErrUnknownFormat)
			return r
		}
	}
	r.Data, r.Err = e.codec.Decode(string(text))
	if refused, ok := errors.AsType[*djangosession.DecodeError](r.Err); ok && e.failsInDjango(refused) {
		r.Err = fmt.Errorf("%w: %w", djangosession.ErrUnknownFormat, r.Err)
	}
	return r
}

// failsInDjango reports whether Django's load raises an exception for a text, so that the
// text stays.
func (e *Engine) failsInDjango(err *djangosession.DecodeError) bool {
	return e.strict64 && err.Reason == signing.Malformed && err.Err != nil || errors.Is(err, djangosession.ErrNotDict)
}

// judge sets the date in a record and reports whether the session is alive. A placeholder
// always is.
func (e *Engine) judge(r *djangosession.Record, placeholder bool, info fs.FileInfo) (alive bool, err error) {
	d := r.Data
	if d == nil {
		d = py.NewDict(0) // which is what Django goes on with
	}
	ends, left, err := e.codec.StoredExpiry(d, modified(info))
	if err != nil {
		return false, err
	}
	r.ExpireDate = ends
	return placeholder || !(left <= 0), nil // not a number is alive
}

// Exists implements [djangosession.Engine].
func (e *Engine) Exists(ctx context.Context, key string) (bool, error) {
	if err := done(ctx, "exists"); err != nil || !e.isKey(key) {
		return false, err
	}
	switch _, err := os.Stat(e.path(key)); {
	case err == nil:
		return true, nil
	case e.isMissing(err):
		return false, nil
	default:
		return false, e.failed("exists", err)
	}
}
