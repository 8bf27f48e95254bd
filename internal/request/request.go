// Package request is what the middlewares around one HTTP request tell each other: the session middleware makes it, and
// those for login state and CSRF, which do not know each other, meet in it.
package request

import (
	"context"
	"net/http"
	"slices"
	"sync"
)

// Shared is what the middlewares of one request have in common. The zero Shared is ready for use, by several goroutines.
type Shared struct {
	mu           sync.Mutex
	headerOut    bool           // the header of the response is decided
	changes      sync.WaitGroup // changes of the session's key for which the header waits
	beforeHeader []func(status int, header http.Header)
	atLogin      []func(ctx context.Context) error
	atLoad       []func(get func(name string) any)
	get          func(name string) any // nil until the session is loaded
}

// Key is the key under which a context has its *Shared.
type Key struct{}

// From returns what ctx has, nil if it is not that of a request inside the session middleware.
func From(ctx context.Context) *Shared {
	s, _ := ctx.Value(Key{}).(*Shared)
	return s
}

// BeforeHeader has f called once, before the final header of the response goes out and before the session is saved: the place
// of a process_response inside Django's SessionMiddleware. The last one registered runs first.
func (s *Shared) BeforeHeader(f func(status int, header http.Header)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beforeHeader = append(s.beforeHeader, f)
}

// ChangeKey runs change, which may give the session another key, and reports whether it did: once the header of the response
// is out or being decided, the browser cannot learn the new key, and change is not called. The header waits for change, which
// must not write to the response.
func (s *Shared) ChangeKey(change func() error) (ran bool, err error) {
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

// RunBeforeHeader waits for each ChangeKey that has begun, and then calls the functions that were registered with
// BeforeHeader. From here on ChangeKey changes nothing. A second call does nothing.
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

// AtLoad has f called as soon as the session is loaded, before its handler gets it; get returns a value of it, nil if there is
// none. It is the place of a process_request inside Django's SessionMiddleware.
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

// RunAtLoad calls the functions that were registered with AtLoad.
func (s *Shared) RunAtLoad(get func(name string) any) {
	s.mu.Lock()
	todo := s.atLoad
	s.atLoad, s.get = nil, get
	s.mu.Unlock()
	for _, f := range todo {
		f(get)
	}
}

// AtLogin has f called at each login in this request, after the session has its new key.
func (s *Shared) AtLogin(f func(ctx context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.atLogin = append(s.atLogin, f)
}

// RunAtLogin calls what was registered with AtLogin, in order, until an error.
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
