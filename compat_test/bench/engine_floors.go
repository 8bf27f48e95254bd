package main

import (
	"context"

	"github.com/djangobridge/djangobridge/py"
)

// floors are the minimum that loading and saving take: the same client reads or writes
// the text, and the text is decoded or encoded. They have no guarantees, such as not to
// write what another process has deleted.
type floors struct{ load, save func() error }

// A bareStore reads and writes the text of sessions, and nothing else.
type bareStore struct {
	read  func(ctx context.Context, key string) ([]byte, error)
	write func(ctx context.Context, key string, text []byte) error
	loads func(text []byte) (*py.Dict, error)
	dumps func(d *py.Dict) ([]byte, error)
}

// floors returns the work with all sessions of a site in turn, and with the values of the
// first.
func (b *bareStore) floors(ctx context.Context, s *site) *floors {
	return &floors{
		load: func() error {
			text, err := b.read(ctx, s.next())
			if err != nil {
				return err
			}
			_, err = b.loads(text)
			return err
		},
		save: func() error {
			text, err := b.dumps(s.values)
			if err != nil {
				return err
			}
			return b.write(ctx, s.keys[0], text)
		},
	}
}
