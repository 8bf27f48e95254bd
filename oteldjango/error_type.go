package oteldjango

import (
	"context"
	"errors"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/signing"
)

// Values of error.type.
const (
	errorOther = "_OTHER" // an error without a name, by the semantic conventions
	errorValue = "value"  // a value that the serializer cannot write
)

// A namedError is an error.type and the error that it is the name of.
type namedError struct {
	name string
	err  error
}

// namedErrors returns the errors with a name. The first one that an error wraps counts.
func namedErrors() []namedError {
	return []namedError{
		{"header_sent", djangosession.ErrHeaderSent},
		{"foreign_cookie", djangosession.ErrForeignCookie},
		{"gone", djangosession.ErrSessionGone},
		{string(signing.TooLarge), djangosession.ErrMaxInflated}, // which is an ErrOutdatedSettings too
		{"outdated", djangosession.ErrOutdatedSettings},
		{"read_only", djangosession.ErrReadOnly},
		{"timeout", context.DeadlineExceeded},
		{"canceled", context.Canceled},
	}
}

// namedDecodeErrors returns the errors of stored data that have a name besides the
// reasons of a [djangosession.DecodeError].
func namedDecodeErrors() []namedError {
	return []namedError{
		{string(signing.TooLarge), djangosession.ErrMaxInflated}, // which is an ErrUnknownFormat too
		{"unknown_format", djangosession.ErrUnknownFormat},
		{"outdated", djangosession.ErrOutdatedSettings},
	}
}

// nameOf returns the name of an error, or "".
func nameOf(err error, named []namedError) string {
	for _, n := range named {
		if errors.Is(err, n.err) {
			return n.name
		}
	}
	return ""
}

// errorType returns the error.type of an error. It is one of [errorTypes].
func errorType(err error) string {
	if name := nameOf(err, namedErrors()); name != "" {
		return name
	}
	if _, isValue := errors.AsType[*djangosession.ValueError](err); isValue {
		return errorValue
	}
	return errorOther
}

// decodeErrorType returns the error.type of stored data that does not decode. It is one
// of [decodeErrorTypes].
func decodeErrorType(err error) string {
	if name := nameOf(err, namedDecodeErrors()); name != "" {
		return name
	}
	if refused, ok := errors.AsType[*djangosession.DecodeError](err); ok {
		return string(refused.Reason)
	}
	return errorOther
}

func errorTypes() []string { return append(namesOf(namedErrors()), errorValue, errorOther) }

func decodeErrorTypes() []string {
	return append(
		namesOf(namedDecodeErrors()), errorOther, string(signing.Malformed), string(signing.BadSignature),
		string(signing.SignatureExpired), string(signing.BadCompression), string(signing.BadSerialization),
	)
}

func namesOf(named []namedError) []string {
	names := make([]string, 0, len(named))
	for _, n := range named {
		names = append(names, n.name)
	}
	return names
}
