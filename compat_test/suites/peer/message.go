package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/messages"
	"github.com/djangobridge/djangobridge/py"
)

// board is the message storage of one request in Django.
type board struct {
	storage *messages.Storage
	session *djangosession.Session // nil until Go has used it
	added   bool
}

var (
	errNoBoard    = errors.New("the order does not say which storage")
	errUnreadable = errors.New("the session is not to be read")
)

// message performs the operations of message storages.
func (p *peer) message(ctx context.Context, op string, o *order, a *args) (any, error) {
	settings, err := p.sites.settings(o.Site)
	if err != nil {
		return nil, err
	}
	m, err := messages.New(settings, messages.Options{})
	if err != nil {
		return nil, err
	}
	switch op {
	case "open":
		return p.openBoard(ctx, m, &settings, a)
	case "add_without_middleware":
		return nil, messages.Add(ctx, messages.Message{Level: int(get[int64](a, "level")), Text: a.text("text")})
	case "encode_cookie", "encode_session", "decode_cookie", "decode_session":
		return code(m.Codec(), op, a)
	}
	number := get[int64](a, "number")
	if number < 0 || number >= int64(len(p.boards)) {
		return nil, errNoBoard
	}
	return p.boards[number].do(ctx, m.Codec(), op, a)
}

// openBoard returns the number of a storage of a request with a cookie and a session. A
// storage with the given number is replaced, and its level kept.
func (p *peer) openBoard(ctx context.Context, m *messages.Messages, s *djangosession.Settings, a *args) (any, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	header := http.Header{}
	if a.has("cookie") {
		header.Set("Cookie", messages.CookieName+"="+a.text("cookie"))
	}
	b := &board{}
	engine := &given{data: a.value("content")}
	s.SessionEngine = "base"
	sessions, err := djangosession.NewManager(engine, *s, djangosession.Options{})
	if err != nil {
		return nil, err
	}
	b.storage = m.NewStorage(header, func(ctx context.Context) (*djangosession.Session, error) {
		if !a.has("content") {
			return nil, djangosession.ErrNoMiddleware
		}
		if b.session == nil {
			b.session = sessions.Open(anyKey)
		}
		return b.session, b.session.Load(ctx)
	})
	if !a.has("content") && s.MessageStorage == messages.SessionStorage {
		if _, err := b.storage.Peek(ctx); err != nil {
			return nil, err
		}
	}
	if !a.has("number") {
		p.boards = append(p.boards, b)
		return len(p.boards) - 1, nil
	}
	number := get[int64](a, "number")
	b.storage.SetLevel(p.boards[number].storage.Level())
	p.boards[number] = b
	return number, nil
}

// given is an engine whose sessions have the content of the session in Django.
type given struct {
	unimplemented
	data any
}

// Load implements [djangosession.Engine].
func (g *given) Load(_ context.Context, key string) (*djangosession.Record, error) {
	d, ok := g.data.(*py.Dict)
	if !ok {
		return nil, errUnreadable
	}
	return &djangosession.Record{Key: key, Data: d}, nil
}

func (b *board) do(ctx context.Context, c *messages.Codec, op string, a *args) (any, error) {
	s := b.storage
	switch op {
	case "add":
		list, err := read(c, py.NewList(a.value("message")))
		if err != nil {
			return nil, err
		}
		before := s.Level() <= list[0].Level
		err = s.Add(ctx, list[0])
		b.added = b.added || before && err == nil && list[0].Text != ""
		return nil, err
	case "show":
		list, err := s.Show(ctx)
		if err != nil {
			return nil, err
		}
		return written(c, list)
	case "peek":
		list, err := s.Peek(ctx)
		if err != nil {
			return nil, err
		}
		return written(c, list)
	case "shown":
		return s.Shown(), nil
	case "keep":
		s.Keep()
		return nil, nil
	case "added":
		return b.added, nil
	case "level":
		return s.Level(), nil
	case "set_level":
		s.SetLevel(int(get[int64](a, "level")))
		return nil, nil
	case "update":
		return b.update(ctx, c)
	}
	return nil, errUnknownOp
}

// update ends the request, and returns the cookies and the session after it.
func (b *board) update(ctx context.Context, c *messages.Codec) (any, error) {
	header := http.Header{}
	rest, err := b.storage.Update(ctx, http.StatusOK, header)
	if err != nil {
		return nil, err
	}
	unstored, err := written(c, rest)
	if err != nil {
		return nil, err
	}
	lines := append([]string{}, header.Values("Set-Cookie")...) // a list even if there are none
	result := map[string]any{"cookies": lines, "unstored": unstored, "session": nil}
	if b.session != nil && b.session.Modified() {
		result["session"] = b.session.Dict()
	}
	return result, nil
}

// code encodes or decodes messages.
func code(c *messages.Codec, op string, a *args) (any, error) {
	switch op {
	case "encode_cookie":
		list, err := read(c, get[*py.List](a, "messages"))
		if err != nil {
			return nil, err
		}
		return c.EncodeCookie(list, get[bool](a, "more"))
	case "encode_session":
		list, err := read(c, get[*py.List](a, "messages"))
		if err != nil {
			return nil, err
		}
		return c.EncodeSession(list)
	case "decode_cookie":
		list, more, ok, err := c.DecodeCookie(a.text("text"))
		if err != nil || !ok {
			return nil, err
		}
		items, err := written(c, list)
		return map[string]any{"messages": items, "more": more}, err
	}
	list, _, err := c.DecodeSession(a.value("value"))
	if err != nil {
		return nil, err
	}
	return written(c, list)
}

// read returns messages that Django sent.
func read(c *messages.Codec, items *py.List) (messages.List, error) {
	list := messages.List{}
	for _, v := range items.Items {
		d, ok := v.(*py.Dict)
		if !ok {
			return nil, errNoBoard
		}
		fields := &args{values: d}
		if fields.has("item") { // not a message
			found, _, err := c.DecodeSession("[" + fields.text("item") + "]")
			if err != nil {
				return nil, err
			}
			list = append(list, found...)
			continue
		}
		m := messages.Message{
			Level: int(get[int64](fields, "level")), Text: fields.text("text"),
			Safe: get[bool](fields, "safe"), ExtraTags: fields.text("extra_tags"),
		}
		list = append(list, m)
		if fields.err != nil {
			return nil, fields.err
		}
	}
	return list, nil
}

// written returns messages for Django, each as it is stored in a session, with its tags.
func written(c *messages.Codec, list messages.List) (any, error) {
	items := []any{}
	for _, m := range list {
		text, err := c.EncodeSession(messages.List{m})
		if err != nil {
			return nil, err
		}
		items = append(items, map[string]any{"stored": text[1 : len(text)-1], "tags": m.Tags(), "level_tag": m.LevelTag()})
	}
	return items, nil
}
