package thirdparty

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
)

// page is what Django and Go say of a visitor: who it is, and the values that the other
// tests set.
type page struct {
	User     string `json:"user"` // "" for nobody
	Real     string `json:"real"` // who has logged in
	Verified bool   `json:"verified"`
	Go       string `json:"go"` // a value that Go sets
	Dj       string `json:"dj"` // a value that Django sets
}

// browser visits Django and Go with the same cookies.
type browser struct {
	t               *testing.T
	django, service string
	client          *http.Client
	agent           string
}

func newBrowser(t *testing.T, django, service string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, django: django, service: service, client: &http.Client{Jar: jar}, agent: "Browser/1"}
}

// send sends a request and returns status and body. It follows redirects.
func (b *browser) send(method, address string, form url.Values) (int, string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("User-Agent", b.agent)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Csrftoken", form.Get("csrfmiddlewaretoken"))
	}
	w, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer w.Body.Close() //nolint:errcheck // nothing was written
	body, err := io.ReadAll(w.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return w.StatusCode, string(body)
}

// get returns what a page says.
func (b *browser) get(address string) page {
	b.t.Helper()
	status, body := b.send(http.MethodGet, address, nil)
	return b.read(address, status, body)
}

func (b *browser) read(address string, status int, body string) (p page) {
	b.t.Helper()
	if err := json.Unmarshal([]byte(body), &p); status != http.StatusOK || err != nil {
		b.t.Fatalf("%s: status %d: %.2000s", address, status, body)
	}
	return p
}

// post sends a form to Django, with a CSRF token.
func (b *browser) post(path string, fields ...string) (int, string) {
	b.t.Helper()
	_, token := b.send(http.MethodGet, b.django+"/token/", nil)
	form := url.Values{"csrfmiddlewaretoken": {token}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.send(http.MethodPost, b.django+path, form)
}

// submit is post for a form that has to work.
func (b *browser) submit(path string, fields ...string) {
	b.t.Helper()
	if status, body := b.post(path, fields...); status != http.StatusOK {
		b.t.Fatalf("%s: status %d: %.2000s", path, status, body)
	}
}

// goLogin logs ada in through Go, and returns the error of Go.
func (b *browser) goLogin() string {
	b.t.Helper()
	status, body := b.send(http.MethodPost, b.service+"/login/", url.Values{"username": {"ada"}, "password": {"pass word"}})
	if status == http.StatusOK {
		return ""
	}
	return body
}

// cookie is the session cookie.
func (b *browser) cookie() string {
	b.t.Helper()
	u, err := url.Parse(b.django)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == "sessionid" {
			return c.Value
		}
	}
	return ""
}

// thief returns a browser that has copied this one's session cookie.
func (b *browser) thief() *browser {
	b.t.Helper()
	other := newBrowser(b.t, b.django, b.service)
	u, err := url.Parse(b.django)
	if err != nil {
		b.t.Fatal(err)
	}
	other.client.Jar.SetCookies(u, []*http.Cookie{{Name: "sessionid", Value: b.cookie(), Path: "/"}})
	return other
}

// wantBoth checks what both sides say.
func (b *browser) wantBoth(when string, want page) {
	b.t.Helper()
	for side, address := range map[string]string{"Django": b.django, "Go": b.service} {
		got := b.get(address + "/who/")
		got.Verified = want.Verified // which Go does not say
		if want.Real == "" {
			got.Real = ""
		}
		if got != want {
			b.t.Errorf("%s %s says %+v, want %+v", when, side, got, want)
		}
	}
}
