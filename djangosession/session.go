package djangosession

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/djangobridge/djangobridge/py"
)

// A Session is the session of one visitor: a dict with a key, an expiry, and a record of
// whether it was used and changed. It is safe for concurrent use. Get one from a
// [Manager]. Matches SessionBase.
//
// A Session returns copies of its values and stores copies of what it is given. Changing
// a list in place does not change the session until it is set again. (Django's sessions
// share their values, and lose such changes unless the program sets modified.)
type Session struct {
	manager *Manager

	// lifecycle is held during calls to the engine, so that they run one at a time. Its
	// holder is the one that sent a value.
	lifecycle chan struct{}

	mu       sync.Mutex // guards the fields below; never held while waiting
	key      string
	data     *py.Dict
	ends     py.DateTime // as loaded
	loaded   bool        // data is what is stored, or replaces it
	changes  changes
	accessed bool
	modified bool
	doubtful []string // further keys under which it may be stored, because the engine's answer was lost
	outdated error    // why the stored data must not be overwritten: the settings are out of date
	blank    string   // the key under which startOver has stored an empty session, until it is saved
	gone     string   // a key that was found to be deleted: while the session has it, an unchanged session is not stored
}

func newSession(m *Manager, key string) *Session {
	return &Session{manager: m, lifecycle: make(chan struct{}, 1), key: key, data: py.NewDict(0), loaded: key == ""}
}

// locked calls do, with a context for the engine, while no other call of this session
// uses the engine. The error is that of do, or the end of ctx.
func (s *Session) locked(ctx context.Context, do func(ctx context.Context) error) error {
	select {
	case s.lifecycle <- struct{}{}: // free at once; the engine checks the context
	default:
		select {
		case s.lifecycle <- struct{}{}:
		case <-ctx.Done():
			return fmt.Errorf("djangosession: wait for another call: %w", ctx.Err())
		}
	}
	defer func() { <-s.lifecycle }()
	return do(withoutSession(ctx))
}

// ErrNotLoaded reports an attempt to save a session whose values were not loaded.
var ErrNotLoaded = errors.New("djangosession: the session is not loaded")

// A KeyError reports that a session has no value of this name. Matches Python's KeyError.
type KeyError struct{ Name string }

func (e *KeyError) Error() string {
	return fmt.Sprintf("djangosession: no value %q in the session", e.Name)
}

// A ValueError reports that a value of the session cannot be stored, or cannot be read as
// the requested Go type. Its cause is a [*py.TypeError], a [*py.ScanError] or the
// serializer's error.
type ValueError struct {
	Name string
	Err  error
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("djangosession: session value %q: %v", e.Name, e.Err)
}

// Unwrap returns the cause.
func (e *ValueError) Unwrap() error { return e.Err }

// Key returns the session key; "" if the session was never saved. Matches session_key.
func (s *Session) Key() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.key
}

// SettledKey is [Session.Key] after the calls that use the engine at the moment, such as
// [Session.CycleKey] in another goroutine. While one runs, the session may already be
// stored under a key that Key does not return yet. The error is the end of ctx.
func (s *Session) SettledKey(ctx context.Context) (key string, err error) {
	err = s.locked(ctx, func(context.Context) error {
		key = s.Key()
		return nil
	})
	return key, err
}

// Accessed reports whether values were read or written. If so, the response varies on the
// cookie.
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

// Modified reports whether values were written. If so, the session is saved at the end of
// the request. Saving does not reset it.
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

// IsEmpty reports whether the session has neither a key nor values. Django then deletes
// the cookie. A session with a key is never empty.
func (s *Session) IsEmpty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.key == "" && s.data.Len() == 0
}

// read locks the session and returns its values. The caller must unlock it.
func (s *Session) read() *py.Dict {
	s.mu.Lock()
	s.accessed = true
	return s.data
}

// change records that a value was set or deleted. s.mu is held.
func (s *Session) change(name any) {
	s.modified = true
	s.changes.touch(name)
}

// unstorable is a Go value that has no Python form. It is kept until Save reports it.
type unstorable struct {
	value any
	err   error
}

// own returns a copy of a value, in the form for the caller.
func own(v any) any {
	return given(py.Native(v))
}

// given returns a value that has been copied, in the form for the caller.
func given(v any) any {
	if u, ok := v.(unstorable); ok {
		return u.value
	}
	return py.Resolve(v)
}

// convert returns a Go value in the form that the session stores.
func convert(v any) any {
	p, err := py.From(v)
	if err != nil {
		return unstorable{value: v, err: err}
	}
	return p
}
