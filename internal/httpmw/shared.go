// Package httpmw holds what the HTTP middlewares for sessions, logins, CSRF and messages
// have in common:
//
//   - [Shared], the state of one request. The session middleware creates it. The login,
//     CSRF and messages middlewares, which do not import each other, communicate through
//     it.
//   - [Answer], which gives an error handler a default status.
//   - [RemoveFiles], which removes the files of forms that were parsed in copies of a request.
package httpmw

import (
	"context"
	"net/http"
	"slices"
	"sync"
)

// Shared is the common state of the middlewares of one request. The zero Shared is ready
// for use. It is safe for concurrent use.
type Shared struct {
	// ReadOnly reports whether the request must store nothing, here and in the browser.
	// It does not change after the session middleware has passed the request on.
	ReadOnly bool

	mu           sync.Mutex
	headerOut    bool           // the response header has been decided
	changes      sync.WaitGroup // running Change calls, which the header waits for
	beforeHeader []func(status int, header http.Header)
	atReplace    []func(header http.Header)
	atLogin      []func(ctx context.Context) error
	atLoad       []func(get func(name string) any)
	get          func(name string) any // nil until the session is loaded
}

// Key is the context key of a *Shared.
type Key struct{}

// From returns the *Shared of ctx, or nil if ctx does not belong to a request inside the
// session middleware.
func From(ctx context.Context) *Shared {
	s, _ := ctx.Value(Key{}).(*Shared)
	return s
}

// BeforeHeader registers f to be called once, before the final header of the response is
// sent and before the session is saved. It corresponds to process_response in a
// middleware inside Django's SessionMiddleware. The function registered last runs first.
func (s *Shared) BeforeHeader(f func(status int, header http.Header)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beforeHeader = append(s.beforeHeader, f)
}

// Change runs change, whose effect the browser learns from the response header, such as a
// new session key or a message, and reports whether it did. Once the header has been sent
// or is being decided, change is not called. The header waits for change, which must not
// write to the response.
func (s *Shared) Change(change func() error) (ran bool, err error) {
	s.mu.Lock()
	if s.headerOut {
		s.mu.Unlock()
		return false, nil
	}
	s.changes.Add(1)
	s.mu.Unlock()
	defer s.changes.Done()
	return true, change()
}

// RunBeforeHeader waits for every Change call in progress and then calls the functions
// registered with BeforeHeader. From then on Change has no effect. A second call does
// nothing.
func (s *Shared) RunBeforeHeader(status int, header http.Header) {
	s.mu.Lock()
	s.headerOut = true
	s.mu.Unlock()
	s.changes.Wait()
	s.mu.Lock()
	todo := s.beforeHeader
	s.beforeHeader = nil
	s.mu.Unlock()
	for _, f := range slices.Backward(todo) {
		f(status, header)
	}
}

// AtReplace registers f to be called if the response is replaced because the session
// could not be saved. The header is then that of the new response, without the fields
// that the handler and the functions of BeforeHeader have set.
func (s *Shared) AtReplace(f func(header http.Header)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.atReplace = append(s.atReplace, f)
}

// RunAtReplace calls the functions registered with AtReplace.
func (s *Shared) RunAtReplace(header http.Header) {
	s.mu.Lock()
	todo := s.atReplace
	s.mu.Unlock()
	for _, f := range todo {
		f(header)
	}
}

// AtLoad registers f to be called as soon as the session is loaded, before the handler
// receives it. The argument get returns a value of the session, or nil if it is not set.
// It corresponds to process_request in a middleware inside Django's SessionMiddleware.
func (s *Shared) AtLoad(f func(get func(name string) any)) {
	s.mu.Lock()
	get := s.get
	if get == nil {
		s.atLoad = append(s.atLoad, f)
	}
	s.mu.Unlock()
	if get != nil {
		f(get)
	}
}

// RunAtLoad calls the functions registered with AtLoad.
func (s *Shared) RunAtLoad(get func(name string) any) {
	s.mu.Lock()
	todo := s.atLoad
	s.atLoad, s.get = nil, get
	s.mu.Unlock()
	for _, f := range todo {
		f(get)
	}
}

// Loaded reports whether the session is loaded.
func (s *Shared) Loaded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.get != nil
}

// AtLogin registers f to be called at each login in this request, after the session has
// received its new key.
func (s *Shared) AtLogin(f func(ctx context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.atLogin = append(s.atLogin, f)
}

// RunAtLogin calls the functions registered with AtLogin in order and stops at the first
// error.
func (s *Shared) RunAtLogin(ctx context.Context) error {
	s.mu.Lock()
	todo := s.atLogin
	s.mu.Unlock()
	for _, f := range todo {
		if err := f(ctx); err != nil {
			return err
		}
	}
	return nil
}
