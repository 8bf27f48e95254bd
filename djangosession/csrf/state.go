package csrf

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/cookies"
	"github.com/djangobridge/djangobridge/internal/waitlock"
)

// sessionName is the session key of the secret.
const sessionName = "_csrftoken"

var errNotText = errors.New("csrf: the secret in the session is not text")

// secret is a browser's secret, and its stored form in the cookie or session.
type secret struct {
	plain, stored string
	remasked      bool // stored differs from the browser's cookie; Django 4.0 then sends it
}

// state is the CSRF state of one request. It is safe for concurrent use.
type state struct {
	*Protection
	cookieText string // as received, even if the handler changes the request header
	hasCookie  bool
	readOnly   bool // neither the cookie nor the session may be written

	atLoad atomic.Pointer[any] // value of sessionName when the session was loaded

	checking waitlock.Mutex // guards checked; held while the form is read
	checked  bool

	mu      sync.Mutex // guards the fields below; never held while waiting
	loaded  bool
	current *secret                // nil if there is no secret
	send    bool                   // current is sent with the response
	used    bool                   // a token was returned, or the secret was replaced
	session *djangosession.Session // where current is sent if it is not sent in a cookie
	spools  []*spool
	closed  bool // the handler has returned
}

type stateKey struct{}

func stateFrom(ctx context.Context) (*state, error) {
	if s, ok := ctx.Value(stateKey{}).(*state); ok {
		return s, nil
	}
	return nil, ErrNoMiddleware
}

// token returns the token for a page. The response then sends the secret, which renews
// the cookie of an active browser. Matches get_token.
func (s *state) token(ctx context.Context) (string, error) {
	session, err := s.openSession(ctx)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(session); err != nil {
		return "", err
	}
	if s.current == nil {
		if s.readOnly { // the tokens of a new secret would never be accepted
			return "", djangosession.ErrReadOnly
		}
		s.current = s.newSecret()
	}
	s.session, s.send, s.used = session, true, true
	return mask(s.current.plain)
}

// rotate replaces the secret. Matches rotate_token.
func (s *state) rotate(ctx context.Context) error {
	if s.readOnly {
		return djangosession.ErrReadOnly
	}
	session, err := s.openSession(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current, s.session, s.send, s.used, s.loaded = s.newSecret(), session, true, true, true
	return nil
}

// openSession returns the session if it stores the secret, and nil if a cookie does.
func (s *state) openSession(ctx context.Context) (session *djangosession.Session, err error) {
	if s.settings.CSRFUseSessions {
		session, err = djangosession.FromContext(ctx)
	}
	return session, err
}

func (p *Protection) newSecret() *secret {
	plain := newSecret()
	if p.masksNew() {
		return &secret{plain: plain, stored: masked(plain)}
	}
	return &secret{plain: plain, stored: plain}
}

// masked is mask for a valid secret.
func masked(plain string) string {
	m, _ := mask(plain)
	return m
}

// load takes the secret of the request. s.mu is held. Matches process_request.
func (s *state) load(session *djangosession.Session) error {
	if s.loaded {
		return nil
	}
	incoming, problem, err := s.incomingSecret(session, true)
	if err != nil {
		return err
	}
	s.loaded = true
	switch {
	case s.readOnly && !s.settings.CSRFUseSessions && formProblem(s.cookieText) != "":
		incoming = nil // a new secret would not be stored
	case problem != "":
		incoming, s.send = s.newSecret(), true
	case incoming != nil && incoming.remasked:
		s.send = !s.readOnly
	}
	s.current = incoming
	return nil
}

// incomingSecret returns the secret of the request, nil without a secret, or the problem
// with it. The session may have been flushed in the request: with first, its secret at
// load time is used. Matches _get_secret.
func (s *state) incomingSecret(session *djangosession.Session, first bool) (have *secret, problem string, err error) {
	if session != nil {
		have, err = s.fromSession(session, first)
		return have, "", err
	}
	if !s.hasCookie {
		return nil, "", nil
	}
	text := s.cookieText
	problem = formProblem(text)
	switch {
	case problem != "" && s.rules.checksOrigin:
		return nil, problem, nil
	case problem != "": // replaced by one that matches no token, and that is sent only if a page uses it
		return s.newSecret(), "", nil
	case len(text) == tokenLength:
		return s.unmasked(text), "", nil
	case s.rules.storesSecrets:
		return &secret{plain: text, stored: text}, "", nil
	}
	return &secret{plain: text, stored: masked(text), remasked: s.rules.checksOrigin}, "", nil
}

func (p *Protection) unmasked(text string) *secret {
	plain, _ := unmask(text)
	if p.rules.storesSecrets {
		return &secret{plain: plain, stored: plain}
	}
	return &secret{plain: plain, stored: text}
}

// fromSession returns the secret of the session. Like Django, it does not check its form.
func (s *state) fromSession(session *djangosession.Session, first bool) (*secret, error) {
	value, _ := session.Get(sessionName)
	if before := s.atLoad.Load(); first && before != nil {
		value = *before
	}
	if value == nil {
		return nil, nil //nolint:nilnil // no secret
	}
	text, ok := value.(string)
	if !ok {
		return nil, errNotText
	}
	if len(text) != tokenLength && s.rules.storesSecrets {
		return &secret{plain: text, stored: text}, nil
	}
	if _, ok := unmask(text); !ok {
		return nil, errAlphabet
	}
	return s.unmasked(text), nil
}

// answer sends the secret with the response, if necessary. A cookie that the handler
// wrote itself is kept, because it belongs to the page that the handler forwards. Matches
// process_response.
func (s *state) answer(header http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.settings.CSRFUseSessions {
		if err := s.load(nil); err != nil { // an invalid cookie is replaced; loading a cookie never fails
			return
		}
	}
	if !s.send {
		return
	}
	if s.session != nil { // a read-only session is left unchanged
		if value, _ := s.session.Get(sessionName); value != s.current.stored && !s.readOnly {
			s.session.Set(sessionName, s.current.stored)
		}
		return
	}
	cookies.Vary(header)
	if value, ok := cookies.Set(header, s.settings.CSRFCookieName); ok {
		if len(value) == tokenLength {
			value, _ = unmask(value)
		}
		if s.used && value != s.current.plain {
			s.options.Logger.Error("csrf: the response already sets this cookie, and the tokens of its page do not match it: " +
				"do not call Token where a handler forwards Django's response")
		}
		return
	}
	if !s.readOnly { // otherwise the browser keeps its cookie until it expires
		s.cookie(s.current.stored).Put(header)
	}
}

// keep takes over a request body that has been read. A check that ends after the handler
// has returned may no longer keep it.
func (s *state) keep(read *spool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		read.close()
		return
	}
	s.spools = append(s.spools, read)
}

// close releases the request body kept by s, after the handler has returned.
func (s *state) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, kept := range s.spools {
		kept.close()
	}
}
