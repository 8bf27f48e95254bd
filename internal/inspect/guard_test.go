package inspect

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestOnlyTheVisitorWithTheTokenGetsIn changes one thing at a time about a request that
// is served.
func TestOnlyTheVisitorWithTheTokenGetsIn(t *testing.T) {
	t.Parallel()
	p := newTestPage(t, true)
	p.used.Store(true)
	good := func() *http.Request { return p.request(http.MethodGet, p.base, nil) }
	for name, c := range map[string]struct {
		change func(r *http.Request)
		status int
	}{
		"nothing":                 {change: func(*http.Request) {}, status: http.StatusOK},
		"no fetch metadata":       {change: func(r *http.Request) { r.Header.Del("Sec-Fetch-Site") }, status: http.StatusOK},
		"typed":                   {change: func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "none") }, status: http.StatusOK},
		"another host":            {change: func(r *http.Request) { r.Host = "evil.example:4711" }, status: http.StatusMisdirectedRequest},
		"another port":            {change: func(r *http.Request) { r.Host = "127.0.0.1:80" }, status: http.StatusMisdirectedRequest},
		"localhost":               {change: func(r *http.Request) { r.Host = "localhost:4711" }, status: http.StatusMisdirectedRequest},
		"no host":                 {change: func(r *http.Request) { r.Host = "" }, status: http.StatusMisdirectedRequest},
		"no cookie":               {change: func(r *http.Request) { r.Header.Del("Cookie") }, status: http.StatusForbidden},
		"another cookie":          {change: func(r *http.Request) { r.Header.Set("Cookie", cookieName+"=x") }, status: http.StatusForbidden},
		"the token as the cookie": {change: func(r *http.Request) { r.Header.Set("Cookie", cookieName+"="+p.token) }, status: http.StatusForbidden},
		"an empty cookie":         {change: func(r *http.Request) { r.Header.Set("Cookie", cookieName+"=") }, status: http.StatusForbidden},
		"another path":            {change: func(r *http.Request) { r.URL.Path = "/x/" }, status: http.StatusForbidden},
		"no path":                 {change: func(r *http.Request) { r.URL.Path = "" }, status: http.StatusForbidden},
		"no last slash":           {change: func(r *http.Request) { r.URL.Path = strings.TrimSuffix(p.base, "/") }, status: http.StatusForbidden},
		"another site":            {change: func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, status: http.StatusForbidden},
		"another port of this":    {change: func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") }, status: http.StatusForbidden},
		"another method":          {change: func(r *http.Request) { r.Method = http.MethodPut }, status: http.StatusMethodNotAllowed},
		"no page":                 {change: func(r *http.Request) { r.URL.Path += "x" }, status: http.StatusNotFound},
	} {
		r := good()
		c.change(r)
		w := p.serve(r)
		if w.Code != c.status {
			t.Errorf("%s: status %d, want %d", name, w.Code, c.status)
		}
		if w.Code != http.StatusOK && w.Code != http.StatusNotFound && strings.Contains(w.Body.String(), strings.Trim(p.base, "/")) {
			t.Errorf("%s: a stranger learns the path", name)
		}
		h := w.Header()
		for header, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
			"Cache-Control":           "no-store", "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := h.Get(header); got != want {
				t.Errorf("%s: %s is %q", name, header, got)
			}
		}
	}
}

// TestTokenWorksOnce uses the token from an address and from the form.
func TestTokenWorksOnce(t *testing.T) {
	t.Parallel()
	for name, enter := range map[string]func(p *testPage, token string) *http.Request{
		"address": func(p *testPage, token string) *http.Request {
			r := p.request(http.MethodGet, "/?token="+token, nil)
			r.Header.Set("Sec-Fetch-Site", "cross-site") // a file that another program opened
			return r
		},
		"form": func(p *testPage, token string) *http.Request {
			return p.request(http.MethodPost, "/", url.Values{"token": {token}})
		},
	} {
		p := newTestPage(t, false)
		if w := p.serve(p.request(http.MethodGet, p.base, nil)); w.Code != http.StatusForbidden {
			t.Errorf("%s: the cookie works before the token was used", name)
		}
		for _, wrong := range []string{"x", p.token + "x", p.token[1:], strings.ToLower(p.token), p.cookie, p.csrf} {
			if w := p.serve(enter(p, wrong)); w.Code != http.StatusForbidden || w.Header().Get("Set-Cookie") != "" {
				t.Errorf("%s: a wrong token has status %d", name, w.Code)
			}
		}
		w := p.serve(enter(p, p.token))
		cookies := w.Result().Cookies()
		if w.Code != http.StatusOK || len(cookies) != 1 || w.Header().Get("Refresh") != "0; url="+p.base {
			t.Fatalf("%s: status %d, %d cookies", name, w.Code, len(cookies))
		}
		if c := cookies[0]; !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != p.base || c.Domain != "" || c.Value != p.cookie {
			t.Errorf("%s: cookie %+v", name, c)
		}
		if w := p.serve(enter(p, p.token)); w.Code != http.StatusForbidden || w.Header().Get("Set-Cookie") != "" ||
			!strings.Contains(w.Body.String(), "used before") {
			t.Errorf("%s: the second use has status %d", name, w.Code)
		}
		if got := strings.Join(p.tokens, " "); got != "false true" {
			t.Errorf("%s: the program heard %q", name, got)
		}
	}
}

// TestNothingIsDoneWithoutTokenAndConfirmation changes one thing at a time about a form
// that acts.
func TestNothingIsDoneWithoutTokenAndConfirmation(t *testing.T) {
	t.Parallel()
	p := newTestPage(t, true)
	p.used.Store(true)
	user := p.seals.seal(userPurpose, "7")
	confirm := confirmationOn(t, p.post("clear", url.Values{}))
	logout := confirmationOn(t, p.post("logout", url.Values{"user": {user}}))
	other := newTestPage(t, true)
	foreign := confirmationOn(t, other.post("clear", url.Values{}))
	for name, c := range map[string]struct {
		path   string
		form   url.Values
		change func(r *http.Request)
		status int
	}{
		"no CSRF token":       {path: "clear", form: url.Values{"confirm": {confirm}}},
		"empty CSRF token":    {path: "clear", form: url.Values{"confirm": {confirm}, "csrf": {""}}},
		"foreign CSRF token":  {path: "clear", form: url.Values{"confirm": {confirm}, "csrf": {other.csrf}}},
		"cookie as the token": {path: "clear", form: url.Values{"confirm": {confirm}, "csrf": {p.cookie}}},
		"GET": {
			path: "clear?confirm=" + confirm + "&csrf=" + p.csrf, form: url.Values{}, status: http.StatusNotFound,
			change: func(r *http.Request) { r.Method = http.MethodGet },
		},
		"all in the address": {path: "clear?confirm=" + confirm + "&csrf=" + p.csrf, form: url.Values{}},
		"other origin": {
			path: "clear", form: url.Values{"confirm": {confirm}, "csrf": {p.csrf}},
			change: func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:80") },
		},
		"null origin": {
			path: "clear", form: url.Values{"confirm": {confirm}, "csrf": {p.csrf}},
			change: func(r *http.Request) { r.Header.Set("Origin", "null") },
		},
		"no origin": {
			path: "clear", form: url.Values{"confirm": {confirm}, "csrf": {p.csrf}},
			change: func(r *http.Request) { r.Header.Del("Origin") },
		},
		"other host": {
			path: "clear", form: url.Values{"confirm": {confirm}, "csrf": {p.csrf}}, status: http.StatusMisdirectedRequest,
			change: func(r *http.Request) { r.Host = "evil.example" },
		},
		"no cookie": {
			path: "clear", form: url.Values{"confirm": {confirm}, "csrf": {p.csrf}},
			change: func(r *http.Request) { r.Header.Del("Cookie") },
		},
		"other content type": {
			path: "clear", form: url.Values{"confirm": {confirm}, "csrf": {p.csrf}},
			change: func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") },
		},
		"foreign confirmation":     {path: "clear", form: url.Values{"confirm": {foreign}, "csrf": {p.csrf}}},
		"confirmation of another":  {path: "clear", form: url.Values{"confirm": {logout}, "csrf": {p.csrf}}},
		"confirmation of clear":    {path: "logout", form: url.Values{"confirm": {confirm}, "csrf": {p.csrf}, "user": {user}}},
		"confirmation of 7 for 8":  {path: "logout", form: url.Values{"confirm": {logout}, "csrf": {p.csrf}, "user": {p.seals.seal(userPurpose, "8")}}},
		"user that is not sealed":  {path: "logout", form: url.Values{"confirm": {logout}, "csrf": {p.csrf}, "user": {"7"}}, status: http.StatusNotFound},
		"sealed session as a user": {path: "logout", form: url.Values{"csrf": {p.csrf}, "user": {p.seals.seal(sessionPurpose, "7")}}, status: http.StatusNotFound},
		"too large":                {path: "clear", form: url.Values{"csrf": {p.csrf}, "x": {strings.Repeat("x", maxForm)}}, status: http.StatusBadRequest},
	} {
		r := p.request(http.MethodPost, p.base+c.path, c.form)
		if c.change != nil {
			c.change(r)
		}
		want := c.status
		if want == 0 {
			want = http.StatusForbidden
		}
		if w := p.serve(r); w.Code != want {
			t.Errorf("%s: status %d, want %d", name, w.Code, want)
		}
	}
	if p.cleared > 0 || len(p.loggedOut) > 0 || other.cleared > 0 {
		t.Error("something was done")
	}
	p.wait(p.post("clear", url.Values{"confirm": {confirm}}))
	p.wait(p.post("logout", url.Values{"confirm": {logout}, "user": {user}}))
	if p.cleared != 1 || strings.Join(p.loggedOut, " ") != "7" {
		t.Errorf("cleared %d times, logged out %q", p.cleared, p.loggedOut)
	}
	for path, form := range map[string]url.Values{"clear": {"confirm": {confirm}}, "logout": {"confirm": {logout}, "user": {user}}} {
		if w := p.post(path, form); w.Code != http.StatusForbidden {
			t.Errorf("%s: a used confirmation has status %d", path, w.Code)
		}
	}
	if p.cleared != 1 || len(p.loggedOut) != 1 {
		t.Error("a used confirmation did something")
	}
}

func TestPageWithoutWriteChangesNothing(t *testing.T) {
	t.Parallel()
	p := newTestPage(t, false)
	confirm, err := p.newConfirmation(clearAction, "")
	if err != nil {
		t.Fatal(err)
	}
	p.add("abcdefgh", -1e9)
	for path, form := range map[string]url.Values{
		"clear": {"confirm": {confirm}}, "logout": {"user": {p.seals.seal(userPurpose, "7")}},
	} {
		if w := p.post(path, form); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "--write") {
			t.Errorf("%s: status %d", path, w.Code)
		}
	}
	if page := p.get(""); strings.Contains(page, "Clear") || !strings.Contains(page, "read-only") {
		t.Error("the page offers to change something")
	}
}
