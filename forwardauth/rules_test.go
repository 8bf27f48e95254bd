package forwardauth_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/forwardauth"
)

const rulesJSON = `{
	"routes": [
		{"paths": ["/static/", "/robots.txt"], "methods": ["GET"], "anonymous": true},
		{"methods": ["OPTIONS"], "anonymous": true},
		{"hosts": [".example.org"], "paths": ["/admin/"], "staff": true},
		{"paths": ["/orders/", "/Bücher & mehr"], "groups": ["Editors"]},
		{"paths": ["/"], "hosts": ["shop.example.com"]}
	],
	"default": {"superuser": true}
}`

func TestRules(t *testing.T) {
	t.Parallel()
	rules, err := forwardauth.ReadRules(strings.NewReader(rulesJSON))
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, nil)
	h := s.handler(forwardauth.Options{Rules: rules})
	ada := s.logIn(&auth.User{Username: "ada"})
	ed := s.logIn(&auth.User{Username: "ed", IsStaff: true}, "Editors")
	for name, test := range map[string]struct {
		requirement, cookie, method, host, target string
		reason                                    forwardauth.Reason
	}{
		"static file":             {target: "/static/a.css", reason: forwardauth.Passed},
		"static folder":           {target: "/static", reason: forwardauth.Passed},
		"HEAD":                    {target: "/static/a.css", method: "HEAD", reason: forwardauth.Passed},
		"POST":                    {target: "/static/a.css", method: "POST", reason: forwardauth.LoginRequired},
		"beside the folder":       {target: "/staticx", reason: forwardauth.LoginRequired},
		"a file":                  {target: "/robots.txt/", reason: forwardauth.Passed},
		"below a file":            {target: "/robots.txt/x", reason: forwardauth.LoginRequired},
		"preflight":               {target: "/orders/", method: "OPTIONS", reason: forwardauth.Passed},
		"both must hold":          {requirement: "login", target: "/static/a.css", reason: forwardauth.LoginRequired},
		"both must hold for ada":  {requirement: "staff", cookie: ada, target: "/", reason: forwardauth.Forbidden},
		"group":                   {cookie: ada, target: "/orders/1", reason: forwardauth.Forbidden},
		"group, member":           {cookie: ed, target: "/orders/1", reason: forwardauth.Passed},
		"encoded path":            {cookie: ada, target: "/B%C3%BCcher%20&%20mehr", reason: forwardauth.Forbidden},
		"encoded path, member":    {cookie: ed, target: "/B%c3%bccher%20%26%20mehr/", reason: forwardauth.Passed},
		"case":                    {cookie: ed, target: "/Orders/1", reason: forwardauth.BadPath},
		"case beyond ASCII":       {cookie: ed, target: "/B%C3%9CCHER%20&%20mehr", reason: forwardauth.BadPath},
		"case, same route":        {cookie: ada, target: "/Else", reason: forwardauth.Passed},
		"long s":                  {target: "/%C5%BFtatic/a", reason: forwardauth.BadPath},
		"staff on another host":   {cookie: ed, host: "a.example.org:8443", target: "/admin/x", reason: forwardauth.Passed},
		"no staff":                {cookie: ada, host: "a.example.org", target: "/admin", reason: forwardauth.Forbidden},
		"host in capitals":        {cookie: ada, host: "A.EXAMPLE.ORG.", target: "/admin", reason: forwardauth.Forbidden},
		"default":                 {cookie: ed, host: "a.example.org", target: "/x", reason: forwardauth.Forbidden},
		"no login":                {target: "/x", reason: forwardauth.LoginRequired},
		"dot segment":             {target: "/static/../orders/", reason: forwardauth.BadPath},
		"encoded slash":           {target: "/static%2f..%2forders/", reason: forwardauth.BadPath},
		"method in lower case":    {target: "/orders/", method: "options", reason: forwardauth.Smuggled},
		"method of mixed case":    {target: "/orders/", method: "Get", reason: forwardauth.Smuggled},
		"unknown method":          {target: "/static/a.css", method: "BREW", reason: forwardauth.LoginRequired},
		"query with a path in it": {target: "/orders/?/static/", reason: forwardauth.LoginRequired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pairs := []string{"X-Original-Uri", "", "X-Original-Uri", test.target}
			if test.method != "" {
				pairs = append(pairs, "X-Original-Method", "", "X-Original-Method", test.method)
			}
			if test.host != "" {
				pairs = append(pairs, "Host", test.host)
			}
			if test.requirement == "" {
				test.requirement = "anonymous"
			}
			status := map[forwardauth.Reason]int{forwardauth.Passed: http.StatusOK, forwardauth.LoginRequired: http.StatusUnauthorized}[test.reason]
			if status == 0 {
				status = http.StatusForbidden
			}
			want(t, ask(h, test.requirement, test.cookie, pairs...), status, test.reason)
		})
	}
}

func TestRulesWithoutADefaultRequireALogin(t *testing.T) {
	t.Parallel()
	rules, err := forwardauth.ReadRules(strings.NewReader(`{"routes": []}`))
	if err != nil {
		t.Fatal(err)
	}
	h := newSite(t, nil).handler(forwardauth.Options{Rules: rules})
	want(t, ask(h, "anonymous", ""), http.StatusUnauthorized, forwardauth.LoginRequired)
}

func TestRulesThatAreRefused(t *testing.T) {
	t.Parallel()
	for rules, problem := range map[string]string{
		``:                                                                 "EOF",
		`{"routes": [], "roots": []}`:                                      `"roots"`,
		`{"routes": [{"path": ["/a"]}]}`:                                   `"path"`,
		`{"routes": [{"groups": "Editors"}]}`:                              "groups",
		`{"routes": []} {}`:                                                "more after",
		`{"routes": [{}, {"paths": ["a"]}]}`:                               "route 2",
		`{"routes": [{"paths": [""]}]}`:                                    "path",
		`{"routes": [{"paths": ["/a//b"]}]}`:                               "path",
		`{"routes": [{"paths": ["/a/../b"]}]}`:                             "path",
		`{"routes": [{"paths": ["/a%20b"]}]}`:                              "not encoded",
		`{"routes": [{"paths": ["/a\\b"]}]}`:                               "path",
		`{"routes": [{"paths": ["/a\u0000"]}]}`:                            "path",
		`{"routes": [{"hosts": ["A.de"]}]}`:                                "lower case",
		`{"routes": [{"hosts": ["a:80"]}]}`:                                "port",
		`{"routes": [{"hosts": [""]}]}`:                                    "host",
		`{"routes": [{"methods": ["get"]}]}`:                               "capitals",
		`{"routes": [{"methods": ["HEAD"]}]}`:                              "HEAD",
		`{"routes": [{"groups": [""]}]}`:                                   "needs a name",
		`{"routes": [{"permissions": ["a"]}]}`:                             "shop.view_order",
		`{"routes": [{"anonymous": true, "staff": true}]}`:                 "anonymous",
		`{"default": {"anonymous": true, "groups": ["a"]}}`:                "default",
		`{"routes": [{"paths": ["/` + strings.Repeat("a", 1<<20) + `"]}]}`: "1048576 bytes",
	} {
		_, err := forwardauth.ReadRules(strings.NewReader(rules))
		if err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("%.60s: %v, want an error about %q", rules, err, problem)
		}
	}
}
