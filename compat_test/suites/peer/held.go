package main

import (
	"context"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
)

// held is a session that Django is using.
type held struct {
	session *djangosession.Session
	site    *site
	loaded  bool // true also if there is nothing to load
}

// open opens the session with this key, as SessionStore(session_key) does.
func (h *held) open(s *site, key string) {
	h.session, h.site = s.sessions.Open(key), s
	h.loaded = h.session.Key() == ""
}

// load loads the session unless that has happened already. Django's sessions load
// themselves on first use.
func (h *held) load(ctx context.Context) error {
	if h.loaded {
		return nil
	}
	return h.reload(ctx)
}

func (h *held) reload(ctx context.Context) error {
	err := h.session.Load(ctx)
	h.loaded = err == nil
	return err
}

// carrier is an engine that answers the next Load with a record of the caller's. In
// Django, settings change during a session and any code can set its flags. In Go these
// belong to the Manager and to the session. The peer therefore makes a session of the
// right Manager with the right flags, which loads the content of the old one.
type carrier struct {
	djangosession.Engine
	next *djangosession.Record
}

// Load implements [djangosession.Engine].
func (c *carrier) Load(ctx context.Context, key string) (*djangosession.Record, error) {
	if r := c.next; r != nil {
		c.next = nil
		return r, nil
	}
	return c.Engine.Load(ctx, key)
}

// statelessCarrier is a carrier of an engine that stores nothing.
type statelessCarrier struct{ *carrier }

// Stateless implements [djangosession.Stateless].
func (statelessCarrier) Stateless() {}

// anyKey is a key for which a manager asks its engine.
var anyKey = strings.Repeat("k", djangosession.KeyLength) //nolint:gochecknoglobals // a constant

// giveKey gives a session of the engine without a store a key. Django's SessionBase has
// methods of a store that raise an exception in any case. In Go they belong to the
// engine, which is asked only for sessions with a key.
func (h *held) giveKey(ctx context.Context) error {
	h.site.carrier.next = &djangosession.Record{Key: anyKey, Data: h.session.Dict()}
	h.session = h.site.sessions.Open(anyKey)
	return h.session.Load(ctx)
}

// carry moves the session to another site. It keeps the key, the values and the modified
// flag, and sets the accessed flag.
func (h *held) carry(ctx context.Context, to *site, accessed bool) error {
	old, modified := h.session, h.session.Modified()
	s := to.sessions.Open(old.Key())
	if h.loaded {
		to.carrier.next = &djangosession.Record{Key: old.Key(), Data: old.Dict()}
		s = to.sessions.Open(anyKey)
		if err := s.Load(ctx); err != nil {
			return err
		}
	}
	if accessed {
		s.Contains("")
	}
	s.SetModified(modified)
	h.session, h.site = s, to
	return nil
}
