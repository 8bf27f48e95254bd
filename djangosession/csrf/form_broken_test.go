package csrf_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

// TestFormThatBreaksOffHasNoToken breaks a form of parts off, with a good token before,
// in each place where it is read.
func TestFormThatBreaksOffHasNoToken(t *testing.T) {
	t.Parallel()
	token := field("csrfmiddlewaretoken", token1)
	for name, body := range map[string]string{
		"at once":             "",
		"before a part":       token,
		"in the header":       token + "--b\r\nX: y",
		"in a field":          token + "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n" + strings.Repeat("x", 200_000),
		"in a file":           token + "--b\r\nContent-Disposition: form-data; name=a; filename=f\r\n\r\n" + strings.Repeat("x", 200_000),
		"after the last part": token + lastBoundary,
	} {
		for cause, want := range map[error]int{io.ErrUnexpectedEOF: http.StatusForbidden, &http.MaxBytesError{Limit: 1}: http.StatusBadRequest} {
			var got error
			s := newSiteWith(t, "6.1.3", keepError(&got), nil)
			r := parts(t, body)
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader(body), iotest.ErrReader(cause)))
			s.serve(r, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Errorf("%s: %v: it is accepted", name, cause) }))
			var refused *csrf.Error
			var form *csrf.FormError
			if want == http.StatusForbidden && (!errors.As(got, &refused) || refused.Reason != csrf.NoToken) {
				t.Errorf("%s: %v", name, got)
			}
			if want == http.StatusBadRequest && (!errors.As(got, &form) || !errors.Is(got, cause)) {
				t.Errorf("%s: %v", name, got)
			}
		}
	}
}

// hiccup is a body whose reader fails once between two texts.
type hiccup struct {
	before, after io.Reader
	failed        bool
}

func (h *hiccup) Read(b []byte) (int, error) {
	if n, err := h.before.Read(b); !errors.Is(err, io.EOF) {
		return n, err
	}
	if !h.failed {
		h.failed = true
		return 0, io.ErrUnexpectedEOF
	}
	return h.after.Read(b)
}

// TestFormIsNotReadOnAfterAnError has bodies that could be read on, and contain a token.
func TestFormIsNotReadOnAfterAnError(t *testing.T) {
	t.Parallel()
	const start = "--b\r\nContent-Disposition: form-data; name="
	long := strings.Repeat("x", 200_000)
	rest := "\r\n" + field("csrfmiddlewaretoken", token1) + lastBoundary
	for name, c := range map[string][2]string{
		"at once":     {"", rest},
		"in a header": {"--b\r\nX: y", "\r\n\r\n" + rest},
		"in a field":  {start + "a\r\n\r\n" + long, rest},
		"in a file":   {start + "a; filename=f\r\n\r\n" + long, rest},
		"in the token": {
			start + "csrfmiddlewaretoken\r\n\r\n" + token1[:20], token1[20:] + "\r\n" + lastBoundary,
		},
		"after a part": {field("a", long), rest},
	} {
		var got error
		s := newSiteWith(t, "6.1.3", keepError(&got), nil)
		serve := func(failed bool) {
			r := parts(t, c[0]+c[1])
			r.Body = io.NopCloser(&hiccup{before: strings.NewReader(c[0]), after: strings.NewReader(c[1]), failed: failed})
			s.serve(r, http.HandlerFunc(fine))
		}
		if serve(true); got != nil {
			t.Errorf("%s: without the failure: %v", name, got)
		}
		serve(false)
		if refused, ok := errors.AsType[*csrf.Error](got); !ok || refused.Reason != csrf.NoToken {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestFormThatIsNotUTF8IsReadAsLatin1, with the words of Django 5.2.19 and 6.1.3.
func TestFormThatIsNotUTF8IsReadAsLatin1(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"csrfmiddlewaretoken=" + token1[:63] + "\xff":            "CSRF token from POST has invalid characters.",
		"csrfmiddlewaretoken=" + token1 + "\xff":                 "CSRF token from POST has incorrect length.",
		"csrfmiddlewaretoken=" + token1[:63] + "\xc3\xa9":        "CSRF token from POST has invalid characters.",
		"csrfmiddlewaretoken=" + token1[:63] + "\xc3\xa9&a=\xff": "CSRF token from POST has incorrect length.",
		"csrfmiddlewaretoken=" + token1[:62] + "\xc3\xa9&a=\xff": "CSRF token from POST has invalid characters.",
	} {
		var got error
		s := newSiteWith(t, "6.1.3", keepError(&got), nil)
		r := post(t, "csrftoken="+secret, nil)
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		s.serve(r, http.HandlerFunc(fine))
		var refused *csrf.Error
		if !errors.As(got, &refused) || refused.Text != want {
			t.Errorf("%q: %v, want %s", body, got, want)
		}
	}
}

// TestHeadersOfPartsThatNoBrowserSends has the statuses of these releases of Django.
func TestHeadersOfPartsThatNoBrowserSends(t *testing.T) {
	t.Parallel()
	const (
		name        = "csrfmiddlewaretoken"
		disposition = "Content-Disposition: form-data; "
		base64Token = "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXZJb1NVV1kwMjQ2OGFjZWdpa21vcXN1d3lBQ0VHSUtNZQ=="
	)
	encoded := func(encoding string) string {
		return disposition + "name=" + name + "\r\nContent-Transfer-Encoding: " + encoding + "\r\n\r\n" + base64Token
	}
	plain := func(header string) string { return header + "\r\n\r\n" + token1 }
	for _, c := range []struct {
		part string
		want map[string]int // by release
	}{
		{part: encoded("base64=x; a=b"), want: map[string]int{"6.1.3": 200, "5.2.19": 200, "4.2.30": 403, "3.2.25": 403}},
		{part: encoded("base64 = x; a=b"), want: map[string]int{"6.1.3": 200, "5.2.19": 200, "4.2.30": 403, "3.2.25": 403}},
		{part: encoded("base64=x"), want: map[string]int{"6.1.3": 403, "5.2.19": 403, "4.2.30": 403, "3.2.25": 403}},
		{part: encoded("x=base64; a=b"), want: map[string]int{"6.1.3": 403, "5.2.19": 403, "4.2.30": 403, "3.2.25": 403}},
		{part: plain(disposition + "name*99999999999999999999=x; name=" + name), want: map[string]int{"6.1.3": 403, "5.2.19": 403, "4.2.30": 200, "3.2.25": 200}},
		{part: plain(disposition + "name*0*=utf-8''\u0100; name=" + name), want: map[string]int{"6.1.3": 403, "5.2.19": 403, "4.2.30": 200, "3.2.25": 200}},
		{part: plain(disposition + "name*0*=utf-8''csrf; name*1=\u016diddlewaretoken"), want: map[string]int{"6.1.3": 403, "5.2.19": 403}},
		{part: plain(disposition + "name*0*=utf-8''csrf; name*1=middlewaretoken"), want: map[string]int{"6.1.3": 200, "5.2.19": 200}},
		{part: plain(disposition + "x*0*=latin-1''%ff; name=" + name), want: map[string]int{"6.1.3": 200, "5.2.19": 200, "4.2.30": 200, "3.2.25": 200}},
		{
			part: plain(disposition + "name=" + name + "\r\n" + disposition + "name*=nonsense''%ff"),
			want: map[string]int{"6.1.3": 200, "5.2.19": 200},
		},
		{part: plain(disposition + "x*=utf-8''\xff; name=" + name), want: map[string]int{"6.1.3": 403, "5.2.19": 403, "3.2.25": 403}},
		{part: plain(disposition + "x*=utf-8''%61; name=" + name), want: map[string]int{"6.1.3": 200, "5.2.19": 200, "3.2.25": 200}},
		{part: plain(disposition + "x*0*=utf-8''\u0100; name=" + name), want: map[string]int{"6.1.3": 200, "5.2.19": 200}},
		{part: plain(disposition + "x*=nonsense''%ff; name=" + name), want: map[string]int{"6.1.3": 403, "5.2.19": 403}},
	} {
		for release, want := range c.want {
			s := newSite(t, release, nil)
			if res := s.serve(parts(t, "--b\r\n"+c.part+"\r\n"+lastBoundary), http.HandlerFunc(fine)); res.Code != want {
				t.Errorf("%s: %q: status %d, want %d", release, c.part, res.Code, want)
			}
		}
	}
}
