package csrf

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"unicode"
)

// isSafe reports whether a method changes nothing. Django uppercases methods first. Go
// handlers do not, so a lowercase method is not a GET to them and is not safe here.
func isSafe(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

// check refuses a request that did not come from a page of this site. Only other checks
// wait for it, because the body of a request may take long to arrive. Matches
// process_view.
func (s *state) check(r *http.Request) error {
	if isSafe(r.Method) {
		return nil
	}
	ctx := r.Context()
	if !s.checking.Lock(ctx.Done()) {
		return fmt.Errorf("csrf: wait for another check of the request: %w", ctx.Err())
	}
	defer s.checking.Unlock()
	if s.checked {
		return nil
	}
	m := meta{Request: r, Protection: s.Protection}
	if err := s.checkPage(m); err != nil {
		return err
	}
	if err := s.checkToken(ctx, m); err != nil {
		return err
	}
	s.checked = true
	return nil
}

// checkPage checks which site the page with the form belongs to.
func (p *Protection) checkPage(m meta) error {
	if origin, ok := m.header("Origin"); ok && p.rules.checksOrigin {
		return p.checkOrigin(m, origin)
	}
	if m.secure() {
		return p.checkReferer(m)
	}
	return nil
}

// checkToken compares the submitted token with the secret of the browser or session.
func (s *state) checkToken(ctx context.Context, m meta) error {
	session, err := s.openSession(ctx)
	if err != nil {
		return err
	}
	have, problem, err := s.incomingSecret(session, false)
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

// submittedToken returns the token of the request and its source: the form or, if the
// form has none, the header. The error is a [*FormError].
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

// title capitalizes the first letter of each run of letters and lowercases the others.
// Matches Python's str.title.
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
