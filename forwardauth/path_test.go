package forwardauth

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPathsThatAreRead(t *testing.T) {
	t.Parallel()
	for target, path := range map[string]string{
		"/":                      "/",
		"/a":                     "/a",
		"/a/":                    "/a/",
		"/a/b.c/-_~!$&'()*+,=:@": "/a/b.c/-_~!$&'()*+,=:@",
		"/a%20b":                 "/a b",
		"/k%C3%B6che":            "/köche",
		"/100%25":                "/100%",
		"/100%25/a":              "/100%/a",
		"/%7euser":               "/~user",
		"/a?b=%2f..//;\\":        "/a",
		"/.well-known/x":         "/.well-known/x",
		"/[a]|^":                 "/[a]|^",
	} {
		if got, ok := decodePath(target, ""); got != path || !ok {
			t.Errorf("%s: %q, %v, want %q", target, got, ok, path)
		}
	}
	for target, path := range map[string]string{"/a;b": "/a;b", "/a%3Bb": "/a;b", "/what%3f": "/what?", "/c%23": "/c#"} {
		if got, ok := decodePath(target, ";?#"); got != path || !ok {
			t.Errorf("%s: %q, %v, want %q", target, got, ok, path)
		}
		if _, ok := decodePath(target, ""); ok {
			t.Errorf("%s is read by default", target)
		}
	}
}

func TestPathsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, target := range []string{
		"", "a", "?", "#", "*", "http://shop.example.com/a", "shop.example.com:443",
		"//", "//a", "/a//b", "/a//", "/./a", "/a/.", "/a/..", "/../a", "/a/../b",
		"/%2e%2e/a", "/%2E/a", "/a/.%2e/b", "/a%2ehtml", "/..;/a", "/a;b", "/a%3bb", "/;", "/...", "/a%20/b", "/a./b", "/a%20", "/a%3fb", "/a%23b", "/a#b",
		"/a%2fb", "/a%2Fb", "/%2f", "/a%5cb", "/a\\b", "/\\a", "/a%00", "/a\x00", "/a%0a", "/a%0d%0ab", "/a%1f", "/a%7f", "/a b", "/a\tb",
		"/a%252fb", "/%252e%252e/a", "/a%25%32%66", "/%25%32e", "/a%2525", "/%61dmin", "/%2D", "/%5f", "/%30",
		"/a%", "/a%2", "/a%zz", "/a%2g", "/a%\x10\x10", "/%u002f", "/\xc0\xaf", "/%c0%af", "/%ff", "/ö", "/a%c3", "/a\"b", "/a<b", "/a{b", "/a`",
		"/?a b", "/?a\nb", "/" + strings.Repeat("a", maxURI),
	} {
		if path, ok := decodePath(target, ""); ok {
			t.Errorf("%q is read as %q", target, path)
		}
		if path, ok := decodePath(target, ";?#"); ok && !strings.ContainsAny(target, ";#") && !strings.Contains(target, "%3") && !strings.Contains(target, "%23") {
			t.Errorf("%q is read as %q", target, path)
		}
	}
}

// FuzzDecodePath checks that all readers agree about paths that are read: net/url, one
// that decodes once more, and one that resolves dot segments.
func FuzzDecodePath(f *testing.F) {
	for _, seed := range []string{"/a%20b/", "/a/../b", "/%2e%2e/", "/a%252f", "/100%25", "/k%c3%b6?a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, target string) {
		path, ok := decodePath(target, "")
		if !ok {
			return
		}
		raw, _, _ := strings.Cut(target, "?")
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Path != path || u.Host != "" {
			t.Fatalf("%q: %q, but net/url reads %v, %v", target, path, u, err)
		}
		if strings.Count(raw, "/") != strings.Count(path, "/") || !utf8.ValidString(path) || strings.ContainsAny(path, "\\;?#\x00\r\n") {
			t.Fatalf("%q is read as %q", target, path)
		}
		if clean := u.JoinPath().Path; strings.TrimSuffix(clean, "/") != strings.TrimSuffix(path, "/") {
			t.Fatalf("%q is read as %q, and cleaned it is %q", target, path, clean)
		}
		if twice, err := url.PathUnescape(path); err == nil && twice != path {
			t.Fatalf("%q is read as %q, and decoded once more it is %q", target, path, twice)
		}
	})
}
