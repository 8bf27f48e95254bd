package cookies

import (
	"net/http"
	"testing"
)

// TestReadsCookiesAsDjango expects what django.http.cookie.parse_cookie returns for these
// headers.
func TestReadsCookiesAsDjango(t *testing.T) {
	for _, c := range []struct {
		name, header, want string
		absent             bool
	}{
		{name: "alone", header: "sessionid=a", want: "a"},
		{name: "among others", header: "x=1;sessionid=a; y=2", want: "a"},
		{name: "the last of two", header: "sessionid=a; sessionid=b", want: "b"},
		{name: "space around it", header: " sessionid\t=\t a\t", want: "a"},
		{name: "what Python takes for space", header: "\x1fsessionid\x1c=\u0085a\u00a0", want: "a"},
		{name: "empty", header: "sessionid=", want: ""},
		{name: "empty in quotes", header: `sessionid=""`, want: ""},
		{name: "equals sign in it", header: "sessionid=a=b", want: "a=b"},
		{name: "quoted", header: `sessionid="a b"; y=2`, want: "a b"},
		{name: "octal escape", header: `sessionid="a\054b"`, want: "a,b"},
		{name: "semicolon in quotes", header: `sessionid="a;b"`, want: `"a`},
		{name: "inside a quoted one", header: `sessionid=a; other="x; sessionid=b"`, want: `b"`},
		{name: "comma", header: "sessionid=a, sessionid=b", want: "a, sessionid=b"},
		{name: "a chunk without equals sign", header: "sessionid=a;sessionid", want: "a"},
		{name: "empty chunks", header: ";;; ;sessionid=a;", want: "a"},
		{name: "not ASCII", header: "sessionid=é", want: "é"},
		{name: "not UTF-8", header: "sessionid=\xff\xfe", want: "\ufffd\ufffd"},
		{name: "a surrogate", header: "sessionid=\xed\xa0\x80", want: "\ufffd\ufffd\ufffd"},
		{name: "the beginning of a character", header: "sessionid=a\xe2\x82; y=2", want: "a\ufffd"},
		{name: "the beginning of an emoji", header: "sessionid=\xf0\x9f\x98b", want: "\ufffdb"},
		{name: "without equals sign", header: "sessionid", absent: true},
		{name: "the name as a value", header: "=sessionid", absent: true},
		{name: "another case", header: "Sessionid=a", absent: true},
		{name: "longer names", header: "xsessionid=a; sessionidx=b", absent: true},
		{name: "no cookie", header: "", absent: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := Find(http.Header{"Cookie": {c.header}}, "sessionid")
			if got != c.want || ok == c.absent {
				t.Errorf("got %q, %v, want %q", got, ok, c.want)
			}
		})
	}
	if got, ok := Find(http.Header{"Cookie": {"a=1; sessionid=x", "b=2"}}, "sessionid"); got != "x" || !ok {
		t.Errorf("of two headers: %q, %v", got, ok)
	}
}

// TestQuotesCookiesAsPython expects what http.cookies._quote returns for these values.
func TestQuotesCookiesAsPython(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"nothing", "", `""`},
		{"letters", "abc", "abc"},
		{"all that is legal", "!#$%&'*+-.^_`|~:", "!#$%&'*+-.^_`|~:"},
		{"comma", "a,b", `"a\054b"`},
		{"semicolon", "a;b", `"a\073b"`},
		{"space", "a b", `"a b"`},
		{"legal in quotes", "()/<=>?@[]{}", `"()/<=>?@[]{}"`},
		{"quote", `"`, `"\""`},
		{"backslash", `\`, `"\\"`},
		{"line feed", "\n", `"\012"`},
		{"delete", "\x7f", `"\177"`},
		{"Latin-1", "é", `"\351"`},
		{"beyond Latin-1", "ab☃", `"ab☃"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Quote(c.value)
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if back := unquoteCookie(got); back != c.value {
				t.Errorf("read again it is %q", back)
			}
		})
	}
}

// TestUnquotesCookiesAsPython expects what http.cookies._unquote returns for these
// values.
func TestUnquotesCookiesAsPython(t *testing.T) {
	for value, want := range map[string]string{
		"plain": "plain", `"`: `"`, `"a`: `"a`, `a"`: `a"`, `"x" y`: `"x" y`, `"a\"b"`: `a"b`, `"\400"`: "400", `"\377"`: "ÿ",
		`"\08"`: "08", `"a\"`: `a\`, `"\x"`: "x", `"\1234"`: "S4", `"é\é"`: "éé",
	} {
		if got := unquoteCookie(value); got != want {
			t.Errorf("%s: got %q, want %q", value, got, want)
		}
	}
}

func FuzzCookies(f *testing.F) {
	for _, seed := range []string{"sessionid=a", `sessionid="\054\"; x`, "sessionid=\xff;", ";=;\"\\"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		value, ok := Find(http.Header{"Cookie": {header}}, "sessionid")
		if !ok {
			return
		}
		if back := unquoteCookie(Quote(value)); back != value {
			t.Errorf("%q, quoted and read again, is %q", value, back)
		}
	})
}

// TestPatchesVaryAsDjango expects what django.utils.cache.patch_vary_headers writes for
// these headers.
func TestPatchesVaryAsDjango(t *testing.T) {
	for _, c := range []struct {
		name string
		vary []string
		want string
	}{
		{"none", nil, "Cookie"},
		{"another", []string{"Accept-Language"}, "Accept-Language, Cookie"},
		{"without space", []string{"Accept,Origin"}, "Accept, Origin, Cookie"},
		{"in two lines", []string{"Accept", "Origin"}, "Accept, Origin, Cookie"},
		{"there already", []string{"Accept, cookie"}, "Accept, cookie"},
		{"everything", []string{"Accept, *"}, "*"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := http.Header{}
			if c.vary != nil {
				h["Vary"] = c.vary
			}
			Vary(h)
			if got := h["Vary"]; len(got) != 1 || got[0] != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestTellsWhatIsWrongWithACookie includes names for which Python raises CookieError.
func TestTellsWhatIsWrongWithACookie(t *testing.T) {
	for _, c := range []struct{ name, domain, path, sameSite, want string }{
		{name: "sessionid", path: "/"},
		{name: "__Host-a.b:c|d~!#$%&'*+^_`", domain: ".example.com", path: "/a b/ü"},
		{name: "", path: "/", want: "NAME"},
		{name: "a b", path: "/", want: "NAME"},
		{name: "a=b", path: "/", want: "NAME"},
		{name: "a;b", path: "/", want: "NAME"},
		{name: "a\r\nb", path: "/", want: "NAME"},
		{name: "schlüssel", path: "/", want: "NAME"},
		{name: "a", domain: "b.test; Secure", path: "/", want: "DOMAIN"},
		{name: "a", domain: "b.test\n", path: "/", want: "DOMAIN"},
		{name: "a", path: "/;Domain=b.test", want: "PATH"},
		{name: "a", path: "/\x7f", want: "PATH"},
		{name: "a", path: "/", sameSite: "STRICT"},
		{name: "a", path: "/", sameSite: "none"},
		{name: "a", path: "/", sameSite: "Lax; Secure", want: "SAMESITE"},
	} {
		if part, problem := Problem(c.name, c.domain, c.path, c.sameSite); part != c.want || (problem == "") != (c.want == "") {
			t.Errorf("%q, %q, %q: %s %s, want %q", c.name, c.domain, c.path, part, problem, c.want)
		}
	}
}
