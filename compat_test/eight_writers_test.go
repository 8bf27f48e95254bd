package compat_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// TestEightWriters has eight writers change one value each of one session, a thousand
// times. With merged saves, no change is lost.
func TestEightWriters(t *testing.T) {
	t.Parallel()
	for _, product := range databases() {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			s := djangosession.NewSettings("compat-secret-key")
			p := &pair{base: newDatabase(t, product)}
			p.sessions, p.engine = p.site(t, s, tables.Options{})
			if err := p.engine.CreateTable(t.Context()); err != nil {
				t.Fatal(err)
			}
			p.sessions = newManager(t, p.engine, p.sessions.Settings(), djangosession.Options{StrictLoad: true, MergeSaves: true})
			first := p.sessions.New()
			save(t, first)
			const writers, rounds = 8, 1000
			errs := make(chan error, writers)
			began := time.Now()
			for w := range writers {
				go func() { errs <- write(t, p.sessions, first.Key(), fmt.Sprintf("writer%d", w), rounds) }()
			}
			for range writers {
				if err := <-errs; err != nil {
					t.Error(err)
				}
			}
			t.Logf("%d writers, %d rounds each, took %v", writers, rounds, time.Since(began))
			end := p.load(t, first.Key())
			for w := range writers {
				name := fmt.Sprintf("writer%d", w)
				if n, err := djangosession.Value[int](end, name); n != rounds || err != nil {
					t.Errorf("%s has counted to %d, %v", name, n, err)
				}
			}
		})
	}
}

// write increments a value of a session.
func write(t *testing.T, sessions *djangosession.Manager, key, name string, rounds int) error {
	t.Helper()
	for round := range rounds {
		s, err := sessions.Load(t.Context(), key)
		if err != nil {
			return err
		}
		n := 0
		if s.Contains(name) {
			if n, err = djangosession.Value[int](s, name); err != nil {
				return err
			}
		}
		if n != round {
			return fmt.Errorf("%s is %d, want %d", name, n, round)
		}
		s.Set(name, n+1)
		if err := s.Save(t.Context()); err != nil {
			return err
		}
	}
	return nil
}
