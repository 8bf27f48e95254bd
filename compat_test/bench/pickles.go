package main

import (
	"bytes"
	"fmt"

	"github.com/djangobridge/djangobridge/py/pickle"
)

// highestProtocol is the one that Django's PickleSerializer writes.
const highestProtocol = 5

// pickles measures reading and writing pickles beside CPython's own pickler, which is
// written in C. Go writes the values that it read, as for a session that is saved
// unchanged.
func (s *site) pickles() ([]work, error) {
	var reading, writing []work
	for _, size := range []string{"login", "mixed"} {
		args := map[string]any{"size": size}
		var data []byte
		var numbers []int
		if err := s.peer.do("pickle", args, &numbers); err != nil {
			return nil, err
		}
		for _, n := range numbers {
			data = append(data, byte(n))
		}
		text := string(data) // as immutable as the bytes that Python reads
		value, err := pickle.LoadsString(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", size, err)
		}
		if again, err := pickle.Dumps(value, highestProtocol); err != nil || !bytes.Equal(again, data) {
			return nil, fmt.Errorf("%s: the two sides do not write the same (%w)", size, err)
		}
		least, copied := func() error { return walk(data) }, make([]byte, 0, len(data))
		if err := least(); err != nil {
			return nil, fmt.Errorf("%s: %w", size, err)
		}
		label := map[string]string{"login": "a login session", "mixed": "a cart (1 KB: Decimals, a set, a UUID)"}[size]
		reading = append(reading, work{name: "loads/" + size, table: tableSessions, label: "read the pickle of " + label, sides: sides{
			theirs: s.peer.timed("loads", args),
			ours: func() error {
				_, err := pickle.LoadsString(text)
				return err
			},
			floor: least,
		}})
		writing = append(writing, work{name: "dumps/" + size, table: tableSessions, label: "write the pickle of " + label, sides: sides{
			theirs: s.peer.timed("dumps", args),
			ours: func() error {
				_, err := pickle.Dumps(value, highestProtocol)
				return err
			},
			floor: func() error {
				copied = append(copied[:0], data...)
				return walk(copied)
			},
		}})
	}
	return append(reading, writing...), nil
}
