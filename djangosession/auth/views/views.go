package views

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/internal/httpmw"
	"github.com/djangobridge/djangobridge/internal/pyurl"
	"github.com/djangobridge/djangobridge/internal/pyutf8"
)

// Methods, in the order in which Django lists them.
const (
	formMethods   = "GET, POST, PUT, HEAD, OPTIONS"
	pageMethods   = "GET, POST, HEAD, OPTIONS" // logout before 4.1
	logoutMethods = "GET, HEAD, POST, OPTIONS" // logout in 4.1 and 4.2
	postMethods   = "POST, OPTIONS"            // logout since 5.0
)

// checked refuses requests that another site may have sent. The middleware has usually
// checked them already.
func (v *Views) checked(w http.ResponseWriter, r *http.Request) bool {
	if isRead(r.Method) || r.Method == http.MethodOptions || r.Method == http.MethodTrace {
		return true
	}
	if err := csrf.Check(r); err != nil {
		v.fail(w, r, err)
		return false
	}
	return true
}

func isRead(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// neverCache keeps browsers and proxies from storing the response. Matches never_cache.
func (v *Views) neverCache(w http.ResponseWriter) {
	control := "max-age=0, no-cache, no-store, must-revalidate"
	if v.rules.privateHeader {
		control += ", private"
	}
	w.Header().Set("Expires", v.site.Settings.Clock().UTC().Format(http.TimeFormat))
	w.Header().Set("Cache-Control", control)
}

// isForm reports whether the request has a form to process. It answers requests with
// other methods than those of Django's FormView, and calls show for a page that is only
// read.
func (v *Views) isForm(w http.ResponseWriter, r *http.Request, show func()) bool {
	switch {
	case isRead(r.Method):
		show()
	case r.Method == http.MethodPost, r.Method == http.MethodPut:
		return true
	default:
		answerMethod(w, r, formMethods)
	}
	return false
}

// answerMethod answers OPTIONS, and methods that are not allowed.
func answerMethod(w http.ResponseWriter, r *http.Request, allowed string) {
	w.Header().Set("Allow", allowed)
	w.Header().Set("Content-Type", htmlType)
	if r.Method != http.MethodOptions {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}

const htmlType = "text/html; charset=utf-8"

// render writes a page.
func (v *Views) render(w http.ResponseWriter, r *http.Request, page Page) {
	w.Header().Set("Content-Type", htmlType)
	v.options.Render(w, r, page)
}

// redirect answers with status 302.
func redirect(w http.ResponseWriter, to string) {
	w.Header().Set("Location", pyurl.IRIToURI(pyutf8.Decode(to)))
	w.Header().Set("Content-Type", htmlType)
	w.WriteHeader(http.StatusFound)
}

// ownPath returns the path of the request, to redirect to it. Two slashes at its start
// would lead to another site. Matches request.path and escape_leading_slashes.
func ownPath(r *http.Request) string {
	path := pyurl.Path(r)
	if rest, ok := strings.CutPrefix(path, "//"); ok {
		return "/%2F" + rest
	}
	return path
}

// succeed answers a form that has done its work.
func (v *Views) succeed(w http.ResponseWriter, r *http.Request, template string, user *auth.User, to string) {
	if v.options.OnSuccess != nil {
		v.options.OnSuccess(r, template, user)
	}
	redirect(w, to)
}

// fail answers a request that cannot be processed.
func (v *Views) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, level := http.StatusInternalServerError, slog.LevelError
	if _, refused := errors.AsType[*csrf.Error](err); refused {
		status, level = http.StatusForbidden, slog.LevelWarn
	} else if _, broken := errors.AsType[*csrf.FormError](err); broken || errors.Is(err, djangosession.ErrSessionGone) {
		status, level = http.StatusBadRequest, slog.LevelWarn // as the session middleware, and Django's
	}
	v.options.Logger.LogAttrs(r.Context(), level, "login page failed",
		slog.String("path", pathForLog(r)), slog.String("error", err.Error()))
	if v.options.ErrorHandler != nil {
		httpmw.Answer(w, status, func(w http.ResponseWriter) { v.options.ErrorHandler(w, r, err) })
		return
	}
	http.Error(w, http.StatusText(status), status)
}

// pathForLog returns the path of a request without the token of a reset link, which may
// still be valid.
func pathForLog(r *http.Request) string {
	token := r.PathValue("token")
	if token == "" {
		return r.URL.Path
	}
	return strings.ReplaceAll(r.URL.Path, token, "********")
}
