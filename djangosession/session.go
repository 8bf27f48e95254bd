package djangosession

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/djangobridge/djangobridge/py"
)

// A Session is one visitor's session: a dict with a key, an expiry, and knowledge of whether it was used and changed.
// Several goroutines may use it. Matches SessionBase; get one from a [Manager].
//
// Values that come out of a session are the caller's own, and values that go in are copied: changing a list in place
// changes no session until it is set again. (Django's session shares its values, and forgets such changes unless modified
// is set by hand.)
type Session struct {
	manager *Manager

	// lifecycle is held through calls to the engine, so that these come one after another: by whoever has put something in.
	lifecycle chan struct{}

	mu       sync.Mutex // guards what follows, never held while waiting
	key      string
	data     *py.Dict
	ends     py.DateTime // of what was loaded
	loaded   bool        // data is what is stored, or replaces it
	changes  changes
	accessed bool
	modified bool
	doubtful []string // further keys under which it may be stored, since the engine's answer was lost
	outdated error    // why what is stored must not be overwritten: the settings are out of date
	gone     string   // a key that was found to be deleted: while it is the session's, nothing is stored that nobody has changed
}

func newSession(m *Manager, key string) *Session {
	return &Session{manager: m, lifecycle: make(chan struct{}, 1), key: key, data: py.NewDict(0), loaded: key == ""}
}

// locked calls do when no other call of this session is with the engine. The error is that of
// do, or the end of ctx.
func (s *Session) locked(ctx context.Context, do func() error) error {
	select {
	case s.lifecycle <- struct{}{}: // nobody is, and the engine looks at the context
	default:
		select {
		case s.lifecycle <- struct{}{}:
		case <-ctx.Done():
			return fmt.Errorf("djangosession: wait for another call: %w", ctx.Err())
		}
	}
	defer func() { <-s.lifecycle }()
	return do()
}

// ErrNotLoaded refuses to save a session whose values were not loaded.
var ErrNotLoaded = errors.New("djangosession: the session is not loaded")

// A KeyError says that a session has no value of this name. Matches Python's KeyError.
type KeyError struct{ Name string }

func (e *KeyError) Error() string {
	return fmt.Sprintf("djangosession: no value %q in the session", e.Name)
}

// A ValueError says that a value of the session cannot be stored, or not be read as the wanted Go type. Its cause is a
// [*py.TypeError], a [*py.ScanError] or the serializer's error.
type ValueError struct {
	Name string
	Err  error
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("djangosession: session value %q: %v", e.Name, e.Err)
}

// Unwrap returns the cause.
func (e *ValueError) Unwrap() error { return e.Err }

// Key is the session key, "" for a session that was never saved. Matches session_key.
func (s *Session) Key() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.key
}

// Accessed reports whether values were read or written, which is what makes a response vary on the cookie.
func (s *Session) Accessed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accessed
}

// SetAccessed sets what [Session.Accessed] reports.
func (s *Session) SetAccessed(accessed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accessed = accessed
}

// Modified reports whether values were written, which is what makes Django save a session at the end of a request. Saving
// does not set it back.
func (s *Session) Modified() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.modified
}

// SetModified sets what [Session.Modified] reports.
func (s *Session) SetModified(modified bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.modified = modified
}

// IsEmpty reports whether the session has neither a key nor values: then Django deletes the cookie. A session with a key is
// never empty.
func (s *Session) IsEmpty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.key == "" && s.data.Len() == 0
}

// read locks the session for looking at its values. The caller unlocks it.
func (s *Session) read() *py.Dict {
	s.mu.Lock()
	s.accessed = true
	return s.data
}

// change notes that a value was set or deleted. s.mu is held.
func (s *Session) change(name any) {
	s.modified = true
	s.changes.touch(name)
}

// unstorable is a Go value without a Python form, kept until Save reports it.
type unstorable struct {
	value any
	err   error
}

// own returns a value as the caller may have it.
func own(v any) any {
	return given(py.Native(v))
}

// given returns a value that has been copied as the caller may have it.
func given(v any) any {
	if u, ok := v.(unstorable); ok {
		return u.value
	}
	return py.Resolve(v)
}

// convert returns a Go value as the session keeps it.
func convert(v any) any {
	p, err := py.From(v)
	if err != nil {
		return unstorable{value: v, err: err}
	}
	return p
}
