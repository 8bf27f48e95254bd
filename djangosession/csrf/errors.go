package csrf

import "errors"

// A Reason is the rule that a request violates.
type Reason string

// Reasons, in the order of the checks.
const (
	BadOrigin        Reason = "bad_origin"        // the page with the form belongs to another site
	NoReferer        Reason = "no_referer"        // HTTPS, with neither Origin nor Referer
	MalformedReferer Reason = "malformed_referer" // HTTPS, and the Referer is not a URL
	InsecureReferer  Reason = "insecure_referer"  // HTTPS, but the page with the form was loaded by HTTP
	BadReferer       Reason = "bad_referer"       // HTTPS, and the page with the form belongs to another site
	NoCookie         Reason = "no_cookie"         // no CSRF cookie, or no secret in the session
	BadCookie        Reason = "bad_cookie"        // the cookie is not a valid secret; before Django 4.0 this is BadToken
	NoToken          Reason = "no_token"          // no token in the form or the header; before Django 4.0 this is BadToken
	BadToken         Reason = "bad_token"         // the token does not belong to this browser's secret
)

// An Error is a refused request. Its status is 403.
type Error struct {
	Reason Reason
	Text   string // message of the site's Django release; it may quote the Origin or Referer
}

func (e *Error) Error() string { return "csrf: refused: " + e.Text }

// A FormError is a request whose body is not a valid form or exceeds the limits of the
// settings. Its status is 400. Django responds in the same way, before it looks for a
// token.
type FormError struct{ Err error }

func (e *FormError) Error() string { return "csrf: read form: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *FormError) Unwrap() error { return e.Err }

// ErrNoMiddleware is returned for a context that is not that of a request inside
// [Protection.Middleware].
var ErrNoMiddleware = errors.New("csrf: the request did not pass through Protection.Middleware: " +
	"wrap the handler in Site.Middleware of djangobridge, or in Protection.Middleware inside Manager.Middleware")

// Django's messages that do not depend on the request.
const (
	textNoReferer        = "Referer checking failed - no Referer."
	textMalformedReferer = "Referer checking failed - Referer is malformed."
	textInsecureReferer  = "Referer checking failed - Referer is insecure while host is secure."
	textNoCookie         = "CSRF cookie not set."
	textNoToken          = "CSRF token missing."              //nolint:gosec // not a token
	textBadToken         = "CSRF token missing or incorrect." //nolint:gosec // not a token; before 4.0, of the last three reasons
	textNoMatch          = " does not match any trusted origins."
)
