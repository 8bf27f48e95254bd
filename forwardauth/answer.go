package forwardauth

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/internal/hosts"
)

// A Reason is why a request passed, or why it did not.
type Reason string

// Reasons. The header [HeaderReason] contains them too.
const (
	Passed         Reason = "passed"          // status 200
	LoginRequired  Reason = "login_required"  // 302, or 401 for nginx, with the header Location
	Forbidden      Reason = "forbidden"       // 403: the user does not meet a requirement
	Smuggled       Reason = "smuggled"        // 403: the client sent a header that describes a user, or another method
	SeveralCookies Reason = "several_cookies" // 403: the client sent several headers Cookie
	BadHost        Reason = "bad_host"        // 403: the host is not in ALLOWED_HOSTS or Options.Hosts
	BadPath        Reason = "bad_path"        // 403: the proxy and the service could read the path differently
	Limited        Reason = "limited"         // 429: see Options.MissesPerSecond
	Misconfigured  Reason = "misconfigured"   // 500: the proxy does not send what it has to
	Unavailable    Reason = "unavailable"     // 503: the database is down, or the settings are outdated
)

// HeaderReason is the header of a response that contains the [Reason].
const HeaderReason = "X-Auth-Reason"

// An Event is passed to [Options].OnAnswer.
type Event struct {
	Reason   Reason
	Status   int           // of the response
	Duration time.Duration // the time that the answer took
}

var errHeader = errors.New("forwardauth: the proxy does not describe the original request: see docs/forward-auth.md")

// exchange is a question and what was found out.
type exchange struct {
	question

	began   time.Time
	route   *Requirement // that of the rules
	cookie  string
	counts  bool // for the limiter, as a cookie that names no session
	problem error
}

// exchangeKey is the key of the exchange in a context.
type exchangeKey struct{}

// original returns the request that the client sent to the proxy, with the headers that
// the proxy passes on.
func (x *exchange) original(ctx context.Context, r *http.Request) *http.Request {
	o := r.WithContext(context.WithValue(ctx, exchangeKey{}, x))
	o.Method, o.Host, o.RequestURI, o.TLS = x.method, x.host, x.target, nil
	if x.scheme == "https" {
		o.TLS = &tls.ConnectionState{}
	}
	if u, err := url.ParseRequestURI(x.target); err == nil { // otherwise the path was refused
		o.URL = u
	}
	return o
}

// maxNext is the maximum length of an address that login pages lead back to, in bytes.
// Redirects to a longer address lead back to the start page.
const maxNext = 2048

// sendToLogin sends the client to LOGIN_URL, which leads back to the address that was
// requested.
func (h *Handler) sendToLogin(w http.ResponseWriter, original *http.Request, x *exchange) {
	status := http.StatusFound
	if x.answers401 {
		status = http.StatusUnauthorized
	}
	if len(x.target) > maxNext {
		original = original.WithContext(original.Context())
		original.RequestURI = "/"
	}
	h.login.RedirectToLogin(locator{w}, original)
	if location := w.Header().Get("Location"); x.absolute && strings.HasPrefix(location, "/") && !strings.HasPrefix(location, "//") {
		w.Header().Set("Location", x.scheme+"://"+x.host+location) // the host is an allowed one
	}
	h.answer(original.Context(), w, x, LoginRequired, status)
}

// locator keeps the header of a redirect and discards the rest.
type locator struct{ http.ResponseWriter }

func (locator) WriteHeader(int)             {}
func (locator) Write(p []byte) (int, error) { return len(p), nil }

// refuse answers with an error.
func (h *Handler) refuse(ctx context.Context, w http.ResponseWriter, x *exchange, reason Reason) {
	status := http.StatusForbidden
	switch reason {
	case Limited:
		status = http.StatusTooManyRequests
		w.Header().Set("Retry-After", "1")
	case Misconfigured:
		status = http.StatusInternalServerError
	case Unavailable:
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "1")
	default:
	}
	h.answer(ctx, w, x, reason, status)
}

func (h *Handler) answer(ctx context.Context, w http.ResponseWriter, x *exchange, reason Reason, status int) {
	header := w.Header()
	header.Set(HeaderReason, string(reason))
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(http.StatusText(status) + "\n")) // the client may be gone
	h.report(ctx, x, reason, status)
}

// report logs an answer and calls the hook.
func (h *Handler) report(ctx context.Context, x *exchange, reason Reason, status int) {
	e := Event{Reason: reason, Status: status, Duration: time.Since(x.began)}
	level, attrs := slog.LevelDebug, []slog.Attr{
		slog.String("reason", string(reason)), slog.Int("status", status), slog.Duration("duration", e.Duration),
	}
	if x.problem != nil && !errors.Is(x.problem, context.Canceled) {
		level, attrs = slog.LevelError, append(attrs, slog.String("error", x.problem.Error()))
	}
	h.options.Logger.LogAttrs(ctx, level, "forward authentication", attrs...)
	if h.options.OnAnswer != nil {
		h.options.OnAnswer(ctx, e)
	}
}

// hostOf returns the domain in a Host header if it matches a pattern.
func hostOf(host string, patterns []string) (string, bool) {
	domain, ok := hosts.Domain(host)
	return domain, ok && hosts.Matches(domain, patterns)
}
