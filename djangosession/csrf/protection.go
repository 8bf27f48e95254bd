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

// Options are what Django has no setting for. The zero value behaves as Django does.
type Options struct {
	// ErrorHandler answers a request that is refused, instead of a short page. The default
	// status is that of the error: 403 for an [*Error], 400 for a [*FormError], and 500 for
	// all others, such as those of the database. Matches CSRF_FAILURE_VIEW.
	ErrorHandler func(w http.ResponseWriter, r *http.Request, err error)
	// Exempts lets requests through unchecked, for routers inside of which [Exempt] is not
	// seen.
	Exempts func(r *http.Request) bool
	// HeaderFirst takes the token from the header if there is one, and leaves the body unread,
	// for handlers that stream large uploads. Django reads the form first: it refuses a request
	// whose form has a wrong token or is malformed even if the header has the right one, and
	// with HeaderFirst that request passes.
	HeaderFirst bool
	// Logger is told of requests that are refused; slog.Default if nil. It gets Django's words
	// for the reason, which may contain the Origin or Referer, but no token.
	Logger *slog.Logger
	// ServerPort is SERVER_PORT as Django's server has it. It is only used for Referers where a
	// cookie domain is set. By default it is the port that the connection came in on.
	ServerPort string
}

// A Protection checks requests by the settings of one site. It cannot be changed, and several
// goroutines may use it. Matches CsrfViewMiddleware.
type Protection struct {
	options  Options
	settings djangosession.Settings
	rules    rules
	trusted  trusted
}

// New returns the protection of a site. It uses the settings of CSRF, hosts, proxies and
// uploads. The error is [djangosession.ErrIncompleteSettings] or a
// [*djangosession.SettingError].
func New(s djangosession.Settings, o Options) (*Protection, error) {
	r, err := newRules(&s)
	if err != nil {
		return nil, err
	}
	s.AllowedHosts, s.CSRFTrustedOrigins = slices.Clone(s.AllowedHosts), slices.Clone(s.CSRFTrustedOrigins)
	t, bad := newTrusted(s.CSRFTrustedOrigins, r.checksOrigin)
	if bad != "" {
		return nil, badOrigin(bad)
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Protection{options: o, settings: s, rules: r, trusted: t}, nil
}

// Middleware checks each request before next gets it. It belongs inside the session middleware, which sends its cookie and
// stores what it has put into the session; without that around it every request gets an error of status 500. It panics
// if next is nil, as [http.Handle] does.
//
// The token of a POST request is looked for in its form, which is read to its end as in Django. The handler gets the
// body again, byte for byte, whether it reads Body, calls ParseMultipartForm or forwards the request. Up to 2.5 MiB of a
// multipart body are kept in memory, and the rest in a temporary file that is gone when the handler returns. The limits
// are the site's DATA_UPLOAD_MAX_MEMORY_SIZE, DATA_UPLOAD_MAX_NUMBER_FIELDS and DATA_UPLOAD_MAX_NUMBER_FILES, and as in
// Django files may have any size: put [http.MaxBytesHandler] around it to bound them. A handler that calls
// ParseMultipartForm meets net/http's own limits besides: 1,000 parts, unless GODEBUG has multipartmaxparts.
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

// newState makes what is known of a request, and that request with it in the context.
func (p *Protection) newState(r *http.Request) (*state, *http.Request, error) {
	ctx := r.Context()
	shared := httpmw.From(ctx)
	if shared == nil {
		return nil, r, djangosession.ErrNoMiddleware
	}
	session := func() (*djangosession.Session, error) { return djangosession.FromContext(ctx) }
	s := &state{Protection: p, session: session, readOnly: shared.ReadOnly}
	if !p.settings.CSRFUseSessions {
		s.cookieText, s.hasCookie = cookies.Find(r.Header, p.settings.CSRFCookieName)
	}
	if p.settings.CSRFUseSessions {
		shared.AtLoad(func(get func(name string) any) {
			value := get(sessionName)
			s.atLoad.Store(&value)
		})
	}
	shared.BeforeHeader(func(_ int, header http.Header) { s.answer(header) })
	shared.AtLogin(func(context.Context) error { return s.rotate() })
	return s, r.WithContext(context.WithValue(ctx, stateKey{}, s)), nil
}

// refuse answers a request that does not reach its handler.
func (p *Protection) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status, level := http.StatusInternalServerError, slog.LevelError
	if refused, ok := errors.AsType[*Error](err); ok {
		status, level = http.StatusForbidden, slog.LevelWarn
		p.options.Logger.Log(r.Context(), level, "csrf: refused",
			"reason", string(refused.Reason), "detail", refused.Text, "method", r.Method, "path", r.URL.Path)
	} else {
		if _, ok := errors.AsType[*FormError](err); ok {
			status, level = http.StatusBadRequest, slog.LevelWarn
		}
		p.options.Logger.Log(r.Context(), level, "csrf: not checked", "error", err, "method", r.Method, "path", r.URL.Path)
	}
	if p.options.ErrorHandler != nil {
		httpmw.Answer(w, status, func(w http.ResponseWriter) { p.options.ErrorHandler(w, r, err) })
		return
	}
	text := http.StatusText(status)
	if status == http.StatusForbidden {
		text += ": this form has to be sent from a page of this site, with cookies switched on."
	}
	http.Error(w, text, status)
}

// Check checks a request that the middleware has let through because its handler is exempt, for handlers that decide by
// themselves. A request that was checked before passes. The error is an [*Error], a [*FormError], [ErrNoMiddleware] or the
// session's.
func Check(r *http.Request) error {
	s, err := stateFrom(r.Context())
	if err != nil {
		return err
	}
	return s.check(r)
}

// Token returns the token for a form or for the header X-CSRFToken, another text for each call. The response sets the
// cookie then, or the session keeps the secret: the header must not have gone out yet. If sessions are read-only, neither
// happens, and the error is [djangosession.ErrReadOnly] unless the browser or the session has a secret. Other errors are
// [ErrNoMiddleware] and the session's. Matches get_token and the template tag csrf_token.
func Token(ctx context.Context) (string, error) {
	s, err := stateFrom(ctx)
	if err != nil {
		return "", err
	}
	return s.token()
}

// TemplateField returns the hidden field with the token that belongs into each form. The error is that of [Token].
func TemplateField(ctx context.Context) (template.HTML, error) {
	token, err := Token(ctx)
	if err != nil {
		return "", err
	}
	field := `<input type="hidden" name="` + fieldName + `" value="` + token + `">`
	return template.HTML(field), nil //nolint:gosec // letters and digits
}

// Rotate replaces the secret, so that no page of before is good any more. It happens by itself at a login. The error is
// [ErrNoMiddleware], [djangosession.ErrReadOnly], or the session's where that keeps the secret. Matches rotate_token.
func Rotate(ctx context.Context) error {
	s, err := stateFrom(ctx)
	if err != nil {
		return err
	}
	return s.rotate()
}

// EnsureCookie sends the cookie with each response, for pages without a form whose scripts read
// it. It goes inside [Protection.Middleware], whose ErrorHandler answers if there cannot be a
// token, with status 500 by default. Matches ensure_csrf_cookie.
func EnsureCookie(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := stateFrom(r.Context())
		if err != nil { // no Protection has an ErrorHandler
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			return
		}
		if _, err := s.token(); err != nil {
			s.refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}
