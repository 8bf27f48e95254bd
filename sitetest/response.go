package sitetest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
)

// A Response is the response to a request of a [Client].
type Response struct {
	*httptest.ResponseRecorder

	Request *http.Request

	client *Client
}

// WantStatus reports an error unless the status is the given one.
func (r *Response) WantStatus(status int) *Response {
	r.client.t.Helper()
	if r.Code != status {
		r.client.t.Errorf("%s, want %d %s%s", r, status, http.StatusText(status), r.excerpt())
	}
	return r
}

// WantBody reports an error unless the body contains the texts.
func (r *Response) WantBody(texts ...string) *Response {
	r.client.t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.Body.String(), text) {
			r.client.t.Errorf("%s: the body does not contain %q%s", r, text, r.excerpt())
		}
	}
	return r
}

// WantNotInBody reports an error if the body contains one of the texts.
func (r *Response) WantNotInBody(texts ...string) *Response {
	r.client.t.Helper()
	for _, text := range texts {
		if strings.Contains(r.Body.String(), text) {
			r.client.t.Errorf("%s: the body contains %q%s", r, text, r.excerpt())
		}
	}
	return r
}

// WantRedirect reports an error unless the response redirects to a URL. It compares the
// header Location as it is.
func (r *Response) WantRedirect(to string) *Response {
	r.client.t.Helper()
	if !r.isRedirect() || r.Header().Get("Location") != to {
		r.client.t.Errorf("%s, want a redirect to %s%s", r, to, r.excerpt())
	}
	return r
}

// Follow sends the GET request to which the response redirects. The URL must belong to
// the site.
func (r *Response) Follow() *Response {
	r.client.t.Helper()
	to, err := url.Parse(r.Header().Get("Location"))
	if !r.isRedirect() || err != nil {
		r.client.t.Fatalf("%s: it redirects nowhere%s", r, r.excerpt())
	}
	to = r.Request.URL.ResolveReference(to)
	if to.Host != "" && to.Host != r.Request.URL.Host && to.Host != r.Request.Host {
		r.client.t.Fatalf("%s: the URL does not belong to the site", r)
	}
	return r.client.Get(to.RequestURI())
}

func (r *Response) isRedirect() bool {
	switch r.Code {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect,
		http.StatusPermanentRedirect:
		return r.Header().Get("Location") != ""
	}
	return false
}

// String returns the request and the status, for messages of tests.
func (r *Response) String() string {
	to := ""
	if r.isRedirect() {
		to = " to " + r.Header().Get("Location")
	}
	return fmt.Sprintf("%s %s: status %d %s%s", r.Request.Method, r.Request.URL.Path, r.Code, http.StatusText(r.Code), to)
}

// excerpt returns the start of the body on lines of its own.
func (r *Response) excerpt() string {
	const most = 1000
	text := r.Body.String()
	switch {
	case strings.TrimSpace(text) == "":
		return ""
	case len(text) > most:
		text = strings.ToValidUTF8(text[:most], "") + " ..."
	}
	return "; the body is:\n" + text
}
