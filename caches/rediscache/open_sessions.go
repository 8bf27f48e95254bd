package rediscache

import "github.com/djangobridge/djangobridge/djangosession"

// OpenSessions is [NewSessions] without options. It is a value for Options.OpenEngine of
// package djangobridge.
func OpenSessions(s djangosession.Settings) (djangosession.Engine, error) {
	e, err := NewSessions(s, Options{})
	if err != nil {
		return nil, err // an interface that is nil
	}
	return e, nil
}
