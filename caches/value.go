package caches

import (
	"fmt"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/signing"
)

// writtenProtocol is the newest pickle protocol that is written. Every Python since 3.4
// reads it. Django writes the newest protocol of its Python, which Python 3.7 and older
// cannot always read; for a session, protocol 5 has no advantage.
const writtenProtocol = 4

// Pickle converts the dicts of sessions to the pickles that Django keeps in its caches,
// and back. Reading executes nothing. Objects of unknown classes are written back
// unchanged; see [djangosession.PickleSerializer]. Create it with [NewPickle]. It is
// immutable and safe for concurrent use.
type Pickle struct {
	serializer djangosession.PickleSerializer
	limit      int
}

// NewPickle returns the format for a site. The error is a [*djangosession.SettingError].
func NewPickle(s djangosession.Settings) (*Pickle, error) {
	serializer, err := s.PickleSerializer()
	if err != nil {
		return nil, err
	}
	serializer.Protocol = min(serializer.Protocol, writtenProtocol)
	limit := s.MaxInflated
	if limit <= 0 {
		limit = signing.DefaultMaxInflated
	}
	serializer.Options.MaxSize = limit
	return &Pickle{serializer: serializer, limit: limit}, nil
}

// Protocol is the protocol that Dumps writes: 4, or that of Settings.PickleProtocol if it
// is lower.
func (p *Pickle) Protocol() int { return p.serializer.Protocol }

// Limit is the maximum length of a pickle that is read, in bytes: Settings.MaxInflated or
// its default. A cache that compresses values must not inflate more.
func (p *Pickle) Limit() int { return p.limit }

// Dumps returns the pickle of d. The error is a [*djangosession.ValueError] for a value
// that cannot be pickled, and that of [TooLarge] for a pickle that Loads would refuse.
func (p *Pickle) Dumps(d *py.Dict) ([]byte, error) {
	data, err := p.serializer.Dumps(d)
	if err == nil && len(data) > p.limit {
		return nil, TooLarge(len(data), p.limit)
	}
	return data, err
}

// TooLarge is the error for a value that is longer than Settings.MaxInflated, or its
// default. It wraps [ErrTooLarge].
func TooLarge(length, limit int) error {
	return fmt.Errorf("%w: it has %d bytes, and this service reads at most %d: store less in the session, or raise "+
		"MaxInflated of djangosession.Settings", ErrTooLarge, length, limit)
}

// Loads returns the dict in a pickle of any protocol. The error is that of
// [UnknownFormat].
func (p *Pickle) Loads(data []byte) (*py.Dict, error) {
	d, err := p.serializer.Loads(data)
	if err != nil {
		return nil, UnknownFormat(err)
	}
	return d, nil
}

// LoadsValue returns the value in a pickle of any protocol, for caches whose values
// contain the dict. [Pickle.Dict] returns the dict. The error is that of [UnknownFormat].
func (p *Pickle) LoadsValue(data []byte) (any, error) {
	v, err := p.serializer.Options.Loads(data)
	if err != nil {
		return nil, UnknownFormat(err)
	}
	return v, nil
}

// Dict returns the dict of a session from a value that LoadsValue returned, or from part
// of one. The error, for another value, is that of [UnknownFormat].
func (p *Pickle) Dict(v any) (*py.Dict, error) {
	d, err := djangosession.PickledDict(v)
	if err != nil {
		return nil, UnknownFormat(err)
	}
	return d, nil
}

// UnknownFormat is the error of [Cache.Get] for a value that is not a session in the
// format of the settings, with the reason. It wraps [djangosession.ErrUnknownFormat] and
// is a [*djangosession.DecodeError]. The reason must not contain session data.
func UnknownFormat(reason error) error {
	return fmt.Errorf("%w: %w", djangosession.ErrUnknownFormat,
		&djangosession.DecodeError{Reason: signing.BadSerialization, Err: reason})
}
