package csrf_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

// The texts are those of Django 6.1.3 for the same requests.
func TestRefusalsNameTheHeaderAsDjango(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, setting, header, token string
		want                         string
	}{
		{name: "default", setting: "HTTP_X_CSRFTOKEN", header: "X-CSRFToken", token: "x", want: "CSRF token from the 'X-Csrftoken' HTTP header has incorrect length."},
		{name: "digits", setting: "HTTP_X2Y_3Z_ABC", header: "X2Y-3Z-ABC", token: "x", want: "CSRF token from the 'X2Y-3Z-Abc' HTTP header has incorrect length."},
		{name: "one word", setting: "HTTP_AUTH", header: "Auth", token: "x", want: "CSRF token from the 'Auth' HTTP header has incorrect length."},
		{name: "type", setting: "CONTENT_TYPE", header: "Content-Type", token: "x", want: "CSRF token from the 'Content-Type' HTTP header has incorrect length."},
		{name: "characters", setting: "HTTP_X_CSRFTOKEN", header: "X-CSRFToken", token: strings.Repeat("!", 32), want: "CSRF token from the 'X-Csrftoken' HTTP header has invalid characters."},
		{name: "other secret", setting: "HTTP_X_CSRFTOKEN", header: "X-CSRFToken", token: other, want: "CSRF token from the 'X-Csrftoken' HTTP header incorrect."},
		{name: "empty", setting: "HTTP_X_CSRFTOKEN", header: "X-CSRFToken", token: "", want: "CSRF token from the 'X-Csrftoken' HTTP header has incorrect length."},
		{name: "none", setting: "HTTP_X_CSRFTOKEN", header: "X-Other", token: token1, want: "CSRF token missing."},
	} {
		var got error
		s := newSiteWith(t, "6.1", keepError(&got), func(set *djangosession.Settings) { set.CSRFHeaderName = c.setting })
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "http://example.com/", http.NoBody)
		r.Header.Set("Cookie", "csrftoken="+secret)
		r.Header.Set(c.header, c.token)
		s.serve(r, http.HandlerFunc(fine))
		refused, ok := errors.AsType[*csrf.Error](got)
		if !ok || refused.Text != c.want || refused.Error() != "csrf: refused: "+c.want {
			t.Errorf("%s: %v, want %q", c.name, got, c.want)
		}
	}
}

func TestFormErrorsSayWhatIsWrongWithTheForm(t *testing.T) {
	t.Parallel()
	for _, contentType := range []string{formType, "multipart/form-data; boundary=b"} {
		checkTooLong(t, contentType)
	}
}

// checkTooLong sends a body that exceeds the limit of an outer handler.
func checkTooLong(t *testing.T, contentType string) {
	t.Helper()
	var got error
	s := newSiteWith(t, "6.1", keepError(&got), nil)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://example.com/", bytes.NewReader(bytes.Repeat([]byte("a"), 100)))
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Cookie", "csrftoken="+secret)
	r.Body = http.MaxBytesReader(nil, r.Body, 10)
	res := s.serve(r, http.HandlerFunc(fine))
	form, ok := errors.AsType[*csrf.FormError](got)
	if _, tooLong := errors.AsType[*http.MaxBytesError](got); !ok || !tooLong || res.Code != http.StatusBadRequest {
		t.Fatalf("status %d, error %v", res.Code, got)
	}
	if want := "csrf: read form: " + form.Err.Error(); got.Error() != want || form.Err.Error() == "" {
		t.Errorf("%q, want %q", got, want)
	}
}

// Exempt handlers are found behind at most eight nested routers, because a router may
// lead to itself.
func TestRoutersInRoutersEnd(t *testing.T) {
	t.Parallel()
	inRouters := func(depth int) http.Handler {
		h := csrf.Exempt(http.HandlerFunc(fine))
		for range depth {
			mux := http.NewServeMux()
			mux.Handle("/", h)
			h = mux
		}
		return h
	}
	for depth, want := range map[int]int{0: 200, 1: 200, 8: 200, 9: 403} {
		s := newSite(t, "6.1", nil)
		if res := s.serve(post(t, "", nil), inRouters(depth)); res.Code != want {
			t.Errorf("%d routers: status %d, want %d", depth, res.Code, want)
		}
	}
	self := http.NewServeMux()
	self.Handle("/", self)
	s := newSite(t, "6.1", nil)
	if res := s.serve(post(t, "", nil), self); res.Code != http.StatusForbidden {
		t.Errorf("a router in itself: status %d", res.Code)
	}
}
