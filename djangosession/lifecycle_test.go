package djangosession_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// slowEngine waits for its context in Save.
type slowEngine struct{ djangosession.Engine }

func (slowEngine) Save(ctx context.Context, _ *djangosession.Record) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestWaitingForAnotherCallEndsWithTheContext(t *testing.T) {
	t.Parallel()
	fast, e := site(t, nil)
	m, err := djangosession.NewManager(slowEngine{e}, fast.Settings(), djangosession.Options{})
	must(err)
	s := m.New()
	must(s.Save(t.Context())) // creates it
	long, cancelLong := context.WithCancel(t.Context())
	defer cancelLong()
	done := make(chan error)
	go func() { done <- s.Save(long) }()
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Save(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	cancelLong()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestDeleteStoredLeavesTheValues(t *testing.T) {
	t.Parallel()
	m, _ := site(t, nil)
	s := m.New()
	must(s.DeleteStored(t.Context())) // nothing is stored
	s.Set("a", 1)
	must(s.Save(t.Context()))
	must(s.DeleteStored(t.Context()))
	if !s.Contains("a") || s.Key() == "" {
		t.Error("the values or the key are gone")
	}
	if err := s.Save(t.Context()); !errors.Is(err, djangosession.ErrSessionGone) {
		t.Errorf("error %v, want ErrSessionGone", err)
	}
}
