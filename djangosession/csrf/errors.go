package csrf

import "errors"

// A Reason says which rule a request has broken.
type Reason string

// The reasons, in the order in which they are looked for.
const (
	BadOrigin        Reason = "bad_origin"        // the page with the form is of another site
	NoReferer        Reason = "no_referer"        // HTTPS, and neither Origin nor Referer
	MalformedReferer Reason = "malformed_referer" // HTTPS, and a Referer that is no URL
	InsecureReferer  Reason = "insecure_referer"  // HTTPS, and the page with the form came by HTTP
	BadReferer       Reason = "bad_referer"       // HTTPS, and the page with the form is of another site
	NoCookie         Reason = "no_cookie"         // no cookie, or nothing in the session
	BadCookie        Reason = "bad_cookie"        // the cookie cannot be a secret; before Django 4.0 this is BadToken
	NoToken          Reason = "no_token"          // neither a form field nor a header; before Django 4.0 this is BadToken
	BadToken         Reason = "bad_token"         // the token is not one of this browser's
)

// An Error says that a request is refused, which is status 403.
type Error struct {
	Reason Reason
	Text   string // Django's words for it, of the site's release. What the request said of where it comes from is in it.
}

func (e *Error) Error() string { return "csrf: refused: " + e.Text }

// A FormError says that the body of a request cannot be read as a form, or that it is more than the settings allow, which is
// status 400. Django answers likewise, before it has looked for a token.
type FormError struct{ Err error }

func (e *FormError) Error() string { return "csrf: read form: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *FormError) Unwrap() error { return e.Err }

// ErrNoMiddleware says that the context is not that of a request inside [Protection.Middleware].
var ErrNoMiddleware = errors.New("csrf: the request has not come through Protection.Middleware")

// Django's words that do not depend on the request.
const (
	textNoReferer        = "Referer checking failed - no Referer."
	textMalformedReferer = "Referer checking failed - Referer is malformed."
	textInsecureReferer  = "Referer checking failed - Referer is insecure while host is secure."
	textNoCookie         = "CSRF cookie not set."
	textNoToken          = "CSRF token missing."              //nolint:gosec // is not one
	textBadToken         = "CSRF token missing or incorrect." //nolint:gosec // is not one; before 4.0, for all of the last three
	textNoMatch          = " does not match any trusted origins."
)
