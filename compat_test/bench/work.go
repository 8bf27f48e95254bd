package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
)

// work is a piece of work that both sides do.
type work struct {
	sides

	name         string // of the row
	table, label string // in the documentation
}

// codecs measures decoding and encoding of sessions of three sizes.
func (s *site) codecs() ([]work, error) {
	codec, err := djangosession.NewCodec(s.settings)
	if err != nil {
		return nil, err
	}
	var decoding, encoding []work
	for _, size := range []string{"login", "2KB", "20KB"} {
		label := " " + cmp.Or(map[string]string{"login": "a login session (170 bytes)"}[size], strings.Replace(size, "KB", " KB", 1))
		args := map[string]any{"size": size}
		var made struct{ Text, Payload string }
		if err := s.peer.do("text", args, &made); err != nil {
			return nil, err
		}
		values, err := same(codec, made.Text, made.Payload)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", size, err)
		}
		floor, err := newFloor(made.Text, made.Payload)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", size, err)
		}
		decoding = append(decoding, work{name: "decode/" + size, table: tableSessions, label: "decode" + label, sides: sides{
			theirs: s.peer.timed("decode", args),
			ours: func() error {
				_, err := codec.Decode(made.Text)
				return err
			},
			floor: floor.read,
		}})
		encoding = append(encoding, work{name: "encode/" + size, table: tableSessions, label: "encode" + label, sides: sides{
			theirs: s.peer.timed("encode", args),
			ours: func() error {
				_, err := codec.Encode(values)
				return err
			},
			floor: floor.write,
		}})
	}
	return append(decoding, encoding...), nil
}

// same checks that Go reads the values that Django wrote into a text. It returns the
// session with all values built, as Django has them.
func same(codec *djangosession.Codec, text, payload string) (*py.Dict, error) {
	read, err := codec.Decode(text)
	if err != nil {
		return nil, err
	}
	built, err := pyjson.Loads([]byte(payload))
	if err != nil {
		return nil, err
	}
	values, ok := built.(*py.Dict)
	if !ok {
		return nil, errors.New("the session is no dict")
	}
	for _, d := range []*py.Dict{read, values} {
		if data, err := pyjson.Dumps(d); err != nil || string(data) != payload {
			return nil, fmt.Errorf("the two sides do not read the same (%w)", err)
		}
	}
	return values, nil
}

// rows measures loading and saving of logins.
func (s *site) rows(ctx context.Context) ([]work, error) {
	session, err := s.sessions.Load(ctx, s.keys[0])
	if err != nil {
		return nil, err
	}
	least, err := s.engine.bare(ctx, s)
	if err != nil {
		return nil, err
	}
	return []work{
		{name: "load/" + s.engine.name, table: tableEngines, label: "load: " + s.engine.label, sides: sides{
			theirs: s.peer.timed("load", nil),
			ours: func() error {
				_, err := s.store.Load(ctx, s.next())
				return err
			},
			floor: least.load,
		}},
		{name: "save/" + s.engine.name, table: tableEngines, label: "save: " + s.engine.label, sides: sides{
			theirs: s.peer.timed("save", nil),
			ours:   func() error { return session.Save(ctx) },
			floor:  least.save,
		}},
	}, nil
}
