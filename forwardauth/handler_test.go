package forwardauth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/forwardauth"
)

func TestRequirements(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	cookies := map[string]string{
		"nobody": "",
		"ada":    s.logIn(&auth.User{Username: "ada"}),
		"ed":     s.logIn(&auth.User{Username: "ed"}, "Editors"),
		"staff":  s.logIn(&auth.User{Username: "staff", IsStaff: true}),
		"root":   s.logIn(&auth.User{Username: "root", IsSuperuser: true}),
	}
	h := s.handler(forwardauth.Options{})
	for requirement, pass := range map[string]string{
		"login":                                  "ada ed staff root",
		"anonymous":                              "nobody ada ed staff root",
		"staff":                                  "staff",
		"superuser":                              "root",
		"group=Editors":                          "ed",
		"group=Others&group=Editors":             "ed",
		"permission=shop.view_order":             "ed root",
		"permission=shop.view_order&group=Other": "",
		"permission=shop.view_order&permission=shop.delete_order": "root",
		"login&staff":              "staff",
		"group=%45ditors":          "ed",
		"login?anonymous&staff":    "ada ed staff root", // Caddy passes on the query of the client
		"staff?login":              "staff",
		"group=Editors?group=Root": "ed",
	} {
		for name, cookie := range cookies {
			w := ask(h, requirement, cookie)
			switch passes := strings.Contains(" "+pass+" ", " "+name+" "); {
			case passes:
				want(t, w, http.StatusOK, forwardauth.Passed)
			case name == "nobody":
				want(t, w, http.StatusUnauthorized, forwardauth.LoginRequired)
			default:
				want(t, w, http.StatusForbidden, forwardauth.Forbidden)
			}
			if t.Failed() {
				t.Fatalf("%s at %s", name, requirement)
			}
		}
	}
	for _, requirement := range []string{
		"", "Staff", "staff,superuser", "group=", "group", "permission=order", "anonymous&staff", "staff=1", "group=%zz", "login/", "/login",
	} {
		w := ask(h, requirement, cookies["root"])
		if w.StatusCode < 400 || w.StatusCode == http.StatusUnauthorized {
			t.Errorf("requirement %q: status %d", requirement, w.StatusCode)
		}
	}
}

func TestUserHeaders(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.users.SetGroup("Köche, alle")
	h := s.handler(forwardauth.Options{Groups: true})
	cookie := s.logIn(&auth.User{
		Username: "ada\r\nX-User-Id: 7 \xff50%é", Email: "ada+tea@example.com", IsStaff: true,
	}, "Editors", "Köche, alle")
	w := ask(h, "login", cookie)
	want(t, w, http.StatusOK, forwardauth.Passed)
	for name, value := range map[string]string{
		"X-User-Id": "1", "X-User-Name": "ada%0D%0AX-User-Id:%207%20%FF50%25%C3%A9", "X-User-Email": "ada+tea@example.com",
		"X-User-Staff": "true", "X-User-Superuser": "false", "X-User-Groups": "Editors,K%C3%B6che%2C%20alle",
	} {
		if got := w.Header[name]; len(got) != 1 || got[0] != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	if got := w.Header.Get("Vary"); got != "Cookie" {
		t.Errorf("Vary: %q", got)
	}
	w = ask(h, "anonymous", "")
	for _, name := range []string{"X-User-Id", "X-User-Name", "X-User-Email", "X-User-Staff", "X-User-Superuser", "X-User-Groups"} {
		if got := w.Header[name]; len(got) != 1 || got[0] != "" {
			t.Errorf("%s of nobody: %q", name, got)
		}
	}
	if got := ask(s.handler(forwardauth.Options{}), "login", cookie).Header["X-User-Groups"]; len(got) != 1 || got[0] != "" {
		t.Errorf("groups without the option: %q", got)
	}
}

func TestOneLoadPerRequest(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	cookie := s.logIn(&auth.User{Username: "ada"})
	h := s.handler(forwardauth.Options{})
	for cookie, loads := range map[string]int{cookie: 1, "": 0, "sessionid=short": 0, "sessionid=nobody00": 1, "other=a": 0} {
		s.engine.loads = 0
		ask(h, "login", cookie)
		if s.engine.loads != loads {
			t.Errorf("%d loads, want %d", s.engine.loads, loads)
		}
	}
}

func TestCookiesThatAreNoLogin(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	h := s.handler(forwardauth.Options{})
	cookie := s.logIn(&auth.User{Username: "ada"})
	want(t, ask(h, "login", cookie), http.StatusOK, forwardauth.Passed)

	other := newSite(t, func(x *djangosession.Settings) { x.SecretKey = "another secret" })
	foreign := other.logIn(&auth.User{Username: "eve"})
	row, expires, _ := other.engine.Row(strings.TrimPrefix(foreign, "sessionid="))
	s.engine.SetRow(strings.TrimPrefix(foreign, "sessionid="), row, expires)
	expired := s.logIn(&auth.User{Username: "late"})
	text, _, _ := s.engine.Row(strings.TrimPrefix(expired, "sessionid="))
	s.engine.SetRow(strings.TrimPrefix(expired, "sessionid="), text, future.AddDate(-999, 0, 0))
	s.engine.SetRow("damaged0damaged0damaged0damaged0", "e30:1r31eq:AAAAxyqaeSiXnlEQJVh5I3Tjp7U3uQESH5gHoaFBmW8", future)
	inactive, err := s.users.Add(&auth.User{Username: "gone"}, memory.Access{})
	if err != nil {
		t.Fatal(err)
	}
	of := func(change func(session *djangosession.Session)) string {
		session, err := s.writing.Sessions.Load(t.Context(), strings.TrimPrefix(cookie, "sessionid="))
		if err != nil {
			t.Fatal(err)
		}
		copied := s.writing.Sessions.New()
		for name, value := range session.Items() {
			copied.Set(name, value)
		}
		change(copied)
		return s.save(copied)
	}
	for name, cookie := range map[string]string{
		"none":            "",
		"no session":      "sessionid=abcdefghijklmnopqrstuvwxyz012345",
		"too short":       "sessionid=abc",
		"huge":            "sessionid=" + strings.Repeat("a", 1<<16),
		"quoted":          `sessionid="\073"`,
		"another name":    strings.Replace(cookie, "sessionid", "Sessionid", 1),
		"expired":         expired,
		"damaged":         "sessionid=damaged0damaged0damaged0damaged0",
		"inactive":        of(func(x *djangosession.Session) { x.Set(auth.SessionKey, inactive.ID) }),
		"deleted":         of(func(x *djangosession.Session) { x.Set(auth.SessionKey, "77") }),
		"wrong hash":      of(func(x *djangosession.Session) { x.Set(auth.HashSessionKey, strings.Repeat("0", 64)) }),
		"unknown backend": of(func(x *djangosession.Session) { x.Set(auth.BackendSessionKey, "shop.Backend") }),
		"no login":        of(func(x *djangosession.Session) { x.Clear() }),
		"last one counts": cookie + "; sessionid=abcdefghijklmnopqrstuvwxyz012345",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want(t, ask(h, "login", cookie), http.StatusUnauthorized, forwardauth.LoginRequired)
		})
	}
	want(t, ask(h, "login", "sessionid=abcdefghijklmnopqrstuvwxyz012345; "+cookie), http.StatusOK, forwardauth.Passed)
	// Django may be able to read this one.
	want(t, ask(h, "login", foreign), http.StatusServiceUnavailable, forwardauth.Unavailable)
}

func TestLogoutCountsAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	h := s.handler(forwardauth.Options{})
	cookie := s.logIn(&auth.User{Username: "ada"})
	want(t, ask(h, "login", cookie), http.StatusOK, forwardauth.Passed)
	if err := s.writing.Sessions.Delete(t.Context(), strings.TrimPrefix(cookie, "sessionid=")); err != nil {
		t.Fatal(err)
	}
	want(t, ask(h, "login", cookie), http.StatusUnauthorized, forwardauth.LoginRequired)
}

func TestStoreThatIsDownLetsNobodyPass(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	cookie := s.logIn(&auth.User{Username: "ada"})
	s.engine.err = errDown
	var events []forwardauth.Event
	h := s.handler(forwardauth.Options{OnAnswer: func(_ context.Context, e forwardauth.Event) { events = append(events, e) }})
	for _, requirement := range []string{"login", "anonymous", "staff"} {
		want(t, ask(h, requirement, cookie), http.StatusServiceUnavailable, forwardauth.Unavailable)
	}
	if len(events) != 3 || events[0].Reason != forwardauth.Unavailable || events[0].Status != 503 || events[0].Duration <= 0 {
		t.Errorf("events %v", events)
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	cookie := s.logIn(&auth.User{Username: "ada"})
	h := s.handler(forwardauth.Options{
		Hosts: []string{"wiki.example.net"},
		Rules: &forwardauth.Rules{Routes: []forwardauth.Route{{Methods: []string{"POST"}}}},
	})
	for name, test := range map[string]struct {
		headers []string
		reason  forwardauth.Reason
	}{
		"user header":             {headers: []string{"X-User-Id", "1"}, reason: forwardauth.Smuggled},
		"empty user header":       {headers: []string{"X-User-Id", ""}, reason: forwardauth.Passed}, // removed
		"with underscores":        {headers: []string{"X_user_id", "1"}, reason: forwardauth.Smuggled},
		"mixed":                   {headers: []string{"X-User_name", "ada"}, reason: forwardauth.Smuggled},
		"other case":              {headers: []string{"x-uSER-sTAFF", "true"}, reason: forwardauth.Smuggled},
		"other characters":        {headers: []string{"X.User.Groups", "a"}, reason: forwardauth.Smuggled},
		"another header":          {headers: []string{"X-User-Agent", "a"}, reason: forwardauth.Passed},
		"two cookie headers":      {headers: []string{"Cookie", "sessionid=abcdefgh"}, reason: forwardauth.SeveralCookies},
		"another method":          {headers: []string{"X-Http-Method-Override", "POST"}, reason: forwardauth.Smuggled},
		"method with underscores": {headers: []string{"X_HTTP_Method_Override", "DELETE"}, reason: forwardauth.Smuggled},
		"wrong host":              {headers: []string{"Host", "evil.example"}, reason: forwardauth.BadHost},
		"host with a user":        {headers: []string{"Host", "evil@shop.example.com"}, reason: forwardauth.BadHost},
		"host of a subdomain":     {headers: []string{"Host", "a.example.org:8443"}, reason: forwardauth.Passed},
		"further host":            {headers: []string{"Host", "wiki.example.net"}, reason: forwardauth.Passed},
		"no host":                 {headers: []string{"Host", ""}, reason: forwardauth.BadHost},
		"no target":               {headers: []string{"X-Original-Uri", ""}, reason: forwardauth.Misconfigured},
		"two targets":             {headers: []string{"X-Original-Uri", "/b"}, reason: forwardauth.Misconfigured},
		"no method":               {headers: []string{"X-Original-Method", ""}, reason: forwardauth.Misconfigured},
		"two schemes":             {headers: []string{"X-Forwarded-Proto", "http"}, reason: forwardauth.Misconfigured},
		"no scheme":               {headers: []string{"X-Forwarded-Proto", ""}, reason: forwardauth.Misconfigured},
		"forwarded host of nginx": {headers: []string{"X-Forwarded-Host", "evil.example"}, reason: forwardauth.Passed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := ask(h, "login", cookie, test.headers...)
			status := map[forwardauth.Reason]int{forwardauth.Passed: 200, forwardauth.Misconfigured: 500}[test.reason]
			if status == 0 {
				status = http.StatusForbidden
			}
			want(t, w, status, test.reason)
		})
	}
	for _, target := range []string{"/", "/auth/", "/auth/haproxy/login", "/auth/nginx/login/page", "/admin", "*"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		r.RequestURI = target
		if w := do(h, r); w.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d", target, w.StatusCode)
		}
	}
}

func TestEachProxyDescribesTheRequest(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(x *djangosession.Settings) { x.LoginURL = "https://accounts.example.com/login/" })
	rules := &forwardauth.Rules{Routes: []forwardauth.Route{
		{Hosts: []string{"shop.example.com"}, Methods: []string{"POST"}, Paths: []string{"/a b/"}},
		{Requirement: forwardauth.Requirement{Anonymous: true}},
	}}
	h := s.handler(forwardauth.Options{Rules: rules})
	forwarded := map[string]string{
		"X-Forwarded-Method": "POST", "X-Forwarded-Uri": "/a%20b/?c=/d&e", "X-Forwarded-Host": "shop.example.com", "X-Forwarded-Proto": "https",
	}
	for name, test := range map[string]struct {
		method, target string
		headers        map[string]string
		status         int
	}{
		"nginx": {
			target: "/auth/nginx/anonymous", status: http.StatusUnauthorized, headers: map[string]string{
				"X-Original-Method": "POST", "X-Original-Uri": "/a%20b/?c=/d&e", "Host": "shop.example.com", "X-Forwarded-Proto": "https",
			},
		},
		"traefik": {target: "/auth/traefik/anonymous", headers: forwarded},
		"caddy":   {target: "/auth/caddy/anonymous?c=/d&e", headers: forwarded},
		"envoy": {
			method: http.MethodPost, target: "/auth/envoy/anonymous/a%20b/?c=/d&e", headers: map[string]string{
				"Host": "shop.example.com", "X-Forwarded-Proto": "https",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), test.method, test.target, http.NoBody)
			r.Host = "auth.internal"
			for name, value := range test.headers {
				r.Header.Set(name, value)
			}
			if host, ok := test.headers["Host"]; ok {
				r.Host = host
			}
			w := do(h, r)
			if test.status == 0 {
				test.status = http.StatusFound
			}
			want(t, w, test.status, forwardauth.LoginRequired)
			const location = "https://accounts.example.com/login/?next=https%3A//shop.example.com/a%2520b/%3Fc%3D/d%26e"
			if got := w.Header.Get("Location"); got != location {
				t.Errorf("Location: %s", got)
			}
		})
	}
}

func TestLoginPageGetsNoForeignAddress(t *testing.T) {
	t.Parallel()
	h := newSite(t, nil).handler(forwardauth.Options{})
	for target, location := range map[string]string{
		"/page?next=//evil.example":     "/in/?next=/page%3Fnext%3D//evil.example",
		"/page?\xff\"":                  "/in/?next=/page%3F%25C3%25BF%2522",
		"/" + strings.Repeat("a", 2047): "/in/?next=/" + strings.Repeat("a", 2047),
		"/" + strings.Repeat("a", 2048): "/in/?next=/",
	} {
		w := ask(h, "login", "", "X-Original-Uri", "", "X-Original-Uri", target)
		want(t, w, http.StatusUnauthorized, forwardauth.LoginRequired)
		if got := w.Header.Get("Location"); got != location {
			t.Errorf("%q: Location %q, want %q", target, got, location)
		}
	}
	for _, target := range []string{"//evil.example", "https://evil.example/", "evil.example", `/\evil.example`, "/%2fevil.example", "?a", "/page?a\r\nb"} {
		want(t, ask(h, "login", "", "X-Original-Uri", "", "X-Original-Uri", target), http.StatusForbidden, forwardauth.BadPath)
	}
}

func TestTraefikGetsAnAbsoluteAddress(t *testing.T) {
	t.Parallel()
	h := newSite(t, nil).handler(forwardauth.Options{})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/auth/traefik/login", http.NoBody)
	for name, value := range map[string]string{
		"X-Forwarded-Method": "GET", "X-Forwarded-Uri": "/a", "X-Forwarded-Host": "shop.example.com:8443", "X-Forwarded-Proto": "https",
	} {
		r.Header.Set(name, value)
	}
	if got := do(h, r).Header.Get("Location"); got != "https://shop.example.com:8443/in/?next=/a" {
		t.Errorf("Location: %s", got)
	}
}

func TestHandlerRefusesUnsafeSites(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	if _, err := forwardauth.New(s.writing, forwardauth.Options{}); !errors.Is(err, forwardauth.ErrNotReadOnly) {
		t.Errorf("a site that can be written: %v", err)
	}
	if _, err := forwardauth.New(forwardauth.Site{}, forwardauth.Options{}); err == nil {
		t.Error("no site is accepted")
	}
	odd := newSite(t, func(x *djangosession.Settings) { x.Middleware = []string{"shop.middleware.Impersonate"} })
	_, err := forwardauth.New(odd.open(djangosession.Options{ReadOnly: true}), forwardauth.Options{})
	if !errors.Is(err, forwardauth.ErrMiddleware) || !strings.Contains(err.Error(), "shop.middleware.Impersonate") {
		t.Errorf("an unknown middleware: %v", err)
	}
	wrong := &forwardauth.Rules{Routes: []forwardauth.Route{{Paths: []string{"admin"}}}}
	if _, err := forwardauth.New(s.open(djangosession.Options{ReadOnly: true}), forwardauth.Options{Rules: wrong}); err == nil {
		t.Error("wrong rules are accepted")
	}
}
