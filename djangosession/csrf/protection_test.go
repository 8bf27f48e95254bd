package csrf_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/internal/httpmw"
)

func TestFormOfThisSiteIsAcceptedAndForgedOnesAreNot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, cookie, token string
		want                csrf.Reason
	}{
		{"masked token", "csrftoken=" + secret, token1, ""},
		{"the cookie itself as token", "csrftoken=" + secret, secret, ""},
		{"cookie of an older Django", "csrftoken=" + token1, token2, ""},
		{"no cookie", "", token1, csrf.NoCookie},
		{"invalid cookie", "csrftoken=x", token1, csrf.BadCookie},
		{"no token", "csrftoken=" + secret, "", csrf.NoToken},
		{"token of another visitor", "csrftoken=" + other, token1, csrf.BadToken},
		{"invalid token", "csrftoken=" + secret, "x", csrf.BadToken},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got error
			s := newSiteWith(t, "6.1", keepError(&got), nil)
			ran := false
			s.serve(post(t, c.cookie, url.Values{"csrfmiddlewaretoken": {c.token}}), http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ran = true }))
			refused, _ := errors.AsType[*csrf.Error](got)
			if ran != (c.want == "") || ran != (refused == nil) || refused != nil && refused.Reason != c.want {
				t.Errorf("handler ran: %v, error %v, want %q", ran, got, c.want)
			}
		})
	}
}

func TestRefusalIsLoggedAndAnsweredWithoutTokens(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", nil)
	res := s.serve(post(t, "csrftoken="+other, url.Values{"csrfmiddlewaretoken": {token1}}), http.HandlerFunc(fine))
	answer := res.Body.String()
	if res.Code != http.StatusForbidden || !strings.Contains(answer, "Forbidden") {
		t.Errorf("got %d %q", res.Code, answer)
	}
	if log := s.log.String(); !strings.Contains(log, "level=WARN") || !strings.Contains(log, "CSRF token from POST incorrect.") {
		t.Errorf("log: %s", log)
	}
	for _, hidden := range []string{token1, secret, other} {
		if strings.Contains(s.log.String()+answer, hidden) {
			t.Errorf("the log or the response contains a token: %s %s", s.log.String(), answer)
		}
	}
}

func TestCookieGoesOutOnlyWhenItIsNeeded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, release, cookie string
		handler               http.HandlerFunc
		want                  int // length of the cookie's value
		kept                  bool
	}{
		{"page without a form", "6.1", "csrftoken=" + secret, fine, 0, false},
		{"page with a form renews it", "6.1", "csrftoken=" + secret, withToken, 32, true},
		{"first page with a form", "6.1", "", withToken, 32, false},
		{"bad one is replaced", "6.1", "csrftoken=bad", fine, 32, false},
		{"masked one is unmasked when it goes out", "6.1", "csrftoken=" + token1, withToken, 32, true},
		{"masked one stays otherwise", "6.1", "csrftoken=" + token1, fine, 0, false},
		{"4.0 masks it again each time", "4.0", "csrftoken=" + secret, fine, 64, true},
		{"4.0 keeps a masked one", "4.0", "csrftoken=" + token1, fine, 0, false},
		{"3.2 stores it masked", "3.2", "", withToken, 64, false},
		{"3.2 leaves a bad one", "3.2", "csrftoken=bad", fine, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, c.release, nil)
			res := s.serve(page(t, c.cookie), c.handler)
			line, value := csrfCookie(res)
			if len(value) != c.want || (line != "") != (res.Header().Get("Vary") == "Cookie") {
				t.Errorf("cookie %q, Vary %q", line, res.Header().Get("Vary"))
			}
			if value == "" {
				return
			}
			// This is how Django decides whether a cookie is valid.
			accepted := s.serve(post(t, "csrftoken="+value, url.Values{"csrfmiddlewaretoken": {token2}}), http.HandlerFunc(fine)).Code == http.StatusOK
			if accepted != c.kept {
				t.Errorf("the cookie %q is the earlier one: %v", value, accepted)
			}
		})
	}
}

func TestTokenOfAPageIsAcceptedAfterwards(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"1.10", "2.2", "3.2", "4.0", "4.1", "4.2", "5.2", "6.1"} {
		for _, inSession := range []bool{false, true} {
			s := newSite(t, release, func(set *djangosession.Settings) { set.CSRFUseSessions = inSession })
			res := s.serve(page(t, ""), http.HandlerFunc(withToken))
			token := res.Body.String()
			cookie, _, _ := strings.Cut(res.Header().Get("Set-Cookie"), ";")
			if inSession != strings.HasPrefix(cookie, "sessionid=") {
				t.Errorf("%s: in the session: %v, and the cookie is %q", release, inSession, cookie)
			}
			res = s.serve(post(t, cookie, url.Values{"csrfmiddlewaretoken": {token}}), http.HandlerFunc(fine))
			if res.Code != http.StatusOK {
				t.Errorf("%s: in the session: %v: refused: %s", release, inSession, s.log.String())
			}
		}
	}
}

// TestHandlerMayStripTheRequest of its cookies: its form then has the token of the
// visitor's other pages.
func TestHandlerMayStripTheRequest(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", nil)
	res := s.serve(page(t, "csrftoken="+secret), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Cookie")
		withToken(w, r)
	}))
	if _, value := csrfCookie(res); value != secret {
		t.Errorf("the cookie is %q now", value)
	}
}

func TestSecretInTheSession(t *testing.T) {
	t.Parallel()
	inSession := func(set *djangosession.Settings) { set.CSRFUseSessions = true }
	form := url.Values{"csrfmiddlewaretoken": {token2}}
	t.Run("is not looked up by a page that does not ask", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, "6.1", inSession)
		res := s.serve(page(t, s.visitor(secret)), http.HandlerFunc(fine))
		if s.loads.Load() != 0 || res.Header().Get("Vary") != "" {
			t.Errorf("%d loads, Vary %q", s.loads.Load(), res.Header().Get("Vary"))
		}
	})
	t.Run("is the only one that counts", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, "6.1", inSession)
		if res := s.serve(post(t, s.visitor(secret), form), http.HandlerFunc(fine)); res.Code != http.StatusOK {
			t.Errorf("refused: %s", s.log.String())
		}
		if res := s.serve(post(t, "csrftoken="+secret, form), http.HandlerFunc(fine)); res.Code != http.StatusForbidden {
			t.Error("accepted by a cookie")
		}
	})
	t.Run("is unmasked when a page uses it", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, "6.1", inSession)
		cookie := s.visitor(token1)
		s.serve(page(t, cookie), http.HandlerFunc(fine))
		if got := s.stored(cookie); got != token1 {
			t.Errorf("%q is stored after a page without a form", got)
		}
		s.serve(page(t, cookie), http.HandlerFunc(withToken))
		if got := s.stored(cookie); got != secret {
			t.Errorf("%q is stored after a page with a form", got)
		}
	})
	t.Run("is not stored again if it is the same", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, "6.1", inSession)
		if res := s.serve(page(t, s.visitor(secret)), http.HandlerFunc(withToken)); res.Header().Get("Set-Cookie") != "" {
			t.Errorf("the session was saved: %q", res.Header().Get("Set-Cookie"))
		}
	})
	t.Run("of 32 characters accepts nothing before 4.1", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, "4.0", inSession)
		if res := s.serve(post(t, s.visitor(secret), form), http.HandlerFunc(fine)); res.Code != http.StatusForbidden {
			t.Errorf("got %d", res.Code)
		}
	})
	t.Run("that is no text is an error", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, "6.1", inSession)
		if res := s.serve(post(t, s.visitor(7), form), http.HandlerFunc(fine)); res.Code != http.StatusInternalServerError {
			t.Errorf("got %d", res.Code)
		}
	})
}

func TestLoginRotatesTheSecret(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", nil)
	res := s.serve(page(t, "csrftoken="+secret), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := httpmw.From(r.Context()).RunAtLogin(r.Context()); err != nil { // as auth.Login does
			t.Error(err)
		}
		withToken(w, r)
	}))
	_, value := csrfCookie(res)
	if len(value) != 32 || value == secret {
		t.Errorf("the secret after a login is %q", value)
	}
	form := url.Values{"csrfmiddlewaretoken": {res.Body.String()}}
	if res := s.serve(post(t, "csrftoken="+value, form), http.HandlerFunc(fine)); res.Code != http.StatusOK {
		t.Error("the token after a login is not of the new secret")
	}
}

func TestTokensDifferOnEachCall(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", nil)
	s.serve(page(t, "csrftoken="+secret), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		a, errA := csrf.Token(r.Context())
		b, errB := csrf.Token(r.Context())
		if err := errors.Join(errA, errB); err != nil || a == b || len(a) != 64 {
			t.Errorf("%q, %q: %v", a, b, err)
		}
		field, err := csrf.TemplateField(r.Context())
		if err != nil || !strings.HasPrefix(string(field), `<input type="hidden" name="csrfmiddlewaretoken" value="`) {
			t.Errorf("%q: %v", field, err)
		}
	}))
}

func TestEnsureCookieSendsItWithAnyPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", nil)
	if line, _ := csrfCookie(s.serve(page(t, ""), csrf.EnsureCookie(http.HandlerFunc(fine)))); line == "" {
		t.Error("no cookie")
	}
}

func TestExemptHandlersAreNotChecked(t *testing.T) {
	t.Parallel()
	inner := http.NewServeMux()
	inner.Handle("POST /hook/{name}", csrf.Exempt(http.HandlerFunc(fine)))
	inner.HandleFunc("/", fine)
	outer := http.NewServeMux()
	outer.Handle("/hook/", inner)
	outer.HandleFunc("/", fine)
	for _, c := range []struct {
		name, method, path string
		next               http.Handler
		exempts            func(*http.Request) bool
		want               int
	}{
		{"the next handler", "POST", "/", csrf.Exempt(http.HandlerFunc(fine)), nil, 200},
		{"in a router in a router", "POST", "/hook/x", outer, nil, 200},
		{"another pattern of it", "POST", "/other", outer, nil, 403},
		{"another method of it", "PUT", "/hook/x", outer, nil, 403},
		{"a path that is cleaned first", "POST", "/hook/../other", outer, nil, 403},
		{"by function", "POST", "/", http.HandlerFunc(fine), func(r *http.Request) bool { return r.URL.Path == "/" }, 200},
		{"not by function", "POST", "/x", http.HandlerFunc(fine), func(r *http.Request) bool { return r.URL.Path == "/" }, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSiteWith(t, "6.1", csrf.Options{Exempts: c.exempts}, nil)
			r := httptest.NewRequestWithContext(t.Context(), c.method, "http://example.com"+c.path, http.NoBody)
			if res := s.serve(r, c.next); res.Code != c.want {
				t.Errorf("got %d, want %d", res.Code, c.want)
			}
		})
	}
}

func TestCheckByHand(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", nil)
	handler := csrf.Exempt(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := csrf.Check(r); err != nil {
			http.Error(w, err.Error(), http.StatusTeapot)
		}
	}))
	if res := s.serve(post(t, "csrftoken="+secret, url.Values{"csrfmiddlewaretoken": {token1}}), handler); res.Code != http.StatusOK {
		t.Errorf("a good request: %d", res.Code)
	}
	if res := s.serve(post(t, "csrftoken="+other, url.Values{"csrfmiddlewaretoken": {token1}}), handler); res.Code != http.StatusTeapot {
		t.Errorf("a forged request: %d", res.Code)
	}
	once := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			t.Error(err)
		}
		if err := csrf.Check(r); err != nil {
			t.Errorf("a request that was checked is checked again: %v", err)
		}
	})
	s.serve(post(t, "csrftoken="+secret, url.Values{"csrfmiddlewaretoken": {token1}}), once)
	// An inner Protection checks requests that the outer one passed.
	if res := s.serve(post(t, "", nil), csrf.Exempt(s.Middleware(http.HandlerFunc(fine)))); res.Code != http.StatusForbidden {
		t.Errorf("inside of an exempt handler: %d", res.Code)
	}
}

func TestOutsideOfTheMiddlewares(t *testing.T) {
	t.Parallel()
	r := post(t, "csrftoken="+secret, nil)
	_, tokenErr := csrf.Token(t.Context())
	_, fieldErr := csrf.TemplateField(t.Context())
	for _, err := range []error{tokenErr, fieldErr, csrf.Rotate(t.Context()), csrf.Check(r)} {
		if !errors.Is(err, csrf.ErrNoMiddleware) {
			t.Errorf("got %v", err)
		}
	}
	var got error
	s := newSiteWith(t, "6.1", keepError(&got), nil)
	w := httptest.NewRecorder()
	s.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the handler ran") })).ServeHTTP(w, page(t, ""))
	if !errors.Is(got, djangosession.ErrNoMiddleware) || w.Code != http.StatusInternalServerError {
		t.Errorf("without the session middleware: %d, %v", w.Code, got)
	}
}

func TestManyGoroutinesOfOneRequest(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", func(set *djangosession.Settings) { set.CSRFUseSessions = true })
	s.serve(page(t, ""), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if _, err := csrf.Token(ctx); err != nil {
					t.Error(err)
				}
				_ = csrf.Rotate(ctx)
			})
		}
		wg.Wait()
	}))
}
