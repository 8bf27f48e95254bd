package csrf_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

// The bodies are those of djangorestframework 3.18.3; see compat_test/thirdparty.
func TestSessionAuthenticationChecksUsersOnly(t *testing.T) {
	t.Parallel()
	token := url.Values{"csrfmiddlewaretoken": {token1}}
	yes := func(context.Context) (bool, error) { return true, nil }
	no := func(context.Context) (bool, error) { return false, nil }
	broken := func(context.Context) (bool, error) { return true, errDatabase }
	for _, c := range []struct {
		name    string
		request *http.Request
		user    func(context.Context) (bool, error)
		status  int
		body    string
	}{
		{name: "no user", request: post(t, "", nil), user: no, status: http.StatusOK, body: "reached"},
		{name: "no user, from elsewhere", request: withOrigin(post(t, "", nil)), user: no, status: http.StatusOK, body: "reached"},
		{name: "a user with a token", request: post(t, "csrftoken="+secret, token), user: yes, status: http.StatusOK, body: "reached"},
		{name: "a user reads", request: page(t, ""), user: yes, status: http.StatusOK, body: "reached"},
		{name: "not asked for a page", request: page(t, ""), user: broken, status: http.StatusOK, body: "reached"},
		{
			name: "a user without a cookie", request: post(t, "", token), user: yes,
			status: http.StatusForbidden, body: `{"detail":"CSRF Failed: CSRF cookie not set."}`,
		},
		{
			name: "a user without a token", request: post(t, "csrftoken="+secret, nil), user: yes,
			status: http.StatusForbidden, body: `{"detail":"CSRF Failed: CSRF token missing."}`,
		},
		{
			name: "a user from elsewhere", request: withOrigin(post(t, "csrftoken="+secret, token)), user: yes,
			status: http.StatusForbidden,
			body:   `{"detail":"CSRF Failed: Origin checking failed - https://\"<evil> does not match any trusted origins."}`,
		},
		{
			name: "the database is away", request: post(t, "csrftoken="+secret, token), user: broken,
			status: http.StatusInternalServerError, body: "Internal Server Error\n",
		},
		{
			name: "a body that is not a form", request: withType(post(t, "csrftoken="+secret, nil), "multipart/form-data"), user: yes,
			status: http.StatusBadRequest, body: "Bad Request\n",
		},
	} {
		s := newSite(t, "6.1", nil)
		mux := http.NewServeMux()
		mux.Handle("/", csrf.SessionAuthentication(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "reached")
		}), c.user))
		res := s.serve(c.request, mux)
		if res.Code != c.status || res.Body.String() != c.body {
			t.Errorf("%s: status %d, %q", c.name, res.Code, res.Body)
		}
		if isJSON := res.Header().Get("Content-Type") == "application/json"; isJSON != (c.status == http.StatusForbidden) {
			t.Errorf("%s: type %q", c.name, res.Header().Get("Content-Type"))
		}
		if logged := strings.Contains(s.log.String(), "csrf: "); logged != (c.status >= http.StatusBadRequest) {
			t.Errorf("%s: logged %q", c.name, &s.log)
		}
	}
}

func withOrigin(r *http.Request) *http.Request {
	r.Header.Set("Origin", `https://"<evil>`)
	return r
}

func withType(r *http.Request, mime string) *http.Request {
	r.Header.Set("Content-Type", mime)
	return r
}

// A router that hides the mark makes the check stricter, not weaker.
func TestHiddenSessionAuthenticationChecksAll(t *testing.T) {
	t.Parallel()
	no := func(context.Context) (bool, error) { return false, nil }
	h := csrf.SessionAuthentication(http.HandlerFunc(fine), no)
	hidden := http.HandlerFunc(h.ServeHTTP)
	if res := newSite(t, "6.1", nil).serve(post(t, "", nil), hidden); res.Code != http.StatusForbidden {
		t.Errorf("status %d", res.Code)
	}
}

func TestSessionAuthenticationOutsideOfTheMiddleware(t *testing.T) {
	t.Parallel()
	h := csrf.SessionAuthentication(http.HandlerFunc(fine), func(context.Context) (bool, error) { return false, errors.New("asked") })
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, page(t, "")); w.Code != http.StatusInternalServerError {
		t.Errorf("status %d", w.Code)
	}
}
