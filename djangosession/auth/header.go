package auth

import (
	"context"
	"fmt"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/httpmw"
)

// beforeHeader calls change, which may give the session a new key, and holds back the
// response header until change returns. If the header is out and the session is that of
// the request, the browser cannot learn a new key: beforeHeader returns
// [djangosession.ErrHeaderSent] without calling change.
func beforeHeader(ctx context.Context, s *djangosession.Session, change func() error) error {
	shared := httpmw.From(ctx)
	if shared == nil { // a command, or a test
		return change()
	}
	if ran, err := shared.Change(change); ran {
		return err
	}
	own, err := djangosession.FromContext(ctx)
	if err == nil && (own == s || s.Key() != "" && own.Key() == s.Key()) { // or a copy, loaded by the key in the cookie
		return errTooLate
	}
	return change() // the caller delivers the key
}

// errTooLate is ErrHeaderSent with the remedy.
var errTooLate = fmt.Errorf("%w, so the browser cannot learn the new session key: "+
	"call this before writing or hijacking the response", djangosession.ErrHeaderSent)
