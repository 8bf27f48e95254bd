package main

import (
	"context"
	"errors"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

var errNoSession = errors.New("the order does not say which session")

// session performs the operations of SessionStore.
func (p *peer) session(ctx context.Context, op string, o *order, a *args) (any, error) {
	s, err := p.sites.get(o.Site)
	if err != nil {
		return nil, err
	}
	switch op {
	case "clear_expired":
		return s.sessions.ClearExpired(ctx, djangosession.ClearOptions{})
	case "open":
		return p.open(s, o.Session, a.text("key"))
	case "folder":
		return s.folder(ctx)
	case "file":
		return s.file(ctx, a.text("key"))
	}
	if o.Session == nil || *o.Session < 0 || *o.Session >= len(p.sessions) {
		return nil, errNoSession
	}
	h := p.sessions[*o.Session]
	if h.site != s { // the settings have changed
		if err := h.carry(ctx, s, h.session.Accessed()); err != nil {
			return nil, err
		}
	}
	// Each function handles the operations that it knows and leaves the rest to the next.
	for _, do := range []func(context.Context, string, *args) (any, error){h.state, h.store, h.read, h.write, h.expiry} {
		if result, err := do(ctx, op, a); !errors.Is(err, errUnknownOp) {
			return result, err
		}
	}
	return nil, errUnknownOp
}

// open returns the number of the session that Django continues with.
func (p *peer) open(s *site, number *int, key string) (any, error) {
	if number == nil {
		n := len(p.sessions)
		p.sessions, number = append(p.sessions, &held{}), &n
	}
	p.sessions[*number].open(s, key)
	return *number, nil
}

// state handles operations on the session itself. None of them loads it.
func (h *held) state(ctx context.Context, op string, a *args) (any, error) {
	s := h.session
	switch op {
	case "key":
		return s.Key(), nil
	case "new_key":
		return djangosession.NewKey(), nil
	case "loaded":
		return h.loaded, nil
	case "forget":
		h.open(h.site, s.Key())
	case "accessed":
		return s.Accessed(), nil
	case "set_accessed":
		return nil, h.carry(ctx, h.site, get[bool](a, "value"))
	case "modified":
		return s.Modified(), nil
	case "set_modified":
		s.SetModified(get[bool](a, "value"))
	case "is_empty":
		return s.IsEmpty(), nil
	case "clear":
		s.Clear()
		h.loaded = true
	case "encode":
		return h.site.codec.Encode(get[*py.Dict](a, "values"))
	case "decode":
		return h.site.codec.Decode(a.text("text"))
	default:
		return nil, errUnknownOp
	}
	return nil, nil
}

// store handles operations on the stored session.
func (h *held) store(ctx context.Context, op string, a *args) (any, error) {
	if h.site.abstract {
		if err := h.giveKey(ctx); err != nil {
			return nil, err
		}
	}
	s := h.session
	switch op {
	case "exists":
		return s.Exists(ctx, a.text("key"))
	case "load":
		if err := h.reload(ctx); err != nil {
			return nil, err
		}
		return s.Dict(), nil
	case "create":
		return nil, s.Create(ctx)
	case "save":
		if get[bool](a, "must_create") {
			return nil, s.SaveMustCreate(ctx)
		}
		if err := h.load(ctx); err != nil {
			return nil, err
		}
		return nil, s.Save(ctx)
	case "delete":
		// Django's signed_cookies ignores the key.
		if key := a.text("key"); key != "" && !h.site.sessions.Stateless() {
			return nil, h.site.sessions.Delete(ctx, key)
		}
		h.loaded = h.loaded || h.site.sessions.Stateless()
		return nil, s.DeleteStored(ctx)
	case "flush":
		h.loaded = true
		return nil, s.Flush(ctx)
	case "cycle_key":
		if err := h.load(ctx); err != nil {
			return nil, err
		}
		return nil, s.CycleKey(ctx)
	}
	return nil, errUnknownOp
}
