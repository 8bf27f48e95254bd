package recipetest

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// A Recipe is a framework's way to serve these pages, inside [Site].Middleware and the
// framework's own recovery:
//
//	GET  /cart/{shelf}  shows the shelf, "<n> items" and a form with the CSRF token
//	POST /cart/{shelf}  adds an item and redirects to the cart with status 303
//	GET  /fails         sets n to 2 and returns an error of the framework: status 500
//	GET  /missing       sets n to 2 and returns an error of the framework: status 404
//	GET  /nothing       sets n to 2 and responds with status 204
//	GET  /panic         sets n to 2 and panics
//	GET  /late          writes "page" and then sets n to 2
//	GET  /flush         sets n to 2, writes "first", flushes, calls Site.Wait, sets n to 3
//	                    and writes "second"
type Recipe struct {
	Pages func(s *Site) http.Handler
	// Buffered says that the framework sends the header after the handler has returned,
	// so that /late is not late and there is no /flush.
	Buffered bool
}

// Run checks a recipe.
func Run(t *testing.T, r Recipe) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, *Site, Recipe){
		"cart":              cart,
		"a form's token":    token,
		"vary":              vary,
		"late":              late,
		"error status":      status,
		"panic":             panics,
		"flush":             flush,
		"unused session":    unused,
		"logout in between": gone,
	} {
		t.Run(name, func(t *testing.T) { check(t, New(t), r) })
	}
}

var tokenField = regexp.MustCompile(`name="csrfmiddlewaretoken" value="(\w{64})"`)

// cart fills a cart, whose path has a parameter, with a form that has a CSRF token.
func cart(t *testing.T, s *Site, r Recipe) {
	pages := r.Pages(s)
	first := s.Visit(pages, http.MethodGet, "/cart/tea", "", nil)
	found := tokenField.FindStringSubmatch(first.Body.String())
	if found == nil {
		t.Fatalf("status %d, no token: %s", first.Code, first.Body)
	}
	added := s.Visit(pages, http.MethodPost, "/cart/tea", Cookies(first.Header()),
		url.Values{"csrfmiddlewaretoken": {found[1]}, "item": {"oolong"}})
	if added.Code != http.StatusSeeOther || !strings.Contains(Cookies(added.Header()), "sessionid=") {
		t.Fatalf("status %d, cookies %q, %s", added.Code, Cookies(added.Header()), added.Body)
	}
	again := s.Visit(pages, http.MethodGet, "/cart/tea", Cookies(first.Header())+"; "+Cookies(added.Header()), nil)
	if page := again.Body.String(); !strings.Contains(page, "1 items") || !strings.Contains(page, "tea") {
		t.Error(page)
	}
	if errs := s.Errors(); errs != nil {
		t.Errorf("reported %v", errs)
	}
}

// token posts a form without a CSRF token, and with a wrong one.
func token(t *testing.T, s *Site, r Recipe) {
	cookie := s.Visitor()
	for _, form := range []url.Values{nil, {"csrfmiddlewaretoken": {strings.Repeat("x", 64)}}} {
		if got := s.Visit(r.Pages(s), http.MethodPost, "/cart/tea", cookie, form); got.Code != http.StatusForbidden {
			t.Errorf("status %d", got.Code)
		}
	}
}

// vary looks at the header of a page that reads the session, and at its own fields.
func vary(t *testing.T, s *Site, r Recipe) {
	got := s.Visit(r.Pages(s), http.MethodGet, "/cart/tea", s.Visitor(), nil)
	if got.Header().Get("Vary") != "Cookie" || !strings.HasPrefix(got.Header().Get("Content-Type"), "text/html") {
		t.Errorf("header %q", got.Header())
	}
}

// late changes a session after its page was written: of a new visitor, whose cookie can
// no longer be set, and of a known one.
func late(t *testing.T, s *Site, r Recipe) {
	got := s.Visit(r.Pages(s), http.MethodGet, "/late", "", nil)
	reported := len(s.Errors()) > 0 && errors.Is(s.Errors()[0], djangosession.ErrHeaderSent)
	if got.Body.String() != "page" || reported == r.Buffered || (Cookies(got.Header()) != "") != r.Buffered {
		t.Errorf("new visitor: %q, reported %v, a cookie: %v", got.Body, s.Errors(), Cookies(got.Header()) != "")
	}
	cookie := s.Visitor()
	if s.Visit(r.Pages(s), http.MethodGet, "/late", cookie, nil); s.Stored(cookie) != 2 {
		t.Errorf("known visitor: stored %d", s.Stored(cookie))
	}
}

// status compares pages that change the session and respond with another status than 200.
func status(t *testing.T, s *Site, r Recipe) {
	for path, want := range map[string]struct {
		status int
		saved  bool
	}{
		"/fails":   {status: http.StatusInternalServerError},
		"/missing": {status: http.StatusNotFound, saved: true},
		"/nothing": {status: http.StatusNoContent, saved: true},
	} {
		got := s.Visit(r.Pages(s), http.MethodGet, path, "", nil)
		if got.Code != want.status || (s.Stored(Cookies(got.Header())) == 2) != want.saved {
			t.Errorf("%s: status %d, a cookie: %v", path, got.Code, Cookies(got.Header()) != "")
		}
	}
	if errs := s.Errors(); errs != nil {
		t.Errorf("reported %v", errs)
	}
}

// panics expects the framework's recovery to answer, and the session not to be saved.
func panics(t *testing.T, s *Site, r Recipe) {
	cookie := s.Visitor()
	for _, c := range []string{"", cookie} {
		got := s.Visit(r.Pages(s), http.MethodGet, "/panic", c, nil)
		if got.Code != http.StatusInternalServerError || Cookies(got.Header()) != "" {
			t.Errorf("status %d, a cookie: %v", got.Code, Cookies(got.Header()) != "")
		}
	}
	if s.Stored(cookie) != 1 {
		t.Errorf("stored %d", s.Stored(cookie))
	}
	if errs := s.Errors(); errs != nil {
		t.Errorf("reported %v", errs)
	}
}

// flush reads the beginning of a response over a network before its handler continues.
func flush(t *testing.T, s *Site, r Recipe) {
	if r.Buffered {
		return
	}
	server := httptest.NewServer(r.Pages(s))
	defer server.Close()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/flush", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	got, err := server.Client().Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close() //nolint:errcheck // it was read
	first := readFirst(got.Body)
	cookie := Cookies(got.Header)
	if first != "first" || s.Stored(cookie) != 2 {
		t.Errorf("before the end: %q, stored %d", first, s.Stored(cookie))
	}
	close(s.released)
	rest, err := io.ReadAll(got.Body)
	if err != nil || string(rest) != "second" || s.Stored(cookie) != 3 || s.Errors() != nil {
		t.Errorf("after the end: %q, %v, stored %d, reported %v", rest, err, s.Stored(cookie), s.Errors())
	}
}

// unused asks for a page that does not exist: no cookie, no Vary. A cookie that cannot be
// a key is deleted all the same.
func unused(t *testing.T, s *Site, r Recipe) {
	got := s.Visit(r.Pages(s), http.MethodGet, "/nowhere", s.Visitor(), nil)
	if got.Code != http.StatusNotFound || got.Body.Len() == 0 || Cookies(got.Header()) != "" || got.Header().Get("Vary") != "" {
		t.Errorf("status %d, header %q, %q", got.Code, got.Header(), got.Body)
	}
	got = s.Visit(r.Pages(s), http.MethodGet, "/nowhere", "sessionid=short", nil)
	lines := got.Header()["Set-Cookie"]
	if got.Code != http.StatusNotFound || len(lines) != 1 || !strings.Contains(lines[0], "Max-Age=0") {
		t.Errorf("status %d, %d cookies", got.Code, len(lines))
	}
}

// gone changes a session that is deleted while the handler runs: the page must not
// appear.
func gone(t *testing.T, s *Site, r Recipe) {
	cookie := s.Visitor()
	s.logOut = true
	got := s.Visit(r.Pages(s), http.MethodGet, "/nothing", cookie, nil)
	if got.Code != http.StatusBadRequest || len(s.Errors()) != 1 || !errors.Is(s.Errors()[0], djangosession.ErrSessionGone) {
		t.Errorf("status %d, reported %v", got.Code, s.Errors())
	}
}
