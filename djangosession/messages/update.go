package messages

import (
	"context"
	"net/http"
	"slices"

	"github.com/djangobridge/djangobridge/internal/cookies"
)

// sessionName is the name of the messages in the session.
const sessionName = "_messages"

// load reads what is stored. s.mu is not held.
func (s *Storage) load(ctx context.Context) error {
	s.mu.Lock()
	if s.loaded {
		s.mu.Unlock()
		return nil
	}
	got := &received{more: true, ok: true}
	if s.messages.kind != SessionStorage {
		got = s.receive()
	}
	s.mu.Unlock()
	if got.err != nil {
		return got.err
	}
	var further List
	if got.ok && got.more && s.messages.kind != CookieStorage {
		session, err := s.session(ctx) // may call hooks and loggers, which may add messages
		if err != nil {
			return err
		}
		value, _ := session.Get(sessionName)
		if further, _, err = s.messages.codec.DecodeSession(value); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loaded { // by another goroutine
		return nil
	}
	s.loaded = true
	s.waiting = slices.Concat(got.list, further)
	s.inCookie, s.inSession = len(got.list) > 0, len(further) > 0
	if s.messages.kind == CookieStorage && !got.ok && s.cookie != "" { // Django deletes it
		s.shown = true
	}
	return nil
}

// Update stores the messages in the session and in the header of a response with this
// status, and adds Vary: Cookie if the response needs it. It is for programs that do not
// use [Messages.Middleware]. In read-only mode it stores nothing. Matches the method
// update of Django's storages.
//
// Call it before [djangosession.Manager.ProcessResponse], which saves the session. If
// that returns an error, discard the header of Update, which belongs to the response that
// is then not sent.
//
// Update returns the messages that could not be stored. There are some only if the
// storage is [CookieStorage], or if the session is not saved with this status; then the
// messages in the session remain, and the cookie receives as many new ones as it has room
// for.
func (s *Storage) Update(ctx context.Context, status int, header http.Header) (unstored List, err error) {
	if s.problem != nil {
		return nil, s.problem
	}
	if s.fromCookie() {
		defer vary(header)
	}
	if s.readOnly || !s.touched() {
		return nil, nil
	}
	cookieOnly := s.messages.kind != CookieStorage && s.unsaved(status, header) != nil
	if err := s.load(ctx); err != nil && !cookieOnly {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if cookieOnly {
		return s.storeWithoutSession(header), nil
	}
	return s.store(ctx, s.due(), header)
}

// fromCookie reports whether the response may contain messages of the request's cookie.
func (s *Storage) fromCookie() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loaded && s.inCookie
}

// vary keeps shared caches from showing a response with messages of the request's cookie
// to other visitors. Django's response has no Vary either, but usually a cookie, with
// which caches do not store it.
func vary(header http.Header) {
	if _, ok := cookies.Set(header, CookieName); !ok {
		cookies.Vary(header)
	}
}

// touched reports whether messages were added or shown.
func (s *Storage) touched() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown || len(s.added) > 0
}

// due returns the messages to be stored. s.mu is held.
func (s *Storage) due() List {
	if s.shown {
		return s.queued
	}
	return slices.Concat(s.waiting, s.queued)
}

// store stores messages as the site's storage does, and returns those without a place.
// s.mu is held. Matches _store.
func (s *Storage) store(ctx context.Context, list List, header http.Header) (rest List, err error) {
	switch s.messages.kind {
	case SessionStorage:
		return nil, s.storeInSession(ctx, list)
	case CookieStorage:
		return s.storeInCookie(list, newest, header)
	}
	rest = list
	if len(list) > 0 || s.inCookie {
		if rest, err = s.storeInCookie(list, oldest, header); err != nil {
			return nil, err
		}
	}
	if len(rest) > 0 || s.inSession {
		return nil, s.storeInSession(ctx, rest)
	}
	return nil, nil
}

func (s *Storage) storeInCookie(list List, keep end, header http.Header) (rest List, err error) {
	if len(list) == 0 {
		s.messages.deletion().Put(header)
		return nil, nil
	}
	value, rest, err := s.messages.codec.trim(list, keep)
	if err != nil {
		return nil, err
	}
	s.messages.cookie(value).Put(header)
	return rest, nil
}

func (s *Storage) storeInSession(ctx context.Context, list List) error {
	session, err := s.session(ctx)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		session.PopDefault(sessionName, nil)
		return nil
	}
	text, err := s.messages.codec.EncodeSession(list)
	if err == nil {
		session.Set(sessionName, text)
	}
	return err
}

// settle stores the messages when the header of the response is decided. Matches
// process_response.
func (s *Storage) settle(ctx context.Context, status int, header http.Header) {
	if s.fromCookie() {
		defer vary(header)
	}
	if s.readOnly || !s.touched() {
		return
	}
	reason := s.unsaved(status, header)
	if err := s.load(ctx); err != nil {
		reason = err
	}
	s.mu.Lock()
	var lost List
	if foreign, ok := cookies.Set(header, CookieName); ok {
		lost, reason = s.join(foreign, header), errForwarded
	} else if reason != nil && s.messages.kind != CookieStorage {
		lost = s.storeWithoutSession(header)
	} else {
		var err error
		if lost, err = s.store(ctx, s.due(), header); err != nil {
			lost = s.storeWithoutSession(header)
			reason = err
		} else {
			reason = errFull
		}
	}
	s.mu.Unlock()
	if len(lost) > 0 {
		s.messages.report(ctx, &LostError{Messages: lost, Err: reason})
	}
}

// unsaved returns why the session will not be saved with this response; nil if it will.
func (s *Storage) unsaved(status int, header http.Header) error {
	if !s.messages.release.SavesWith(status) {
		return errStatus
	}
	if _, ok := cookies.Set(header, s.messages.settings.SessionCookieName); ok {
		return errForeign
	}
	return nil
}

// storeWithoutSession stores what the cookie has room for, if the session is not saved.
// The session keeps the messages that it has. It returns the new messages without a
// place. s.mu is held.
func (s *Storage) storeWithoutSession(header http.Header) (lost List) {
	if s.messages.kind == SessionStorage {
		return s.queued
	}
	if s.shown {
		if lost, ok := s.extend(received{}, s.queued, header); ok || !s.inCookie && !s.inSession { // a cookie can have the mark alone
			return lost
		}
		s.messages.deletion().Put(header)
		return s.queued
	}
	lost, _ = s.extend(*s.receive(), s.added, header)
	return lost
}

// extend puts a cookie in place of another one: with its messages, and as many of the new
// ones as fit. It returns those that do not, and reports whether there is a new cookie.
// s.mu is held.
func (s *Storage) extend(old received, added List, header http.Header) (lost List, ok bool) {
	low, high, value := 0, len(added), "" // low messages fit, with this value
	for low < high {
		n := (low + high + 1) / 2
		longer, fits, err := s.messages.codec.fits(slices.Concat(old.list, added[:n]), old.more)
		if err == nil && fits {
			low, value = n, longer
		} else {
			high = n - 1
		}
	}
	if low == 0 {
		return added, false
	}
	s.messages.cookie(value).Put(header)
	return added[low:], true
}

// join adds the messages to a cookie that the handler has set, usually by forwarding a
// response of Django, which has received the same cookie as this request. s.mu is held.
func (s *Storage) join(value string, header http.Header) (lost List) {
	var theirs received
	theirs.list, theirs.more, theirs.ok, theirs.err = s.messages.codec.DecodeCookie(value)
	if theirs.err != nil {
		return s.added
	}
	if !s.shown {
		lost, _ = s.extend(theirs, s.added, header)
		return lost
	}
	unseen := theirs
	for _, m := range s.waiting {
		if len(unseen.list) > 0 && unseen.list[0] == m {
			unseen.list = unseen.list[1:]
		}
	}
	lost, ok := s.extend(unseen, s.queued, header)
	if ok || len(unseen.list) == len(theirs.list) {
		return lost
	}
	if len(unseen.list) == 0 && !unseen.more {
		s.messages.deletion().Put(header)
	} else if value, err := s.messages.codec.EncodeCookie(unseen.list, unseen.more); err == nil {
		s.messages.cookie(value).Put(header)
	}
	return lost
}

// replaced stores the messages with a response that replaces the handler's, because the
// session could not be saved. The visitor has seen none, so those of the request's cookie
// are kept.
func (s *Storage) replaced(ctx context.Context, header http.Header) {
	s.mu.Lock()
	lost := s.added
	if got := s.receive(); len(s.added) > 0 && s.messages.kind != SessionStorage && got.err == nil {
		lost, _ = s.extend(*got, s.added, header)
	}
	s.mu.Unlock()
	if len(lost) > 0 {
		s.messages.report(ctx, &LostError{Messages: lost, Err: errReplaced})
	}
}
