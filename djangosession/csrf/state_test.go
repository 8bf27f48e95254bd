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

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

var errDatabase = errors.New("the database is down")

// broken is an engine that is unreachable.
type broken struct{ djangosession.Engine }

func (broken) Load(context.Context, string) (*djangosession.Record, error) { return nil, errDatabase }

// brokenSite is a site that stores secrets in sessions and whose database is down.
func brokenSite(t *testing.T) *site {
	t.Helper()
	return brokenSiteWith(t, csrf.Options{})
}

func brokenSiteWith(t *testing.T, o csrf.Options) *site {
	t.Helper()
	s := newSiteWith(t, "6.1", o, func(set *djangosession.Settings) { set.CSRFUseSessions = true })
	manager, err := djangosession.NewManager(broken{}, s.manager.Settings(), djangosession.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.manager = manager
	return s
}

const lostSession = "sessionid=abcdefghijklmnopqrstuvwxyz012345"

func TestSessionThatCannotBeLoadedIsAnErrorForThePage(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]func(ctx context.Context) error{
		"Token":         func(ctx context.Context) error { _, err := csrf.Token(ctx); return err },
		"TemplateField": func(ctx context.Context) error { _, err := csrf.TemplateField(ctx); return err },
		"Rotate":        csrf.Rotate,
	} {
		ran := false
		brokenSite(t).serve(page(t, lostSession), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			ran = true
			for range 2 { // the second time too
				if err := ask(r.Context()); !errors.Is(err, errDatabase) {
					t.Errorf("%s: %v", name, err)
				}
			}
		}))
		if !ran {
			t.Errorf("%s: the handler did not run", name)
		}
	}
}

func TestSessionThatCannotBeLoadedIsAnErrorForTheForm(t *testing.T) {
	t.Parallel()
	var got error
	s := brokenSiteWith(t, keepError(&got))
	res := s.serve(post(t, lostSession, url.Values{"csrfmiddlewaretoken": {token1}}), http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the handler ran")
	}))
	if res.Code != http.StatusInternalServerError || !errors.Is(got, errDatabase) {
		t.Errorf("status %d, error %v", res.Code, got)
	}
	if log := s.log.String(); !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "the database is down") {
		t.Errorf("log: %s", log)
	}
}

func TestEnsureCookieStopsWhereItCannot(t *testing.T) {
	t.Parallel()
	res := brokenSite(t).serve(page(t, lostSession), csrf.EnsureCookie(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the handler ran")
	})))
	if res.Code != http.StatusInternalServerError {
		t.Errorf("status %d", res.Code)
	}
}

func TestErrorHandlerAnswersWhereEnsureCookieCannot(t *testing.T) {
	t.Parallel()
	var got error
	res := brokenSiteWith(t, csrf.Options{ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
		got = err
		_, _ = io.WriteString(w, "sorry")
	}}).serve(page(t, lostSession), csrf.EnsureCookie(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the handler ran")
	})))
	if res.Code != http.StatusInternalServerError || res.Body.String() != "sorry" || !errors.Is(got, errDatabase) {
		t.Errorf("status %d, %q, error %v", res.Code, res.Body, got)
	}
}

func TestPageWithoutAFormNeedsNoSession(t *testing.T) {
	t.Parallel()
	if res := brokenSite(t).serve(page(t, lostSession), http.HandlerFunc(fine)); res.Code != http.StatusOK {
		t.Errorf("status %d", res.Code)
	}
}

func TestCheckLetsSafeMethodsThrough(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]bool{
		"GET": true, "HEAD": true, "OPTIONS": true, "TRACE": true,
		"POST": false, "PUT": false, "PATCH": false, "DELETE": false, "QUERY": false, "get": false, "": true,
	} {
		s := newSite(t, "6.1", nil)
		r := httptest.NewRequestWithContext(t.Context(), method, "http://example.com/", http.NoBody)
		var err error
		s.serve(r, csrf.Exempt(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { err = csrf.Check(r) })))
		if (err == nil) != want {
			t.Errorf("%q: %v", method, err)
		}
		if res := s.serve(r, http.HandlerFunc(fine)); (res.Code == http.StatusOK) != want {
			t.Errorf("%q: status %d without an exemption", method, res.Code)
		}
	}
}

// A refused handler is refused the second time as well. After a success, the body is not
// read again.
func TestCheckRemembersOnlySuccess(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", nil)
	s.serve(post(t, "csrftoken="+other, url.Values{"csrfmiddlewaretoken": {token1}}), csrf.Exempt(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for range 2 {
			if refused, ok := errors.AsType[*csrf.Error](csrf.Check(r)); !ok || refused.Reason != csrf.BadToken {
				t.Errorf("a forged request: %v", refused)
			}
		}
	})))
	s.serve(post(t, "csrftoken="+secret, url.Values{"csrfmiddlewaretoken": {token1}}), csrf.Exempt(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := csrf.Check(r); err != nil {
			t.Error(err)
		}
		r.Body, r.PostForm = http.NoBody, nil
		if err := csrf.Check(r); err != nil {
			t.Errorf("checked again: %v", err)
		}
	})))
}

// The page of a form comes before the form: the secret found by Django's process_request
// remains that of the handler.
func TestRotationHoldsForTheRequest(t *testing.T) {
	t.Parallel()
	for _, inSession := range []bool{false, true} {
		s := newSite(t, "6.1", func(set *djangosession.Settings) { set.CSRFUseSessions = inSession })
		cookie := "csrftoken=" + secret
		if inSession {
			cookie = s.visitor(secret)
		}
		res := s.serve(page(t, cookie), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := csrf.Rotate(r.Context()); err != nil {
				t.Error(err)
			}
			withToken(w, r)
		}))
		token := res.Body.String()
		if !inSession {
			line, value := csrfCookie(res)
			if cookie = "csrftoken=" + value; line == "" || value == secret {
				t.Errorf("the cookie is %q after a rotation", line)
			}
		} else if stored := s.stored(cookie); stored == secret || len(stored) != 32 {
			t.Errorf("%q is stored after a rotation", stored)
		}
		if res := s.serve(post(t, cookie, url.Values{"csrfmiddlewaretoken": {token}}), http.HandlerFunc(fine)); res.Code != http.StatusOK {
			t.Errorf("in the session: %v: the new token is refused: %s", inSession, s.log.String())
		}
		if res := s.serve(post(t, cookie, url.Values{"csrfmiddlewaretoken": {token1}}), http.HandlerFunc(fine)); res.Code != http.StatusForbidden {
			t.Errorf("in the session: %v: the old token is accepted", inSession)
		}
	}
}

// As in Django 3.2.25: an invalid cookie is treated as one that matches no token.
func TestCookieThatCannotBeASecretBefore40(t *testing.T) {
	t.Parallel()
	s := newSite(t, "3.2.25", nil)
	res := s.serve(page(t, "csrftoken=bad"), http.HandlerFunc(withToken))
	_, value := csrfCookie(res)
	if token := res.Body.String(); len(token) != 64 || len(value) != 64 {
		t.Errorf("token %q, cookie %q", token, value)
	}
	if res := s.serve(post(t, "csrftoken="+value, url.Values{"csrfmiddlewaretoken": {res.Body.String()}}), http.HandlerFunc(fine)); res.Code != http.StatusOK {
		t.Errorf("the token of the page is refused: %s", s.log.String())
	}
	s.serve(post(t, "csrftoken=bad", url.Values{"csrfmiddlewaretoken": {token1}}), http.HandlerFunc(fine))
	if log := s.log.String(); !strings.Contains(log, "CSRF token missing or incorrect.") {
		t.Errorf("log: %s", log)
	}
}

func TestRotationSendsTheCookieByItself(t *testing.T) {
	t.Parallel()
	res := newSite(t, "6.1", nil).serve(page(t, "csrftoken="+secret), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := csrf.Rotate(r.Context()); err != nil {
			t.Error(err)
		}
	}))
	if _, value := csrfCookie(res); len(value) != 32 || value == secret {
		t.Errorf("the cookie is %q", value)
	}
}
