package forwardauth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/internal/cookies"
	"github.com/djangobridge/djangobridge/internal/hosts"
	"github.com/djangobridge/djangobridge/internal/release"
)

// Site is what a [Handler] needs of a site. Both parts have to be read-only.
type Site struct {
	Sessions *djangosession.Manager
	Login    *auth.Auth
}

// Options configure a [Handler]. The zero value requires what each location of the proxy
// names.
type Options struct {
	// Rules are requirements by host, method and path, in addition to that of the location
	// in the proxy's configuration: a request has to meet both. Nil adds none.
	Rules *Rules
	// Hosts are names of hosts besides ALLOWED_HOSTS for which the proxy may ask, in the
	// same form.
	Hosts []string
	// AllowInPaths lists those of the characters ";?#" that paths may contain. By default
	// they are refused, even if encoded, because some services end a path there.
	AllowInPaths string
	// Groups adds the groups of the user to the headers, which takes another query for
	// each request.
	Groups bool

	// MissesPerSecond and MissesAtOnce bound how often one address may bring cookies that
	// name no session; the defaults are [DefaultMissesPerSecond] and
	// [DefaultMissesAtOnce]. Further ones get status 429. An unknown cookie counts until
	// its session is found, so requests that wait for the store, or fail, count too.
	// Cookies that have named a session are never limited. A negative MissesPerSecond
	// lifts the limit.
	MissesPerSecond float64
	MissesAtOnce    int
	// Timeout bounds the work for a request; [DefaultTimeout] if not positive.
	Timeout time.Duration

	// Logger receives errors, and at level debug each answer; slog.Default if nil. Log
	// lines contain no key, cookie, user or path.
	Logger *slog.Logger
	// OnAnswer, if set, is called after each answer to a proxy.
	OnAnswer func(ctx context.Context, e Event)
}

// Defaults of [Options].
const (
	DefaultTimeout         = 5 * time.Second
	DefaultMissesPerSecond = 50
	DefaultMissesAtOnce    = 1000
)

// A Handler answers the questions of reverse proxies. It is safe for concurrent use.
type Handler struct {
	sessions *djangosession.Manager
	login    *auth.Auth
	options  Options
	cookie   string   // its name
	hosts    []string // in the form of ALLOWED_HOSTS
	proxies  map[string]proxy
	limiter  *limiter
	answers  http.Handler // inside the middlewares
}

// Errors of [New].
var (
	ErrNotReadOnly = errors.New("forwardauth: the site can be written: open it with Options.ReadOnly of djangobridge")
	// ErrMiddleware wraps the names of middlewares in MIDDLEWARE that may replace the user
	// of a request or end a session. Django and this service could disagree about who is
	// logged in.
	ErrMiddleware = errors.New("forwardauth: Django and this service may disagree about who is logged in, because of MIDDLEWARE: " +
		"set EffectiveUser of auth.Options if one replaces request.user or ends sessions, then list them in KnownMiddleware")
)

// New returns a handler for the paths below /auth/ that the package describes. The error
// is [ErrNotReadOnly], or wraps [ErrMiddleware] or reports wrong options.
func New(s Site, o Options) (*Handler, error) {
	if s.Sessions == nil || s.Login == nil {
		return nil, errors.New("forwardauth: New needs sessions and a login")
	}
	if !s.Sessions.ReadOnly() {
		return nil, ErrNotReadOnly
	}
	if unknown := s.Login.UnknownMiddleware(); len(unknown) > 0 {
		return nil, fmt.Errorf("%w: %q", ErrMiddleware, unknown)
	}
	if o.Rules != nil {
		if err := o.Rules.check(); err != nil {
			return nil, err
		}
	}
	o.fill()
	settings := s.Sessions.Settings()
	rel, err := release.Parse(settings.DjangoVersion)
	if err != nil {
		return nil, err
	}
	h := &Handler{
		sessions: s.Sessions, login: s.Login, options: o, cookie: settings.SessionCookieName,
		hosts:   slices.Concat(hosts.Allowed(settings.AllowedHosts, settings.Debug, rel.AllowsSubdomainsOfLocalhost()), o.Hosts),
		proxies: proxies(), limiter: newLimiter(o.MissesPerSecond, o.MissesAtOnce),
	}
	h.answers = s.Sessions.Middleware(s.Login.Middleware(http.HandlerFunc(h.answerUser)))
	return h, nil
}

func (o *Options) fill() {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.MissesPerSecond == 0 {
		o.MissesPerSecond = DefaultMissesPerSecond
	}
	if o.MissesAtOnce <= 0 {
		o.MissesAtOnce = DefaultMissesAtOnce
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
}

// ServeHTTP answers a proxy.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	q, found, err := h.readQuestion(r)
	if !found {
		http.NotFound(w, r)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.options.Timeout)
	defer cancel()
	x := &exchange{question: q, began: began}
	if err != nil {
		x.problem = err
		h.refuse(ctx, w, x, Misconfigured)
		return
	}
	if reason := h.refusal(r, x); reason != "" {
		h.refuse(ctx, w, x, reason)
		return
	}
	h.answers.ServeHTTP(w, x.original(ctx, r))
}

// refusal returns why a request is refused before its session is loaded; "" if it is not.
func (h *Handler) refusal(r *http.Request, x *exchange) Reason {
	q := &x.question
	host, ok := hostOf(q.host, h.hosts)
	path, readable := decodePath(q.target, h.options.AllowInPaths)
	switch {
	case smuggles(r.Header):
		return Smuggled
	case len(r.Header["Cookie"]) > 1:
		return SeveralCookies
	case !ok:
		return BadHost
	case !readable:
		return BadPath
	case !isMethod(q.method), h.options.Rules.namesMethods() && overridesMethod(r.Header):
		return Smuggled
	}
	if x.route, ok = h.options.Rules.find(host, q.method, path); !ok {
		return BadPath
	}
	if x.cookie, _ = cookies.Find(r.Header, h.cookie); x.cookie == "" {
		return ""
	}
	if ok, x.counts = h.limiter.allows(q.client, x.cookie, x.began); !ok {
		return Limited
	}
	return ""
}

// isMethod reports whether a method is in capitals. Methods depend on case, but Django and
// other services read "post" as POST, and a rule for POST would not see it.
func isMethod(method string) bool {
	for _, c := range method {
		if (c < 'A' || 'Z' < c) && c != '-' {
			return false
		}
	}
	return method != ""
}

// overridesMethod reports whether a service may read another method than the proxy.
func overridesMethod(h http.Header) bool {
	return hasHeader(h, []string{"X-Http-Method-Override", "X-Http-Method", "X-Method-Override"})
}

// answerUser answers a request by its user.
func (h *Handler) answerUser(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	x, ok := ctx.Value(exchangeKey{}).(*exchange)
	if !ok {
		http.NotFound(w, r)
		return
	}
	reason, err := h.decide(ctx, w.Header(), x)
	if err != nil {
		x.problem, reason = err, Unavailable
	}
	switch reason {
	case Passed:
		w.WriteHeader(http.StatusOK)
		h.report(ctx, x, Passed, http.StatusOK)
	case LoginRequired:
		h.sendToLogin(w, r, x)
	default:
		h.refuse(ctx, w, x, reason)
	}
}

// decide looks up the user and applies the requirements.
func (h *Handler) decide(ctx context.Context, header http.Header, x *exchange) (Reason, error) {
	user, err := h.user(ctx, x)
	if err != nil {
		return "", err
	}
	for _, q := range []*Requirement{&x.location, x.route} {
		ok, err := q.allows(ctx, user)
		switch {
		case err != nil:
			return "", err
		case !ok && user == nil:
			return LoginRequired, nil
		case !ok:
			return Forbidden, nil
		}
	}
	return Passed, describe(ctx, header, user, h.options.Groups)
}

// user returns the user of the request, or nil.
func (h *Handler) user(ctx context.Context, x *exchange) (*auth.User, error) {
	s, err := djangosession.FromContext(ctx)
	if err != nil {
		return nil, err
	}
	if x.cookie != "" && s.Key() != "" {
		h.limiter.found(x.client, x.cookie, x.counts, x.began)
	}
	if err := s.Outdated(); err != nil { // Django may know the user
		return nil, err
	}
	return auth.UserFrom(ctx)
}
