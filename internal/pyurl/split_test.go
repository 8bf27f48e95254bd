package pyurl

import "testing"

// TestSplitsURLsAsPython expects what Python 3.13.0 returns. It leaves out geturl where
// releases of Python disagree.
func TestSplitsURLsAsPython(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]URL{
		"":                            {},
		"a/b":                         {Path: "a/b"},
		"//a/b":                       {Netloc: "a", Path: "/b"},
		"a:b":                         {Scheme: "a", Path: "b"},
		"://a":                        {Path: "://a"},
		"https://":                    {Scheme: "https"},
		"https:a":                     {Scheme: "https", Path: "a"},
		"https:/a":                    {Scheme: "https", Path: "/a"},
		"https:///a":                  {Scheme: "https", Path: "/a"},
		"HTTPS://A/B":                 {Scheme: "https", Netloc: "A", Path: "/B"},
		"https://a?b/c":               {Scheme: "https", Netloc: "a", Query: "b/c"},
		"https://a#b/c?d":             {Scheme: "https", Netloc: "a", Fragment: "b/c?d"},
		"https://a/b?c?d#e#f":         {Scheme: "https", Netloc: "a", Path: "/b", Query: "c?d", Fragment: "e#f"},
		`https://a\b/c`:               {Scheme: "https", Netloc: `a\b`, Path: "/c"},
		"\x20https://a/":              {Scheme: "https", Netloc: "a", Path: "/"},
		"\x00\x1fhttps://a/":          {Scheme: "https", Netloc: "a", Path: "/"},
		"ht\ttps://a\r\n/b":           {Scheme: "https", Netloc: "a", Path: "/b"},
		"!https://a/":                 {Path: "!https://a/"},
		"\u00a0https://a/":            {Path: "\u00a0https://a/"},
		"http+x-y.z1://a":             {Scheme: "http+x-y.z1", Netloc: "a"},
		"http9://a":                   {Scheme: "http9", Netloc: "a"},
		"http0:":                      {Scheme: "http0"},
		"httpZ://a":                   {Scheme: "httpz", Netloc: "a"},
		"zA://a":                      {Scheme: "za", Netloc: "a"},
		"http:://a":                   {Scheme: "http", Path: "://a"},
		"1http://a":                   {Path: "1http://a"},
		"+http://a":                   {Path: "+http://a"},
		"ht_tp://a":                   {Path: "ht_tp://a"},
		"http[://a":                   {Path: "http[://a"},
		"http`://a":                   {Path: "http`://a"},
		"http{://a":                   {Path: "http{://a"},
		"http@://a":                   {Path: "http@://a"},
		"http/://a":                   {Path: "http/://a"},
		"http;://a":                   {Path: "http;://a"},
		"https://[::1]:8000/a":        {Scheme: "https", Netloc: "[::1]:8000", Path: "/a"},
		"https://[::1]":               {Scheme: "https", Netloc: "[::1]"},
		"https://[::1]:":              {Scheme: "https", Netloc: "[::1]:"},
		"https://b@[::1]/":            {Scheme: "https", Netloc: "b@[::1]", Path: "/"},
		"https://@[::1]":              {Scheme: "https", Netloc: "@[::1]"},
		"https://x@y@[::1]:1/p":       {Scheme: "https", Netloc: "x@y@[::1]:1", Path: "/p"},
		"https://[::ffff:192.0.2.1]/": {Scheme: "https", Netloc: "[::ffff:192.0.2.1]", Path: "/"},
		"https://[::1%eth0]/":         {Scheme: "https", Netloc: "[::1%eth0]", Path: "/"},
		"https://[v1.a]/":             {Scheme: "https", Netloc: "[v1.a]", Path: "/"},
		"https://a/[b]?[c]#[d]":       {Scheme: "https", Netloc: "a", Path: "/[b]", Query: "[c]", Fragment: "[d]"},
		"https://a/\xe9?\xe9#\xe9":    {Scheme: "https", Netloc: "a", Path: "/\xe9", Query: "\xe9", Fragment: "\xe9"},
	} {
		if got, ok := Split(text); !ok || got != want {
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
		if u, ok := Split(text); !ok || u.String() != want {
			t.Errorf("%q: put together %q, %v, want %q", text, u.String(), ok, want)
		}
	}
}

// TestRefusesBracketsAsPython contains URLs that Python 3.13.0 refuses, and those with
// text before or after a bracket, which 3.13.2 refuses. Brackets in the name of a user
// are refused here alone.
func TestRefusesBracketsAsPython(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"https://[::1", "https://::1]/", "https://a]/", "https://[a/", "https://[]/", "https://[[::1]]/", "https://[::1]]/",
		"https://[v.a]/", "https://[v1.]/", "https://[vg.a]/", "https://[V1.a]/", "https://[1.2.3.4]/", "https://[::1%a%b]/",
		"https://[fe80::1%]/", "https://[a.test]/", "https://[::1::2]/", "//[a]/",
		"https://a[::1]/", "https://[::1]a/", "https://[::1]a:80/", "https://[::1]@b/", "https://[::1][::2]/", "https://[::1].a/",
		"https://a@b[::1]/", "https://[::1]@[::2]/", "https://[@[::1]/", "https://]@[::1]/",
	} {
		if u, ok := Split(text); ok {
			t.Errorf("%q is taken: %+v", text, u)
		}
	}
}
