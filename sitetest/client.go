package sitetest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

// A Client sends requests to a handler and keeps the cookies of its responses. It calls
// the handler directly, without a network, and does not follow redirects; see
// [Response.Follow]. Its requests use HTTPS if a cookie of the site requires it.
type Client struct {
	// Header is sent with each request. Set it before the first one.
	Header http.Header
	// EnforceCSRF makes the client send only the tokens that a test puts into forms and
	// headers. By default it adds a valid token to each request with an unsafe method.
	EnforceCSRF bool

	t       testing.TB
	site    *Site
	handler http.Handler
	cookies jar
}

// Client returns a client without cookies, for requests to a handler that contains
// [djangobridge.Site.Middleware].
func (s *Site) Client(t testing.TB, handler http.Handler) *Client {
	return &Client{Header: http.Header{}, t: t, site: s, handler: handler, cookies: jar{clock: s.Clock}}
}

// Get sends a GET request. The path may have a query.
func (c *Client) Get(path string) *Response {
	c.t.Helper()
	return c.Do(c.NewRequest(http.MethodGet, path, http.NoBody))
}

// Post sends a form.
func (c *Client) Post(path string, form url.Values) *Response {
	c.t.Helper()
	r := c.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.Do(r)
}

// JSON sends a value as JSON, with any method.
func (c *Client) JSON(method, path string, value any) *Response {
	c.t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		c.t.Fatalf("sitetest: %s %s: %v", method, path, err)
	}
	r := c.NewRequest(method, path, bytes.NewReader(data))
	r.Header.Set("Content-Type", "application/json")
	return c.Do(r)
}

// NewRequest returns a request for [Client.Do], in the context of the test.
func (c *Client) NewRequest(method, path string, body io.Reader) *http.Request {
	c.t.Helper()
	if !strings.HasPrefix(path, "/") {
		c.t.Fatalf(`sitetest: %s %s: the path must begin with "/"`, method, path)
	}
	scheme := "http"
	if c.site.https {
		scheme = "https"
	}
	return httptest.NewRequestWithContext(c.t.Context(), method, scheme+"://"+Host+path, body)
}

// Do sends any request, with the cookies of the client and, if its method is unsafe, a
// CSRF token.
func (c *Client) Do(r *http.Request) *Response {
	c.t.Helper()
	if c.handler == nil {
		c.t.Fatal("sitetest: the client has no handler: pass one to Site.Client")
	}
	c.prepare(r)
	return c.serve(c.handler, r)
}

// serve passes a request to a handler, and takes the cookies of the response.
func (c *Client) serve(handler http.Handler, r *http.Request) *Response {
	sent := strings.Join(r.Header["Cookie"], ";")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	c.receive(w.Result().Header["Set-Cookie"], r.URL.Path, sent)
	return &Response{ResponseRecorder: w, Request: r, client: c}
}

// receive takes the cookies of a response. sent is the Cookie header of its request.
func (c *Client) receive(lines []string, path, sent string) {
	c.site.created.add(lines, sent)
	c.cookies.receive(lines, path)
}

// prepare adds what a browser sends with a request.
func (c *Client) prepare(r *http.Request) {
	c.t.Helper()
	for name, values := range c.Header {
		if r.Header[name] == nil {
			r.Header[name] = values
		}
	}
	secure := r.TLS != nil
	if header := c.site.Settings.SecureProxySSLHeader; header[0] != "" && secure {
		r.Header.Set(headerName(header[0]), header[1])
	}
	if isUnsafe(r.Method) {
		c.prepareForm(r, secure)
	}
	c.cookies.add(r)
}

// prepareForm adds what lets a request pass the CSRF protection.
func (c *Client) prepareForm(r *http.Request, secure bool) {
	c.t.Helper()
	origin := "http://" + r.Host
	if secure {
		origin = "https://" + r.Host
	}
	if r.Header.Get("Origin") == "" && r.Header.Get("Referer") == "" {
		r.Header.Set("Origin", origin)
		r.Header.Set("Referer", origin+"/")
	}
	name := headerName(c.site.Settings.CSRFHeaderName)
	if c.EnforceCSRF || c.site.Sessions.ReadOnly() || r.Header.Get(name) != "" {
		return
	}
	r.Header.Set(name, c.Token())
}

// Token returns a CSRF token for the client, as pages of the site contain it. The client
// gets the cookie that belongs to it.
func (c *Client) Token() string {
	c.t.Helper()
	var token string
	var err error
	c.inside(func(r *http.Request) { token, err = csrf.Token(r.Context()) })
	if err != nil {
		c.t.Fatalf("sitetest: make a CSRF token: %v", err)
	}
	return token
}

// inside calls f in a request of the client to the site.
func (c *Client) inside(f func(r *http.Request)) {
	c.t.Helper()
	r := c.NewRequest(http.MethodGet, "/", http.NoBody)
	if cookies := c.cookies.all(); cookies != "" {
		r.Header.Set("Cookie", cookies)
	}
	c.serve(c.site.arranging.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { f(r) })), r)
}

// headerName returns the header with this key in META.
func headerName(key string) string {
	return http.CanonicalHeaderKey(strings.ReplaceAll(strings.TrimPrefix(key, "HTTP_"), "_", "-"))
}

func isUnsafe(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return false
	}
	return true
}
