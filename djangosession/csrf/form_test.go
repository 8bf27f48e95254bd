package csrf_test

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

// multiple returns a request with a multipart form: the token and a file of this size.
func multiple(t *testing.T, token string, size int) *http.Request {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	file, err := w.CreateFormFile("photo", "a.jpg")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write(bytes.Repeat([]byte{'x'}, size)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.WriteField("csrfmiddlewaretoken", token), w.WriteField("name", "Ann"), w.Close()); err != nil {
		t.Fatal(err)
	}
	r := post(t, "csrftoken="+secret, nil)
	r.Body, r.ContentLength = io.NopCloser(&b), int64(b.Len())
	r.Header.Set("Content-Type", w.FormDataContentType())
	return r
}

func TestHandlerReadsTheFormThatWasChecked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		r    func() *http.Request
	}{
		{"urlencoded", func() *http.Request {
			return post(t, "csrftoken="+secret, url.Values{"csrfmiddlewaretoken": {token1}, "name": {"Ann"}})
		}},
		{"of parts", func() *http.Request { return multiple(t, token1, 10) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "6.1", nil)
			ran := false
			s.serve(c.r(), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				ran = true
				if got := r.PostFormValue("name"); got != "Ann" {
					t.Errorf("name is %q", got)
				}
			}))
			if !ran {
				t.Error(s.log.String())
			}
		})
	}
	t.Run("as bytes", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, "6.1", nil)
		form := url.Values{"csrfmiddlewaretoken": {token1}, "name": {"Ann"}}
		s.serve(post(t, "csrftoken="+secret, form), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if b, err := io.ReadAll(r.Body); err != nil || string(b) != form.Encode() {
				t.Errorf("read %q, %v", b, err)
			}
			if err := r.Body.Close(); err != nil {
				t.Error(err)
			}
		}))
	})
	t.Run("parsed before the middleware", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, "6.1", nil)
		r := post(t, "csrftoken="+secret, url.Values{"csrfmiddlewaretoken": {other, token1}})
		if err := r.ParseForm(); err != nil {
			t.Fatal(err)
		}
		if res := s.serve(r, http.HandlerFunc(fine)); res.Code != http.StatusOK {
			t.Error(s.log.String())
		}
	})
}

func TestUploadedFilesAreRemovedAfterTheRequest(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", nil)
	name := ""
	s.serve(multiple(t, token1, 100_000), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1000); err != nil {
			t.Error(err)
		}
		f, _, err := r.FormFile("photo")
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close() //nolint:errcheck // a test
		onDisk, ok := f.(*os.File)
		if !ok {
			t.Errorf("the file is held in memory, as %T", f)
			return
		}
		name = onDisk.Name()
		if b, err := io.ReadAll(f); err != nil || len(b) != 100_000 {
			t.Errorf("%d bytes, %v", len(b), err)
		}
	}))
	if _, err := os.Stat(name); !os.IsNotExist(err) {
		t.Errorf("%q is still there: %v", name, err)
	}
}

// TestFormOfPartsMayBeParsedHalfBefore: an outer middleware may call ParseForm, which
// does not read a multipart form.
func TestFormOfPartsMayBeParsedHalfBefore(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", nil)
	r := multiple(t, token1, 10)
	if err := r.ParseForm(); err != nil {
		t.Fatal(err)
	}
	if res := s.serve(r, http.HandlerFunc(fine)); res.Code != http.StatusOK {
		t.Error(s.log.String())
	}
}

// TestManyFilesAreRefused by releases that count files.
func TestManyFilesAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		release string
		most    int64
		want    int
	}{
		{"6.1", 0, http.StatusBadRequest},
		{"3.2.18", 0, http.StatusBadRequest},
		{"6.1", 1, http.StatusOK},
		{"6.1", -1, http.StatusOK},
		{"4.1.6", 0, http.StatusOK},
		{"4.0.9", 0, http.StatusOK},
		{"3.2.17", 0, http.StatusOK},
	} {
		s := newSite(t, c.release, func(set *djangosession.Settings) { set.DataUploadMaxNumberFiles = c.most })
		if res := s.serve(multiple(t, token1, 10), http.HandlerFunc(fine)); res.Code != c.want {
			t.Errorf("Django %s, at most %d: status %d, want %d", c.release, c.most, res.Code, c.want)
		}
	}
}

// endless is an infinite body that counts the bytes read from it.
type endless struct{ n int }

func (e *endless) Read(b []byte) (int, error) {
	e.n += len(b)
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}

type failing struct{}

var errReset = errors.New("connection reset")

func (failing) Read([]byte) (int, error) { return 0, errReset }

func TestBodiesThatAreNoForm(t *testing.T) {
	t.Parallel()
	const encoded, parts = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
	token := "csrfmiddlewaretoken=" + token1
	for _, c := range []struct {
		name, contentType string
		body              io.Reader
		length            int64
		header            string
		want              int
	}{
		{"too long by its header", encoded, strings.NewReader(token), 3_000_000, token1, 400},
		{"too many fields", encoded, strings.NewReader(token + strings.Repeat("&a", 1000)), -1, "", 400},
		{"as many fields as allowed", encoded, strings.NewReader(token + strings.Repeat("&a", 999)), -1, "", 200},
		{"ends early", encoded, io.MultiReader(strings.NewReader(token), failing{}), 1000, "", 403},
		{"ends early, with a token in the header", encoded, io.MultiReader(strings.NewReader(token), failing{}), 1000, token1, 200},
		{"multipart body ends early", parts, io.MultiReader(strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb"), failing{}), 1000, "", 403},
		{"multipart body ends early, with a token in the header", parts, io.MultiReader(strings.NewReader("--b\r\n"), failing{}), 1000, token1, 200},
		{"parts without a boundary", "multipart/form-data", strings.NewReader(token), -1, "", 400},
		{"parts with another boundary", parts, strings.NewReader("--c\r\n"), -1, "", 403},
		{"JSON", "application/json", strings.NewReader(`{"csrfmiddlewaretoken":"` + token1 + `"}`), -1, "", 403},
		{"JSON, with a token in the header", "application/json", strings.NewReader("{}"), -1, token1, 200},
		{"not in UTF-8", encoded + "; charset=latin-1", strings.NewReader(token), -1, "", 400},
		{"without a type", "", strings.NewReader(token), -1, "", 403},
		{"longer than a limit around the middleware", encoded, http.MaxBytesReader(httptest.NewRecorder(), io.NopCloser(&endless{}), 1000), -1, "", 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "6.1", nil)
			r := post(t, "csrftoken="+secret, nil)
			r.Body, r.ContentLength = io.NopCloser(c.body), c.length
			r.Header["Content-Type"] = []string{c.contentType}
			if c.header != "" {
				r.Header.Set("X-Csrftoken", c.header)
			}
			if res := s.serve(r, http.HandlerFunc(fine)); res.Code != c.want {
				t.Errorf("got %d, want %d: %s", res.Code, c.want, s.log.String())
			}
		})
	}
}

func TestNoMoreIsReadThanTheLimit(t *testing.T) {
	t.Parallel()
	for _, contentType := range []string{"application/x-www-form-urlencoded", "multipart/form-data; boundary=b"} {
		s := newSite(t, "6.1", func(set *djangosession.Settings) { set.DataUploadMaxMemorySize = 1 << 20 })
		tail := &endless{}
		r := post(t, "csrftoken="+secret, nil)
		r.Body, r.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n"), tail)), -1
		r.Header.Set("Content-Type", contentType)
		if res := s.serve(r, http.HandlerFunc(fine)); res.Code != http.StatusBadRequest {
			t.Errorf("%s: got %d", contentType, res.Code)
		}
		if tail.n > 2<<20 {
			t.Errorf("%s: read %d bytes", contentType, tail.n)
		}
	}
}

func TestHeaderFirstLeavesTheBodyAlone(t *testing.T) {
	t.Parallel()
	s := newSiteWith(t, "6.1", csrf.Options{HeaderFirst: true}, nil)
	r := multiple(t, other, 10)
	r.Header.Set("X-Csrftoken", token1)
	res := s.serve(r, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		reader, err := r.MultipartReader()
		if err != nil {
			t.Error(err)
			return
		}
		if part, err := reader.NextPart(); err != nil || part.FileName() != "a.jpg" {
			t.Errorf("part %v, %v", part, err)
		}
	}))
	if res.Code != http.StatusOK {
		t.Error(s.log.String())
	}
	r = multiple(t, token1, 10)
	r.Header.Set("X-Csrftoken", other)
	if res := s.serve(r, http.HandlerFunc(fine)); res.Code != http.StatusForbidden {
		t.Errorf("a wrong header: %d", res.Code)
	}
}
