package oteldjango

import (
	"context"
	"errors"

	"github.com/djangobridge/djangobridge/djangosession"
)

// errorOther is the error.type of an error without a name, by the semantic conventions.
const errorOther = "_OTHER"

// errorType returns the error.type of an error. It is one of few words.
func errorType(err error) string {
	_, isValue := errors.AsType[*djangosession.ValueError](err)
	switch {
	case errors.Is(err, djangosession.ErrHeaderSent):
		return "header_sent"
	case errors.Is(err, djangosession.ErrForeignCookie):
		return "foreign_cookie"
	case errors.Is(err, djangosession.ErrSessionGone):
		return "gone"
	case errors.Is(err, djangosession.ErrOutdatedSettings):
		return "outdated"
	case errors.Is(err, djangosession.ErrReadOnly):
		return "read_only"
	case isValue:
		return "value"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "canceled"
	}
	return errorOther
}

// decodeErrorType returns the error.type of stored data that does not decode.
func decodeErrorType(err error) string {
	if errors.Is(err, djangosession.ErrUnknownFormat) {
		return "unknown_format"
	}
	if errors.Is(err, djangosession.ErrOutdatedSettings) {
		return "outdated"
	}
	if refused, ok := errors.AsType[*djangosession.DecodeError](err); ok {
		return string(refused.Reason)
	}
	return errorOther
}
