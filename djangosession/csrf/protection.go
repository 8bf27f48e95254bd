package csrf

import (
	"context"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"slices"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/cookies"
	"github.com/djangobridge/djangobridge/internal/httpmw"
)

// Options holds everything for which Django has no setting. The zero value behaves as
// Django does.
type Options struct {
	// ErrorHandler answers refused requests, in place of a short page. The default status
	// is that of the error: 403 for an [*Error], 400 for a [*FormError], and 500 for
	// others, such as database errors. Matches CSRF_FAILURE_VIEW.
	ErrorHandler func(w http.ResponseWriter, r *http.Request, err error)
	// Exempts reports whether a request is exempt. Use it with routers that hide the mark
	// of [Exempt].
	Exempts func(r *http.Request) bool
	// HeaderFirst takes the token from the header, if present, and leaves the body
	// unread, for handlers that stream large uploads. Django reads the form first: it
	// refuses a request with a malformed form or a wrong token in the form even if the
	// header is right. With HeaderFirst, that request passes.
	HeaderFirst bool
	// Logger receives refused requests. The default is slog.Default. It logs Django's
	// message, which may contain the Origin or Referer, but no token.
	Logger *slog.Logger
	// ServerPort is the SERVER_PORT of Django's server. It is used only to check Referers
	// if a cookie domain is set. The default is the port of the connection.
	ServerPort string
}

// A Protection checks requests according to the settings of one site. It is immutable and
// safe for concurrent use. Matches CsrfViewMiddleware.
type Protection struct {
	options  Options
	settings djangosession.Settings
	rules    rules
	trusted  trusted
}

// New returns the protection of a site. It uses the settings for CSRF, hosts, proxies and
// uploads. The error is [djangosession.ErrIncompleteSettings] or a
// [*djangosession.SettingError].
func New(s djangosession.Settings, o Options) (*Protection, error) {
	r, err := newRules(&s)
	if err != nil {
		return nil, err
	}
	s.AllowedHosts, s.CSRFTrustedOrigins = slices.Clone(s.AllowedHosts), slices.Clone(s.CSRFTrustedOrigins)
	s.SecretKey, s.SecretKeyFallbacks = "", nil // unused here, and fmt would print them
	t, bad := newTrusted(s.CSRFTrustedOrigins, r.checksOrigin)
	if bad != "" {
		return nil, badOrigin(bad)
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Protection{options: o, settings: s, rules: r, trusted: t}, nil
}

// Middleware checks each request before it reaches next. Put it inside the session
// middleware, which sends its cookie and saves the secret in the session; without that,
// every request receives status 500. It panics if next is nil, as [http.Handle] does.
//
// Like Django, it reads the form of a POST request to its end, to find the token. The
// handler can still read the whole body, byte for byte: directly, by ParseMultipartForm
// or by forwarding the request. Of a multipart body, up to 2.5 MiB are kept in memory and
// the rest in a temporary file, which is removed when the handler returns.
//
// The site's DATA_UPLOAD_MAX_MEMORY_SIZE, DATA_UPLOAD_MAX_NUMBER_FIELDS and
// DATA_UPLOAD_MAX_NUMBER_FILES apply. As in Django, the size of files is unlimited. To
// limit it, wrap this middleware, or all middlewares, in [http.MaxBytesHandler]: around
// next it has no effect, because the body was read before. Larger forms then receive
// status 400. ParseMultipartForm also has its own limit of 1,000 parts, unless GODEBUG
// sets multipartmaxparts.
func (p *Protection) Middleware(next http.Handler) http.Handler {
	if next == nil {
		panic("csrf: Protection.Middleware: nil handler") //nolint:forbidigo // the program has not started yet
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := stateFrom(r.Context())
		if err != nil {
			outer := r
			if s, r, err = p.newState(r); err != nil {
				p.refuse(w, r, err)
				return
			}
			defer s.close()
			defer httpmw.RemoveFiles(r, outer)
		}
		if !isSafe(r.Method) && !p.exempts(next, r) {
			if err := s.check(r); err != nil {
				p.refuse(w, r, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// newState returns the state of a request, and the request with the state in its context.
func (p *Protection) newState(r *http.Request) (*state, *http.Request, error) {
	ctx := r.Context()
	shared := httpmw.From(ctx)
	if shared == nil {
		return nil, r, djangosession.ErrNoMiddleware
	}
	s := &state{Protection: p, readOnly: shared.ReadOnly}
	if p.settings.CSRFUseSessions {
		shared.AtLoad(func(get func(name string) any) {
			value := get(sessionName)
			s.atLoad.Store(&value)
		})
	} else {
		s.cookieText, s.hasCookie = cookies.Find(r.Header, p.settings.CSRFCookieName)
	}
	shared.BeforeHeader(func(_ int, header http.Header) { s.answer(header) })
	shared.AtLogin(s.rotate)
	return s, r.WithContext(context.WithValue(ctx, stateKey{}, s)), nil
}

// refuse answers a request that does not reach its handler.
func (p *Protection) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status := p.log(r, err)
	if p.options.ErrorHandler != nil {
		httpmw.Answer(w, status, func(w http.ResponseWriter) { p.options.ErrorHandler(w, r, err) })
		return
	}
	text := http.StatusText(status)
	if status == http.StatusForbidden {
		text += ": submit the form from a page of this site, with cookies enabled."
	}
	http.Error(w, text, status)
}

// log logs why a request does not reach its handler, and returns the status of the
// answer.
func (p *Protection) log(r *http.Request, err error) (status int) {
	status, level := http.StatusInternalServerError, slog.LevelError
	if refused, ok := errors.AsType[*Error](err); ok {
		p.options.Logger.Log(r.Context(), slog.LevelWarn, "csrf: refused",
			"reason", string(refused.Reason), "detail", refused.Text, "method", r.Method, "path", r.URL.Path)
		return http.StatusForbidden
	}
	if _, ok := errors.AsType[*FormError](err); ok {
		status, level = http.StatusBadRequest, slog.LevelWarn
	}
	p.options.Logger.Log(r.Context(), level, "csrf: not checked", "error", err, "method", r.Method, "path", r.URL.Path)
	return status
}

// Check checks a request in a handler that is exempt from the middleware's check. It
// passes a request that was already checked. The error is an [*Error], a [*FormError],
// [ErrNoMiddleware], an error of the session, or the end of the request's context during
// a check in another goroutine.
func Check(r *http.Request) error {
	s, err := stateFrom(r.Context())
	if err != nil {
		return err
	}
	return s.check(r)
}

// Token returns the token for a form or for the X-CSRFToken header. Each call returns a
// different text. The response then sets the cookie, or the session stores the secret, so
// call Token before the response header is sent. If sessions are read-only, neither
// happens, and the error is [djangosession.ErrReadOnly] unless the browser or the session
// has a secret. Other errors are [ErrNoMiddleware] and those of the session. Matches
// get_token and the template tag csrf_token.
func Token(ctx context.Context) (string, error) {
	s, err := stateFrom(ctx)
	if err != nil {
		return "", err
	}
	return s.token(ctx)
}

// TemplateField returns the hidden form field with the token, as {% csrf_token %} does.
// The error is that of [Token].
func TemplateField(ctx context.Context) (template.HTML, error) {
	token, err := Token(ctx)
	if err != nil {
		return "", err
	}
	field := `<input type="hidden" name="` + fieldName + `" value="` + token + `">`
	return template.HTML(field), nil //nolint:gosec // letters and digits
}

// Rotate replaces the secret, so that the tokens of earlier pages become invalid. A login
// does so by itself. The error is [ErrNoMiddleware], [djangosession.ErrReadOnly] or, if
// the session stores the secret, an error of the session. Matches rotate_token.
func Rotate(ctx context.Context) error {
	s, err := stateFrom(ctx)
	if err != nil {
		return err
	}
	return s.rotate(ctx)
}

// EnsureCookie sends the cookie with each response, for pages without a form whose
// scripts read it. Put it inside [Protection.Middleware]. If there cannot be a token, its
// ErrorHandler answers, by default with status 500. Matches ensure_csrf_cookie.
func EnsureCookie(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := stateFrom(r.Context())
		if err != nil { // without a Protection there is no ErrorHandler
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			return
		}
		if _, err := s.token(r.Context()); err != nil {
			s.refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}
