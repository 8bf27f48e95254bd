package djangosession_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// slowEngine waits for its context in Save.
type slowEngine struct {
	djangosession.Engine

	saving chan struct{} // receives a value for each Save
}

func (e slowEngine) Save(ctx context.Context, _ *djangosession.Record) error {
	e.saving <- struct{}{}
	<-ctx.Done()
	return ctx.Err()
}

func TestWaitingForAnotherCallEndsWithTheContext(t *testing.T) {
	t.Parallel()
	fast, e := site(t, nil)
	slow := slowEngine{Engine: e, saving: make(chan struct{}, 2)}
	m, err := djangosession.NewManager(slow, fast.Settings(), djangosession.Options{})
	must(err)
	s := m.New()
	must(s.Save(t.Context())) // creates it
	long, cancelLong := context.WithCancel(t.Context())
	defer cancelLong()
	done := make(chan error)
	go func() { done <- s.Save(long) }()
	<-slow.saving
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Save(short); !errors.Is(err, context.DeadlineExceeded) || len(slow.saving) > 0 {
		t.Errorf("error %v, %d calls of the engine", err, len(slow.saving))
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
