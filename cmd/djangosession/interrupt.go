package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// interruption is the signal with which the user ended the program.
type interruption struct{ signal os.Signal }

func (i interruption) Error() string { return "interrupted before the end" }

// status is the exit status that shells report for a program that was ended by this
// signal.
func (i interruption) status() int {
	if number, ok := i.signal.(syscall.Signal); ok {
		return 128 + int(number)
	}
	return statusFailed
}

// interruptible returns a context that ends when the user ends the program. Long work
// stops between two statements, and the command reports what was done. A second signal
// ends the program immediately. A command that reads standard input calls interruptible
// afterwards, because reading would go on.
func (t *tool) interruptible() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case s := <-signals:
			cancel(interruption{s})
		case <-ctx.Done():
		}
		signal.Stop(signals)
	}()
	t.ended = func() error { return context.Cause(ctx) }
	return ctx, func() { cancel(nil) }
}

// interrupted returns the signal with which the user ended the program, if any.
func (t *tool) interrupted() (interruption, bool) {
	if t.ended == nil {
		return interruption{}, false
	}
	return errors.AsType[interruption](t.ended())
}
