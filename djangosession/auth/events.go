package auth

import (
	"context"
	"errors"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// An Event is passed to [Options].OnEvent. It says nothing about the user.
type Event struct {
	Operation Operation
	Outcome   Outcome
	Start     time.Time
	Duration  time.Duration
}

// An Operation is a method of [Auth] that an [Event] reports.
type Operation string

// The operations of an [Event].
const (
	OpAuthenticate Operation = "authenticate" // Authenticate: a user name and a password were checked
	OpLogin        Operation = "login"        // Login, LoginBackend, LoginSession
	OpLogout       Operation = "logout"       // Logout, LogoutSession
	OpCheck        Operation = "check"        // State: the login in a session was checked, by UserFrom for instance
)

// An Outcome is how an [Operation] ended. If a check refuses the login, it is the
// [Reason].
type Outcome string

// The outcomes of an [Event].
const (
	OutcomeOK       Outcome = "ok"
	OutcomeRefused  Outcome = "refused"  // a wrong name or password, a user who may not log in, or a call that is not allowed
	OutcomeGone     Outcome = "gone"     // the session was deleted, usually by a logout elsewhere
	OutcomeCanceled Outcome = "canceled" // the request has ended, usually because the client has disconnected
	OutcomeFailed   Outcome = "failed"   // the users or the sessions are unreachable, or an option or setting is missing
)

// start returns the time if anybody wants to know it.
func (a *Auth) start() time.Time {
	if a.options.OnEvent == nil {
		return time.Time{}
	}
	return time.Now()
}

// observe calls OnEvent.
func (a *Auth) observe(ctx context.Context, operation Operation, start time.Time, outcome Outcome) {
	if a.options.OnEvent != nil {
		a.options.OnEvent(ctx, Event{Operation: operation, Outcome: outcome, Start: start, Duration: time.Since(start)})
	}
}

// outcomeOf returns what the error of an operation means.
func outcomeOf(err error) Outcome {
	switch {
	case err == nil:
		return OutcomeOK
	case errors.Is(err, ErrBadCredentials), errors.Is(err, djangosession.ErrReadOnly), errors.Is(err, djangosession.ErrHeaderSent):
		return OutcomeRefused
	case errors.Is(err, djangosession.ErrSessionGone):
		return OutcomeGone
	case errors.Is(err, context.Canceled):
		return OutcomeCanceled
	}
	return OutcomeFailed
}

// outcomeOfCheck is outcomeOf for [Auth.State].
func outcomeOfCheck(state State, err error) Outcome {
	if err == nil && state.Reason != "" {
		return Outcome(state.Reason)
	}
	return outcomeOf(err)
}
