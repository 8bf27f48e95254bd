package auth

import (
	"net/http"
	"strings"
)

// maxNext is how long an address may be that a login page leads to, in bytes: Django's MAX_URL_LENGTH.
const maxNext = 2048

// Next returns the address that a login page of your own sends people to after a login: the field
// [Options].RedirectFieldName of the form or else of the query, the last one of several, if it is a path on this site, and
// otherwise if not. An address that leads to another site is never returned, because a link to the login page could then
// lead people anywhere. Like LoginView it checks as url_has_allowed_host_and_scheme does, but it refuses addresses with a
// host even if the host is this one.
func (a *Auth) Next(r *http.Request, otherwise string) string {
	name := a.options.RedirectFieldName
	r.FormValue(name) // parses the form
	values := r.URL.Query()[name]
	if sent := r.PostForm[name]; r.Method == http.MethodPost && len(sent) > 0 {
		values = sent
	}
	if len(values) > 0 && isLocal(values[len(values)-1]) {
		return values[len(values)-1]
	}
	return otherwise
}

// isLocal reports whether every browser takes an address for a path on the site that it comes from: browsers take a
// backslash for a slash, leave out control characters, and find a host after two slashes.
func isLocal(address string) bool {
	if len(address) > maxNext || !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") {
		return false
	}
	return !strings.ContainsFunc(address, func(c rune) bool { return c < ' ' || c == '\\' || c == 0x7f })
}
