package auth

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/djangosession"
)

// RedirectToLogin sends the client to LOGIN_URL, from where Django's login page sends it back to this address. Matches
// redirect_to_login with the address as the decorators give it.
func (a *Auth) RedirectToLogin(w http.ResponseWriter, r *http.Request) { a.redirect(w, r, a.login) }

func (a *Auth) redirect(w http.ResponseWriter, r *http.Request, to loginURL) {
	scheme, host := origin(r)
	if a.options.Origin != nil {
		scheme, host = a.options.Origin(r)
	}
	next := fullPath(r)
	if to.scheme != "" && to.scheme != scheme || to.host != "" && to.host != host {
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

// loginURL is a LOGIN_URL taken apart.
type loginURL struct {
	scheme, host    string // "" if it has none
	base            string // before the query
	query, fragment string
}

func parseLoginURL(setting, text string) (loginURL, error) {
	refuse := func(problem string) (loginURL, error) {
		return loginURL{}, &djangosession.SettingError{Setting: setting, Problem: problem}
	}
	if text == "" {
		return refuse("is empty")
	}
	if !strings.ContainsAny(text, "/.") {
		return refuse("looks like the name of a view: give the URL that reverse() makes of it, " +
			"as djangosession.SettingsCommand prints it for LOGIN_URL if the site has such a view")
	}
	u, err := url.Parse(text)
	if err != nil || strings.ContainsAny(text, " \t\r\n") {
		return refuse("is no URL")
	}
	to := loginURL{scheme: u.Scheme, host: u.Host}
	to.base, to.fragment, _ = strings.Cut(text, "#")
	to.base, to.query, _ = strings.Cut(to.base, "?")
	return to, nil
}

// with is the URL with a parameter set to a value, quoted as QueryDict.urlencode(safe="/") does.
func (u loginURL) with(name, value string) string {
	const safe = "/"
	var fields []string
	done := false
	for field := range strings.SplitSeq(u.query, "&") {
		if field == "" {
			continue
		}
		k, v, _ := strings.Cut(field, "=")
		k, v = unquotePlus(k), unquotePlus(v)
		if k == name {
			if done {
				continue
			}
			v, done = value, true
		}
		fields = append(fields, quote(k, safe)+"="+quote(v, safe))
	}
	if !done {
		fields = append(fields, quote(name, safe)+"="+quote(value, safe))
	}
	text := u.base + "?" + strings.Join(fields, "&")
	if u.fragment != "" {
		text += "#" + u.fragment
	}
	return quote(text, uriSafe)
}

// What Django leaves as it is, besides letters, digits and "_.-~".
const (
	pathSafe = "/:@&+$,-_.!~*'()"     // escape_uri_path
	uriSafe  = "/#%[]=:;$&()+,!?*@'~" // iri_to_uri
)

// fullPath is the address of a request as the client sent it. Matches get_full_path.
func fullPath(r *http.Request) string {
	path, query := r.URL.Path, r.URL.RawQuery
	// The target of the request has what a router may have cut off.
	if u, err := url.ParseRequestURI(r.RequestURI); err == nil && u.Path != "" {
		path, query = u.Path, u.RawQuery
	}
	full := quote(repercent(path), pathSafe)
	if query != "" {
		full += "?" + quote(latin1(query), uriSafe)
	}
	return full
}

// quote writes bytes that are not safe as %XX. Matches urllib.parse.quote.
func quote(s, safe string) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
			strings.IndexByte("_.-~", c) >= 0 || strings.IndexByte(safe, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hexDigits[c>>4])
		b.WriteByte(hexDigits[c&15])
	}
	return b.String()
}

// repercent writes bytes that are no UTF-8 as %XX. Matches repercent_broken_unicode.
func repercent(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		c, n := utf8.DecodeRuneInString(s)
		if c == utf8.RuneError && n == 1 {
			b.WriteString(quote(s[:1], ""))
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// latin1 reads bytes as WSGI hands them to Django: each is a character.
func latin1(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

// unquotePlus reads a part of a query as urllib.parse does: what is no escape stays.
func unquotePlus(s string) string {
	s = strings.ReplaceAll(s, "+", " ")
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := url.PathUnescape(s[i : i+3]); err == nil {
				b.WriteString(c)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
