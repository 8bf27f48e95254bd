package pyurl

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Characters that Django does not quote, besides letters, digits and "_.-~".
const (
	pathSafe = "/:@&+$,-_.!~*'()"     // escape_uri_path
	uriSafe  = "/#%[]=:;$&()+,!?*@'~" // iri_to_uri
)

// IRIToURI quotes the characters of a URL that must not be in a header. Matches
// iri_to_uri.
func IRIToURI(iri string) string { return Quote(iri, uriSafe) }

// Path returns the path of a request as the client sent it, unquoted. Matches
// request.path.
func Path(r *http.Request) string {
	path, _ := target(r)
	return repercent(path)
}

// FullPath returns the path and query of a request as the client sent them. Matches
// get_full_path.
func FullPath(r *http.Request) string {
	path, query := target(r)
	full := Quote(repercent(path), pathSafe)
	if query != "" {
		full += "?" + IRIToURI(Latin1(query))
	}
	return full
}

// target returns the path and query of the request target, which includes prefixes that a
// router may have stripped.
func target(r *http.Request) (path, query string) {
	if u, err := url.ParseRequestURI(r.RequestURI); err == nil && u.Path != "" {
		return u.Path, u.RawQuery
	}
	return r.URL.Path, r.URL.RawQuery
}

// repercent writes bytes that are not valid UTF-8 as %XX. Matches
// repercent_broken_unicode.
func repercent(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		c, n := utf8.DecodeRuneInString(s)
		if c == utf8.RuneError && n == 1 {
			b.WriteString(Quote(s[:1], ""))
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}
