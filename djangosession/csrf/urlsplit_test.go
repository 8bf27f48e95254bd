package csrf

import "testing"

// What Python 3.13.0 makes of these; geturl is left out where releases of Python disagree.
func TestSplitsURLsAsPython(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]splitURL{
		"":                            {},
		"a/b":                         {path: "a/b"},
		"//a/b":                       {netloc: "a", path: "/b"},
		"a:b":                         {scheme: "a", path: "b"},
		"://a":                        {path: "://a"},
		"https://":                    {scheme: "https"},
		"https:a":                     {scheme: "https", path: "a"},
		"https:/a":                    {scheme: "https", path: "/a"},
		"https:///a":                  {scheme: "https", path: "/a"},
		"HTTPS://A/B":                 {scheme: "https", netloc: "A", path: "/B"},
		"https://a?b/c":               {scheme: "https", netloc: "a", query: "b/c"},
		"https://a#b/c?d":             {scheme: "https", netloc: "a", fragment: "b/c?d"},
		"https://a/b?c?d#e#f":         {scheme: "https", netloc: "a", path: "/b", query: "c?d", fragment: "e#f"},
		`https://a\b/c`:               {scheme: "https", netloc: `a\b`, path: "/c"},
		"\x20https://a/":              {scheme: "https", netloc: "a", path: "/"},
		"\x00\x1fhttps://a/":          {scheme: "https", netloc: "a", path: "/"},
		"ht\ttps://a\r\n/b":           {scheme: "https", netloc: "a", path: "/b"},
		"!https://a/":                 {path: "!https://a/"},
		"\u00a0https://a/":            {path: "\u00a0https://a/"},
		"http+x-y.z1://a":             {scheme: "http+x-y.z1", netloc: "a"},
		"http9://a":                   {scheme: "http9", netloc: "a"},
		"http0:":                      {scheme: "http0"},
		"httpZ://a":                   {scheme: "httpz", netloc: "a"},
		"zA://a":                      {scheme: "za", netloc: "a"},
		"http:://a":                   {scheme: "http", path: "://a"},
		"1http://a":                   {path: "1http://a"},
		"+http://a":                   {path: "+http://a"},
		"ht_tp://a":                   {path: "ht_tp://a"},
		"http[://a":                   {path: "http[://a"},
		"http`://a":                   {path: "http`://a"},
		"http{://a":                   {path: "http{://a"},
		"http@://a":                   {path: "http@://a"},
		"http/://a":                   {path: "http/://a"},
		"http;://a":                   {path: "http;://a"},
		"https://[::1]:8000/a":        {scheme: "https", netloc: "[::1]:8000", path: "/a"},
		"https://[::1]":               {scheme: "https", netloc: "[::1]"},
		"https://[::1]:":              {scheme: "https", netloc: "[::1]:"},
		"https://b@[::1]/":            {scheme: "https", netloc: "b@[::1]", path: "/"},
		"https://@[::1]":              {scheme: "https", netloc: "@[::1]"},
		"https://x@y@[::1]:1/p":       {scheme: "https", netloc: "x@y@[::1]:1", path: "/p"},
		"https://[::ffff:192.0.2.1]/": {scheme: "https", netloc: "[::ffff:192.0.2.1]", path: "/"},
		"https://[::1%eth0]/":         {scheme: "https", netloc: "[::1%eth0]", path: "/"},
		"https://[v1.a]/":             {scheme: "https", netloc: "[v1.a]", path: "/"},
		"https://a/[b]?[c]#[d]":       {scheme: "https", netloc: "a", path: "/[b]", query: "[c]", fragment: "[d]"},
		"https://a/\xe9?\xe9#\xe9":    {scheme: "https", netloc: "a", path: "/\xe9", query: "\xe9", fragment: "\xe9"},
	} {
		if got, ok := splitURLText(text); !ok || got != want {
			t.Errorf("%q: %+v, %v, want %+v", text, got, ok, want)
		}
	}
	for text, want := range map[string]string{
		"//a/b":               "//a/b",
		"a/b":                 "a/b",
		"HTTPS://A/B":         "https://A/B",
		"https://a?b/c":       "https://a?b/c",
		"https://a#b/c?d":     "https://a#b/c?d",
		"https://a/b?c?d#e#f": "https://a/b?c?d#e#f",
		"https://a/?#":        "https://a/",
		"ht\ttps://a\r\n/b":   "https://a/b",
		"a:b":                 "a:b",
	} {
		if u, ok := splitURLText(text); !ok || u.String() != want {
			t.Errorf("%q: put together %q, %v, want %q", text, u.String(), ok, want)
		}
	}
}

// Python 3.13.0 refuses most of these, and 3.13.2 those that have something in front of a bracket or behind it. Brackets
// in the name of a user are refused here alone.
func TestRefusesBracketsAsPython(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"https://[::1", "https://::1]/", "https://a]/", "https://[a/", "https://[]/", "https://[[::1]]/", "https://[::1]]/",
		"https://[v.a]/", "https://[v1.]/", "https://[vg.a]/", "https://[V1.a]/", "https://[1.2.3.4]/", "https://[::1%a%b]/",
		"https://[fe80::1%]/", "https://[a.test]/", "https://[::1::2]/", "//[a]/",
		"https://a[::1]/", "https://[::1]a/", "https://[::1]a:80/", "https://[::1]@b/", "https://[::1][::2]/", "https://[::1].a/",
		"https://a@b[::1]/", "https://[::1]@[::2]/", "https://[@[::1]/", "https://]@[::1]/",
	} {
		if u, ok := splitURLText(text); ok {
			t.Errorf("%q is taken: %+v", text, u)
		}
	}
}

func TestTrustedOriginsHaveASchemeAndAHost(t *testing.T) {
	t.Parallel()
	trusted, bad := newTrusted([]string{"https://[::1]:8000", "https://*.example.com"}, true)
	if bad != "" || len(trusted.exact) != 1 || trusted.exact[0] != "https://[::1]:8000" {
		t.Errorf("trusted: %+v, refused: %q", trusted, bad)
	}
	for _, entry := range []string{"", "*", "example.com", "https:example.com", "https://[::1", "https:/example.com"} {
		if _, bad := newTrusted([]string{"https://good.test", entry}, true); bad != entry {
			t.Errorf("%q is taken for an origin", entry)
		}
	}
}
