package auth

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/internal/pyurl"
)

// maxNext is the maximum length of the address to which a login page leads, in
// characters. It is Django's MAX_URL_LENGTH.
const maxNext = 2048

// Next returns the address to which your own login page redirects after a login. It is
// the last value of the field [Options].RedirectFieldName in the form, or else in the
// query, if that is a path on this site. If not, Next returns otherwise. An address on
// another site is never returned, because a link to the login page could then lead
// visitors anywhere. Since Django 5.0.14 and 5.1.8, one of more than 2,048 characters is
// not returned either. Like LoginView, Next applies the rules of
// url_has_allowed_host_and_scheme, but it refuses every address with a host, even this
// site's.
func (a *Auth) Next(r *http.Request, otherwise string) string {
	values := a.nextValues(r)
	if len(values) == 0 {
		return otherwise
	}
	next := values[len(values)-1]
	if !isLocal(next) || a.limitsNext && utf8.RuneCountInString(next) > maxNext {
		return otherwise
	}
	return next
}

// HasNext reports whether the request has the field that [Auth.Next] reads, with any
// value.
func (a *Auth) HasNext(r *http.Request) bool { return len(a.nextValues(r)) > 0 }

// nextValues returns the values of the field in the form of a POST request, or else in
// the query. Like Django, it does not read the body of other requests: the CSRF check has
// not limited it.
func (a *Auth) nextValues(r *http.Request) []string {
	name := a.options.RedirectFieldName
	if r.Method == http.MethodPost {
		r.PostFormValue(name) // parses all kinds of forms
		if sent := r.PostForm[name]; len(sent) > 0 {
			return sent
		}
	}
	return queryValues(r.URL.RawQuery, name)
}

// queryValues returns the values of a field in a query. Unlike net/url, it accepts raw
// semicolons, and percent signs without two hexadecimal digits. Matches QueryDict.
func queryValues(query, name string) []string {
	var values []string
	for pair := range strings.SplitSeq(query, "&") {
		if field, value, _ := strings.Cut(pair, "="); pair != "" && pyurl.UnquotePlus(field) == name {
			values = append(values, pyurl.UnquotePlus(value))
		}
	}
	return values
}

// isLocal reports whether every browser takes address for a path on the same site.
// Browsers treat a backslash as a slash, drop control characters, and find a host after
// two slashes.
func isLocal(address string) bool {
	if !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") {
		return false
	}
	return !strings.ContainsFunc(address, func(c rune) bool { return c < ' ' || c == '\\' || c == 0x7f })
}
