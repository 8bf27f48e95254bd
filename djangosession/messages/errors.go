package messages

import (
	"errors"
	"fmt"

	"github.com/djangobridge/djangobridge/djangosession"
)

// Errors of messages that cannot be added or read. Others are those of the session, and
// [djangosession.ErrHeaderSent] and [djangosession.ErrReadOnly].
var (
	// ErrNoMiddleware reports a context that does not belong to a request inside
	// [Messages.Middleware].
	ErrNoMiddleware = errors.New("messages: the request did not pass through Messages.Middleware: " +
		"wrap the handler in Site.Middleware of djangobridge, or in Messages.Middleware inside Manager.Middleware")
	// ErrNotInstalled reports that the site's MIDDLEWARE has no MessageMiddleware, so
	// that Django would neither show nor delete messages.
	ErrNotInstalled = errors.New("messages: MIDDLEWARE of the site has no django.contrib.messages.middleware.MessageMiddleware: " +
		"add it, or set Options.Enabled if the site has a middleware of its own that does the same")
	// ErrTooLarge reports that a message does not fit into the cookie of a site whose
	// storage is CookieStorage. Django would drop older messages, or this one.
	ErrTooLarge = errors.New("messages: the message does not fit into the cookie with those that are waiting: " +
		"shorten it, or use FallbackStorage or SessionStorage as MESSAGE_STORAGE")
	// ErrUnreadable reports stored messages in a form that Django cannot read either: it
	// answers such requests with status 500. They remain stored.
	ErrUnreadable = errors.New("messages: the stored messages are not in Django's format: " +
		"find the code that writes them; they end with the browser's session")
	// ErrText reports a text that is not valid UTF-8.
	ErrText = errors.New("messages: the text or the tags are not valid UTF-8")
)

var errNoSession = fmt.Errorf("messages: %w", djangosession.ErrNoMiddleware)

// A LostError reports messages that could not be stored: the session was not saved with
// the response, or is not used by the storage, and the cookie has no room for them, or is
// not used. It is passed to [Options].OnError.
type LostError struct {
	Messages List
	Err      error // the reason
}

func (e *LostError) Error() string {
	return fmt.Sprintf("messages: %d stored neither in the session nor in the cookie: %v", len(e.Messages), e.Err)
}

// Unwrap returns the reason.
func (e *LostError) Unwrap() error { return e.Err }

var (
	errStatus    = errors.New("the session is not saved with this status: use another one, or shorter messages")
	errReplaced  = errors.New("the session could not be saved, and the response was replaced")
	errForeign   = errors.New("the response has a session cookie of another origin, so the session is not saved")
	errForwarded = errors.New("the response has a messages cookie of another origin without room for them")
	errFull      = errors.New("they do not fit into the cookie, and CookieStorage has no other place for them")
)
