package csrf

import (
	"net/http"
	"strings"
	"unicode"
)

// isSafe tells whether a method changes nothing. Django takes small letters for capitals first, and handlers in Go do not:
// what they would not know for a GET is none here either.
func isSafe(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

// check refuses a request that was not made from a page that this site gave to the browser. Matches process_view.
func (s *state) check(r *http.Request) error {
	if isSafe(r.Method) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.checked {
		return nil
	}
	m := meta{Request: r, Protection: s.Protection}
	if err := s.checkPage(m); err != nil {
		return err
	}
	if err := s.checkToken(m); err != nil {
		return err
	}
	s.checked = true
	return nil
}

// checkPage looks at where the page with the form is from.
func (p *Protection) checkPage(m meta) error {
	if origin, ok := m.header("Origin"); ok && p.rules.checksOrigin {
		return p.checkOrigin(m, origin)
	}
	if m.secure() {
		return p.checkReferer(m)
	}
	return nil
}

// checkToken compares the token that the page has sent with the secret that the browser or the session has.
func (s *state) checkToken(m meta) error {
	have, problem, err := s.incomingSecret(false)
	switch {
	case err != nil:
		return err
	case problem != "":
		return &Error{Reason: BadCookie, Text: "CSRF cookie " + problem + "."}
	case have == nil:
		return &Error{Reason: NoCookie, Text: textNoCookie}
	}
	token, source, err := s.submittedToken(m)
	if err != nil {
		return err
	}
	if !s.rules.checksOrigin {
		if formProblem(token) != "" || !matches(token, have.plain) {
			return &Error{Reason: BadToken, Text: textBadToken}
		}
		return nil
	}
	if source == "" {
		return &Error{Reason: NoToken, Text: textNoToken}
	}
	if problem = formProblem(token); problem == "" && !matches(token, have.plain) {
		problem = "incorrect"
	}
	if problem != "" {
		return &Error{Reason: BadToken, Text: "CSRF token from " + source + " " + problem + "."}
	}
	return nil
}

// submittedToken returns the token that came with the request and where it was: in the form or,
// if that has none, in the header. The error is a [*FormError].
func (s *state) submittedToken(m meta) (token, source string, err error) {
	inHeader, ok := m.named(s.settings.CSRFHeaderName)
	if m.Method == http.MethodPost && !(s.options.HeaderFirst && ok) {
		token, err = s.formToken(m.Request)
		if token != "" || err != nil {
			return token, "POST", err
		}
	}
	if !ok {
		return "", "", nil
	}
	name := strings.ReplaceAll(strings.TrimPrefix(s.settings.CSRFHeaderName, "HTTP_"), "_", "-")
	return inHeader, "the '" + title(name) + "' HTTP header", nil
}

// title writes each run of letters with one capital. Matches Python's str.title.
func title(s string) string {
	inWord := false
	return strings.Map(func(r rune) rune {
		defer func() { inWord = unicode.IsLetter(r) }()
		if inWord {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, s)
}
