package csrf_test

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// parts returns a request with this body, whose boundary is "b".
func parts(t *testing.T, body string) *http.Request {
	t.Helper()
	r := post(t, "csrftoken="+secret, nil)
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	return r
}

// field returns a part with a value.
func field(name, value string) string {
	return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
}

// upload returns a part with a file.
func upload(name, content string) string {
	return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"; filename=\"a.bin\"\r\n\r\n" + content + "\r\n"
}

const lastBoundary = "--b--\r\n"

func TestHandlerReadsTheBodyOfPartsByteForByte(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"small":           field("csrfmiddlewaretoken", token1) + upload("photo", "\x00\xff\r\n") + lastBoundary,
		"with a preamble": "hello\r\n" + field("csrfmiddlewaretoken", token1) + lastBoundary + "goodbye",
		"large": field("csrfmiddlewaretoken", token1) +
			upload("film", strings.Repeat("0123456789abcdef\r\n", 300_000)) + lastBoundary,
		"token last": upload("film", strings.Repeat("x", 5<<20)) + field("csrfmiddlewaretoken", token1) + lastBoundary,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "6.1", nil)
			ran := false
			s.serve(parts(t, body), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				ran = true
				got, err := io.ReadAll(r.Body)
				if err != nil || string(got) != body {
					t.Errorf("read %d bytes of %d, %v", len(got), len(body), err)
				}
				if r.ContentLength != int64(len(body)) {
					t.Errorf("Content-Length is %d, want %d", r.ContentLength, len(body))
				}
			}))
			if !ran {
				t.Error(s.log.String())
			}
		})
	}
}

func TestReverseProxyForwardsFormsThatWereChecked(t *testing.T) {
	t.Parallel()
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%d ", r.ContentLength)
		_, _ = io.Copy(w, r.Body)
	}))
	t.Cleanup(backend.Close)
	target, err := url.Parse(backend.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	for name, size := range map[string]int{"small": 10, "large": 6 << 20} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "6.1", nil)
			body := field("csrfmiddlewaretoken", token1) + upload("film", strings.Repeat("x", size)) + lastBoundary
			w := s.serve(parts(t, body), proxy)
			if got, want := w.Body.String(), fmt.Sprintf("%d %s", len(body), body); w.Code != http.StatusOK || got != want {
				t.Errorf("status %d, %d bytes came, want %d", w.Code, len(got), len(want))
			}
		})
	}
}

// TestPartsAreCountedAsInDjango: the site's limits apply, not those of net/http.
func TestPartsAreCountedAsInDjango(t *testing.T) {
	t.Parallel()
	fields := func(n int) string { return strings.Repeat(field("a", "1"), n) }
	token := field("csrfmiddlewaretoken", token1)
	for name, c := range map[string]struct {
		body                string
		maxFields, maxBytes int64
		want                int
	}{
		"as many fields as allowed, and a file": {body: token + fields(999) + upload("f", "x") + lastBoundary, maxFields: 1000, maxBytes: 2621440, want: 200},
		"one field too many":                    {body: token + fields(1000) + lastBoundary, maxFields: 1000, maxBytes: 2621440, want: 400},
		"more than net/http accepts":            {body: token + fields(4999) + lastBoundary, maxFields: 5000, maxBytes: 2621440, want: 200},
		"no limit":                              {body: token + fields(20_000) + lastBoundary, maxFields: -1, maxBytes: -1, want: 200},
		"Python's sys.maxsize":                  {body: token + fields(2) + lastBoundary, maxFields: math.MaxInt64, maxBytes: math.MaxInt64, want: 200},
		"as many bytes as allowed":              {body: token + field("a", strings.Repeat("x", 1000-19-64-2-1-2)) + lastBoundary, maxFields: 1000, maxBytes: 1000, want: 200},
		"one byte too many":                     {body: token + field("a", strings.Repeat("x", 1000-19-64-2-1-2+1)) + lastBoundary, maxFields: 1000, maxBytes: 1000, want: 400},
		"a file may be larger":                  {body: token + upload("f", strings.Repeat("x", 5000)) + lastBoundary, maxFields: 1000, maxBytes: 1000, want: 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "6.1", func(set *djangosession.Settings) {
				set.DataUploadMaxNumberFields, set.DataUploadMaxMemorySize = c.maxFields, c.maxBytes
			})
			if res := s.serve(parts(t, c.body), http.HandlerFunc(fine)); res.Code != c.want {
				t.Errorf("status %d, want %d: %s", res.Code, c.want, s.log.String())
			}
		})
	}
}

// TestTokenIsFoundInPartsAsDjangoFindsIt compares with the results of Django 6.1.3 for
// these bodies.
func TestTokenIsFoundInPartsAsDjangoFindsIt(t *testing.T) {
	t.Parallel()
	const name = "csrfmiddlewaretoken"
	encoded := func(value string) string {
		return "--b\r\nContent-Disposition: form-data; name=csrfmiddlewaretoken\r\nContent-Transfer-Encoding: base64\r\n\r\n" + value + "\r\n"
	}
	const base64Token = "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXZJb1NVV1kwMjQ2OGFjZWdpa21vcXN1d3lBQ0VHSUtNZQ=="
	for title, c := range map[string]struct {
		body, contentType string
		want              int
	}{
		"last of two":             {body: field(name, other) + field(name, token1) + lastBoundary, want: 200},
		"first of two":            {body: field(name, token1) + field(name, other) + lastBoundary, want: 403},
		"base64":                  {body: encoded(base64Token) + lastBoundary, want: 200},
		"invalid base64":          {body: encoded("!"+token1) + lastBoundary, want: 403},
		"quoted-printable":        {body: strings.ReplaceAll(encoded("=30"+token1[1:]), "base64", "quoted-printable") + lastBoundary, want: 403},
		"bare line feeds":         {body: strings.ReplaceAll(field(name, token1)+lastBoundary, "\r\n", "\n"), want: 403},
		"bare LF before boundary": {body: strings.TrimSuffix(field(name, token1), "\r\n") + "\n" + lastBoundary, want: 200},
		"as a file":               {body: upload(name, token1) + lastBoundary, want: 403},
		"without an end":          {body: strings.TrimSuffix(field(name, token1), "\r\n"), want: 200},
		"quoted boundary":         {body: field(name, token1) + lastBoundary, contentType: `multipart/form-data; boundary="b"`, want: 200},
		"boundary with a space":   {body: strings.ReplaceAll(field(name, token1)+lastBoundary, "--b", "--b c"), contentType: `multipart/form-data; boundary=b c`, want: 200},
		"boundary ends in space":  {body: field(name, token1), contentType: `multipart/form-data; boundary="b "`, want: 400},
		"boundary not ASCII":      {body: field(name, token1), contentType: "multipart/form-data; boundary=\xe9", want: 400},
		"long boundary":           {body: field(name, token1), contentType: "multipart/form-data; boundary=" + strings.Repeat("b", 202), want: 400},
		"another boundary":        {body: field(name, token1), contentType: "multipart/form-data; boundary=c", want: 403},
		"long header": {
			body: "--b\r\nX: " + strings.Repeat("x", 2000) + "\r\nContent-Disposition: form-data; name=" + name + "\r\n\r\n" + token1 + "\r\n" + lastBoundary, want: 400,
		},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "6.1.3", nil)
			r := parts(t, c.body)
			if c.contentType != "" {
				r.Header.Set("Content-Type", c.contentType)
			}
			if res := s.serve(r, http.HandlerFunc(fine)); res.Code != c.want {
				t.Errorf("status %d, want %d: %s", res.Code, c.want, s.log.String())
			}
		})
	}
}

// TestSpooledBodiesLeaveNoFile: neither a panicking handler nor a refused request leaves
// one.
func TestSpooledBodiesLeaveNoFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	large := upload("film", strings.Repeat("x", 6<<20))
	for name, c := range map[string]struct {
		body    string
		handler http.HandlerFunc
	}{
		"not read":  {body: large + field("csrfmiddlewaretoken", token1) + lastBoundary, handler: fine},
		"refused":   {body: large + field("csrfmiddlewaretoken", other) + lastBoundary, handler: fine},
		"malformed": {body: large + "--b\r\n" + strings.Repeat("x", 5000) + lastBoundary, handler: fine},
		"panic": {body: large + field("csrfmiddlewaretoken", token1) + lastBoundary, handler: func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		}},
		"parsed and panic": {body: large + field("csrfmiddlewaretoken", token1) + lastBoundary, handler: func(_ http.ResponseWriter, r *http.Request) {
			if err := r.ParseMultipartForm(1); err != nil {
				t.Error(err)
			}
			panic(http.ErrAbortHandler)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, "6.1", nil)
			func() {
				defer func() { _ = recover() }()
				s.serve(parts(t, c.body), c.handler)
			}()
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("left %v, %v", left, err)
			}
		})
	}
}

// TestFullDiskIsNoFaultOfTheBrowser: the status is 500 if the body cannot be stored.
func TestFullDiskIsNoFaultOfTheBrowser(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/missing")
	s := newSite(t, "6.1", nil)
	body := field("csrfmiddlewaretoken", token1) + upload("film", strings.Repeat("x", 6<<20)) + lastBoundary
	if res := s.serve(parts(t, body), http.HandlerFunc(fine)); res.Code != http.StatusInternalServerError {
		t.Errorf("status %d", res.Code)
	}
}

// TestMaxBytesHandlerAroundTheMiddlewareLimitsFiles also shows that inside it comes too
// late.
func TestMaxBytesHandlerAroundTheMiddlewareLimitsFiles(t *testing.T) {
	t.Parallel()
	const limit = 1000
	form := field("csrfmiddlewaretoken", token1) + upload("film", strings.Repeat("x", 100*limit)) + lastBoundary
	for name, c := range map[string]struct {
		wrap func(s *site, h http.Handler) http.Handler
		ran  bool
		code int
		read int // at least
	}{
		"around": {wrap: func(s *site, h http.Handler) http.Handler { return http.MaxBytesHandler(s.Middleware(h), limit) }, code: 400, read: limit},
		"inside": {wrap: func(s *site, h http.Handler) http.Handler { return s.Middleware(http.MaxBytesHandler(h, limit)) }, ran: true, code: 200, read: len(form)},
	} {
		s := newSite(t, "6.1", nil)
		r := parts(t, "")
		body := strings.NewReader(form)
		r.Body, r.ContentLength = io.NopCloser(body), -1
		ran := false
		w := httptest.NewRecorder()
		s.manager.Middleware(c.wrap(s, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ran = true }))).ServeHTTP(w, r)
		read := len(form) - body.Len()
		if ran != c.ran || w.Code != c.code || read < c.read || read > c.read+1 {
			t.Errorf("%s: ran %v, status %d, %d bytes read of %d", name, ran, w.Code, read, len(form))
		}
	}
}
