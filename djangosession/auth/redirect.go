package auth

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/pyurl"
)

// RedirectToLogin redirects the client to LOGIN_URL. Django's login page then leads back
// to this address. Matches redirect_to_login as called by Django's decorators.
func (a *Auth) RedirectToLogin(w http.ResponseWriter, r *http.Request) { a.redirect(w, r, a.login) }

func (a *Auth) redirect(w http.ResponseWriter, r *http.Request, to loginURL) {
	scheme, host := origin(r)
	if a.options.Origin != nil {
		scheme, host = a.options.Origin(r)
	}
	next := pyurl.FullPath(r)
	if to.Scheme != "" && to.Scheme != scheme || to.Netloc != "" && to.Netloc != host {
		next = scheme + "://" + host + next
	}
	w.Header().Set("Location", to.with(a.options.RedirectFieldName, next))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusFound)
}

func origin(r *http.Request) (scheme, host string) {
	if r.TLS != nil {
		return "https", r.Host
	}
	return "http", r.Host
}

// loginURL is a parsed LOGIN_URL.
type loginURL struct{ pyurl.URL }

func parseLoginURL(setting, text string) (loginURL, error) {
	refuse := func(problem string) (loginURL, error) {
		return loginURL{}, &djangosession.SettingError{Setting: setting, Problem: problem}
	}
	if text == "" {
		return refuse("is empty")
	}
	if !strings.ContainsAny(text, "/.") {
		return refuse("looks like the name of a view: set it to the URL of that view, " +
			"which djangosession.SettingsScript exports as LOGIN_URL if the site has the view")
	}
	u, ok := pyurl.Split(text)
	if _, err := url.Parse(text); err != nil || !ok || strings.ContainsAny(text, " \t\r\n") {
		return refuse("is not a URL")
	}
	return loginURL{u}, nil
}

// with returns the URL with a query parameter set, quoted as
// QueryDict.urlencode(safe="/") does.
func (u loginURL) with(name, value string) string {
	const safe = "/"
	var fields []string
	done := false
	for field := range strings.SplitSeq(u.Query, "&") {
		if field == "" {
			continue
		}
		k, v, _ := strings.Cut(field, "=")
		k, v = pyurl.UnquotePlus(k), pyurl.UnquotePlus(v)
		if k == name {
			if done {
				continue
			}
			v, done = value, true
		}
		fields = append(fields, pyurl.Quote(k, safe)+"="+pyurl.Quote(v, safe))
	}
	if !done {
		fields = append(fields, pyurl.Quote(name, safe)+"="+pyurl.Quote(value, safe))
	}
	u.Query = strings.Join(fields, "&")
	return pyurl.IRIToURI(u.String())
}
