package auth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestNextStaysOnTheSite(t *testing.T) {
	t.Parallel()
	a := newSite(t, "5.2.19", nil).auth
	for next, taken := range map[string]bool{
		"/":                       true,
		"/cart/?page=2#top":       true,
		"/a//b":                   true,
		"/search?u=http://x.test": true,
		"/caf\u00e9/":             true,
		"/a b/":                   true,
		"/a\x1fb/":                false,
		"/a\x7fb/":                false,

		"":                     false,
		"cart/":                false,
		"http://x.test/":       false,
		"https:/x.test":        false,
		"//x.test/":            false,
		"///x.test/":           false,
		"/\\x.test/":           false,
		"\\\\x.test/":          false,
		"/\t/x.test/":          false,
		"\t//x.test/":          false,
		"/\r\nSet-Cookie: a=b": false,
		" //x.test/":           false,
		"javascript:alert(1)":  false,
	} {
		want := "/home/"
		if taken {
			want = next
		}
		query := url.Values{"next": {next}}.Encode()
		inQuery := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/login/?"+query, http.NoBody)
		inForm := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/login/", strings.NewReader(query))
		inForm.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, r := range []*http.Request{inQuery, inForm} {
			if got := a.Next(r, "/home/"); got != want {
				t.Errorf("%s %q: %q, want %q", r.Method, next, got, want)
			}
		}
	}
}

// The maximum length is in characters, and the releases before have none.
func TestNextHasTheMaximumLengthOfDjango(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		django, next string
		taken        bool
	}{
		{django: "5.2.19", next: "/" + strings.Repeat("a", 2047), taken: true},
		{django: "5.2.19", next: "/" + strings.Repeat("a", 2048)},
		{django: "5.2.19", next: "/" + strings.Repeat("\u00e9", 2047), taken: true},
		{django: "5.2.19", next: "/" + strings.Repeat("\u00e9", 2048)},
		{django: "5.1.7", next: "/" + strings.Repeat("a", 2048), taken: true},
		{django: "4.2.30", next: "/" + strings.Repeat("a", 9999), taken: true},
	} {
		a, want := newSite(t, c.django, nil).auth, "/home/"
		if c.taken {
			want = c.next
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/login/?"+url.Values{"next": {c.next}}.Encode(), http.NoBody)
		if got := a.Next(r, "/home/"); got != want {
			t.Errorf("%s: %d bytes: taken %v, want %v", c.django, len(c.next), !c.taken, c.taken)
		}
	}
}

// TestNextIsTheLastOfSeveral, like QueryDict.get. Values in the form precede those in the
// query.
func TestNextIsTheLastOfSeveral(t *testing.T) {
	t.Parallel()
	a := newSite(t, "5.2.19", nil).auth
	for _, c := range []struct{ name, method, query, form, want string }{
		{name: "query", method: http.MethodGet, query: "next=/a/&next=/b/", want: "/b/"},
		{name: "the last leads elsewhere", method: http.MethodGet, query: "next=/a/&next=//x.test/", want: "/home/"},
		{name: "form", method: http.MethodPost, query: "next=/q/", form: "next=/a/&next=/b/", want: "/b/"},
		{name: "form without it", method: http.MethodPost, query: "next=/p/&next=/q/", form: "a=b", want: "/q/"},
		{name: "form with nothing in it", method: http.MethodPost, query: "next=/q/", form: "next=", want: "/home/"},
		{name: "a semicolon in the query", method: http.MethodGet, query: "a=;&next=/a;b/?c=d;e", want: "/a;b/?c=d;e"},
		{name: "a percent sign in the query", method: http.MethodGet, query: "next=/100%/&b=%zz", want: "/100%/"},
		{name: "a quoted address", method: http.MethodGet, query: "next=%2Fa%3Fb%3Dc%2Bd+e", want: "/a?b=c+d e"},
		{name: "a semicolon in the form", method: http.MethodPost, query: "next=/q/", form: "next=/a;b/", want: "/q/"},
		{name: "a percent sign in the form", method: http.MethodPost, query: "next=/q/", form: "next=/100%/", want: "/q/"},
		{name: "the body of another method", method: http.MethodPut, query: "next=/q/", form: "next=/a/", want: "/q/"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), c.method, "/login/?"+c.query, strings.NewReader(c.form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if got := a.Next(r, "/home/"); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// Forms of other requests than POST could fill the memory and the disk of the server.
func TestNextReadsTheBodyOfPOSTOnly(t *testing.T) {
	t.Parallel()
	a := newSite(t, "5.2.19", nil).auth
	const form = "--x\r\nContent-Disposition: form-data; name=\"next\"\r\n\r\n/form/\r\n--x--\r\n"
	for _, c := range []struct{ method, want string }{
		{method: http.MethodGet, want: "/query/"},
		{method: http.MethodHead, want: "/query/"},
		{method: http.MethodPut, want: "/query/"},
		{method: http.MethodPost, want: "/form/"},
	} {
		body := strings.NewReader(form)
		r := httptest.NewRequestWithContext(t.Context(), c.method, "/login/?next=/query/", body)
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		if got := a.Next(r, "/home/"); got != c.want || !a.HasNext(r) {
			t.Errorf("%s: %q, want %q", c.method, got, c.want)
		}
		if read := body.Len() < len(form); read != (c.method == http.MethodPost) {
			t.Errorf("%s: the body was read: %v", c.method, read)
		}
	}
}

func TestNextWithoutAnAddress(t *testing.T) {
	t.Parallel()
	a := newSite(t, "5.2.19", nil).auth
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		r := httptest.NewRequestWithContext(t.Context(), method, "/login/?page=2", strings.NewReader("a=b"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if got := a.Next(r, "/home/"); got != "/home/" {
			t.Errorf("%s: %q", method, got)
		}
	}
}
