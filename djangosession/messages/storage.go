package messages

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/httpmw"
)

// A Storage is the messages of one request: those that are waiting for this visitor, and
// those that the request adds. [From] returns it. It is safe for concurrent use. Matches
// BaseStorage and its subclasses.
type Storage struct {
	messages  *Messages
	problem   error // why nothing works
	session   func(ctx context.Context) (*djangosession.Session, error)
	shared    *httpmw.Shared // nil outside the middleware
	readOnly  bool
	cookie    string // as received, even if the handler changes the request header
	hasCookie bool

	mu       sync.Mutex // not held while session is called for the first time, which loads it
	level    int
	received *received // nil until the cookie was decoded
	loaded   bool      // waiting is what was stored
	waiting  List      // stored messages, and those that became part of them when shown
	queued   List      // added since
	added    List      // all that this request has added
	size     int       // estimated length of the cookie with queued and received
	shown    bool      // used, in Django
	// The places from which messages came, which are emptied when they have been shown.
	inCookie, inSession bool
}

// received is the content of the request's cookie.
type received struct {
	list List
	more bool // the session has further messages
	ok   bool // it is a cookie of this site
	err  error
}

// errLate is ErrHeaderSent with the remedy.
var errLate = fmt.Errorf("messages: %w, so browsers and caches cannot learn which messages it adds or shows: "+
	"add and show messages before writing the response", djangosession.ErrHeaderSent)

// open calls do, and holds back the response header until do returns.
func (s *Storage) open(do func() error) error {
	if s.problem != nil {
		return s.problem
	}
	if s.shared == nil {
		return do()
	}
	if ran, err := s.shared.Change(do); ran {
		return err
	}
	return errLate
}

// Add adds a message. See the function [Add].
func (s *Storage) Add(ctx context.Context, m Message) error {
	if s.problem != nil {
		return s.problem
	}
	if m.Level < s.Level() || m.Text == "" {
		return nil
	}
	m = s.messages.codec.tag(m)
	item, err := s.messages.codec.appendMessage(nil, m, ",")
	if err != nil {
		return err
	}
	if s.readOnly {
		return djangosession.ErrReadOnly
	}
	return s.open(func() error {
		cost, needsSession, err := s.weigh(item)
		if err != nil {
			return err
		}
		if needsSession { // so that the caller learns if it cannot be loaded
			_, err = s.session(ctx)
		}
		if err == nil {
			err = s.queue(m)
		}
		if err != nil {
			s.unweigh(cost)
		}
		return err
	})
}

// weigh adds the cost of one more message to s.size, and reports whether the session may
// be needed to store it. It never underestimates.
func (s *Storage) weigh(item []byte) (cost int, needsSession bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.messages.kind == SessionStorage {
		return 0, true, nil
	}
	got := s.receive()
	if got.err != nil {
		return 0, false, got.err
	}
	if s.size == 0 {
		for _, m := range got.list {
			stored, err := s.messages.codec.appendMessage(nil, m, ",")
			if err != nil {
				return 0, false, err
			}
			s.size += s.messages.codec.cost(stored)
		}
	}
	cost = s.messages.codec.cost(item)
	s.size += cost
	return cost, s.messages.kind == FallbackStorage && (got.more || s.size > maxCookie-signatureRoom), nil
}

// unweigh takes back the cost of a message that was refused.
func (s *Storage) unweigh(cost int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size -= cost
}

// queue adds a message that can be stored.
func (s *Storage) queue(m Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.messages.kind == CookieStorage && s.size > maxCookie-signatureRoom {
		all := slices.Concat(s.stored(), s.queued, List{m})
		if _, ok, err := s.messages.codec.fits(all, false); err != nil || !ok {
			return ErrTooLarge
		}
	}
	s.queued, s.added = append(s.queued, m), append(s.added, m)
	return nil
}

// stored returns the messages of CookieStorage that remain stored with those that are
// queued. s.mu is held.
func (s *Storage) stored() List {
	switch {
	case s.shown:
		return nil
	case s.loaded:
		return s.waiting
	}
	return s.receive().list
}

// receive decodes the cookie. s.mu is held.
func (s *Storage) receive() *received {
	if s.received == nil {
		got := &received{}
		if s.hasCookie {
			got.list, got.more, got.ok, got.err = s.messages.codec.DecodeCookie(s.cookie)
		}
		s.received = got
	}
	return s.received
}

// Show returns the messages and marks them as shown. See the function [Show].
func (s *Storage) Show(ctx context.Context) (List, error) {
	if s.problem != nil {
		return nil, s.problem
	}
	if list, ok := s.again(); ok {
		return list, nil
	}
	var list List
	err := s.open(func() (err error) { // also if read-only, because of Vary
		list, err = s.show(ctx)
		return err
	})
	return list, err
}

// again returns the messages if all have already been shown. Then the header has nothing
// to do.
func (s *Storage) again() (List, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.shown || !s.loaded || len(s.queued) > 0 {
		return nil, false
	}
	return slices.Clone(s.waiting), true
}

func (s *Storage) show(ctx context.Context) (List, error) {
	if err := s.load(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shown = true
	s.waiting, s.queued = append(s.waiting, s.queued...), nil
	return slices.Clone(s.waiting), nil
}

// Peek returns the messages without marking them as shown. Call it before writing the
// response: if the messages are first loaded later, the error is
// [djangosession.ErrHeaderSent]. Other errors are those of loading them, or of
// [Messages.Check].
func (s *Storage) Peek(ctx context.Context) (List, error) {
	if s.problem != nil {
		return nil, s.problem
	}
	if list, ok := s.peek(); ok {
		return list, nil
	}
	if err := s.open(func() error { return s.load(ctx) }); err != nil {
		return nil, err
	}
	list, _ := s.peek()
	return list, nil
}

// peek returns the messages if they are loaded.
func (s *Storage) peek() (List, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Concat(s.waiting, s.queued), s.loaded
}

// Keep undoes [Storage.Show] as far as the response is concerned: the messages are shown
// again by the next page. Matches setting the attribute used to False.
func (s *Storage) Keep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shown = false
}

// Shown reports whether messages were shown. Matches the attribute used.
func (s *Storage) Shown() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown
}

// Level returns the lowest level that [Storage.Add] does not ignore. Matches get_level.
func (s *Storage) Level() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.level
}

// SetLevel sets the lowest level that [Storage.Add] does not ignore in this request.
// Matches set_level.
func (s *Storage) SetLevel(level int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.level = level
}
