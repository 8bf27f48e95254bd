package csrf_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/internal/httpmw"
)

func TestMiddlewareWithoutAHandlerPanicsAtOnce(t *testing.T) {
	t.Parallel()
	defer func() {
		if text, _ := recover().(string); !strings.Contains(text, "csrf: Protection.Middleware: nil handler") {
			t.Errorf("panicked with %q", text)
		}
	}()
	newSite(t, "6.1", nil).Middleware(nil)
}

// An inner Protection shares the state of the outer one, even if a handler between them
// changes the request.
func TestProtectionsInsideOfEachOtherShareTheSecret(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", nil)
	inner := s.Middleware(http.HandlerFunc(withToken))
	res := s.serve(page(t, "csrftoken="+secret), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Cookie")
		inner.ServeHTTP(w, r)
	}))
	if _, value := csrfCookie(res); value != secret || len(res.Header()["Set-Cookie"]) != 1 {
		t.Errorf("cookies %q", res.Header()["Set-Cookie"])
	}
}

func TestLoginFailsWhereTheSecretCannotBeReplaced(t *testing.T) {
	t.Parallel()
	brokenSite(t).serve(page(t, lostSession), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := httpmw.From(r.Context()).RunAtLogin(r.Context()); !errors.Is(err, errDatabase) {
			t.Errorf("a login: %v", err)
		}
	}))
}

func TestAnswersToRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	const page = ": submit the form from a page of this site, with cookies enabled.\n"
	large := strings.Repeat("a", 2621440)
	for _, c := range []struct {
		name string
		site *site
		body string
		want string
	}{
		{name: "403", site: newSite(t, "6.1", nil), want: http.StatusText(http.StatusForbidden) + page},
		{name: "400", site: newSite(t, "6.1", nil), body: large + "a", want: http.StatusText(http.StatusBadRequest) + "\n"},
		{name: "500", site: brokenSite(t), want: http.StatusText(http.StatusInternalServerError) + "\n"},
		{name: "a body as long as allowed", site: newSite(t, "6.1", nil), body: large, want: http.StatusText(http.StatusForbidden) + page},
	} {
		r := post(t, "csrftoken="+secret+"; "+lostSession, nil)
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(c.body)), int64(len(c.body))
		res := c.site.serve(r, http.HandlerFunc(fine))
		if res.Body.String() != c.want {
			t.Errorf("%s: %q, want %q", c.name, res.Body, c.want)
		}
	}
}

func TestEnsureCookieGoesOnToTheHandler(t *testing.T) {
	t.Parallel()
	res := newSite(t, "6.1", nil).serve(page(t, ""), csrf.EnsureCookie(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "page")
	})))
	if res.Code != http.StatusOK || res.Body.String() != "page" {
		t.Errorf("status %d, %q", res.Code, res.Body)
	}
}

// The stored body is released when the handler returns.
func TestKeptBodyEndsWithTheHandler(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", nil)
	body := field("csrfmiddlewaretoken", token1) + upload("film", strings.Repeat("x", 6<<20)) + lastBoundary
	var kept io.Reader
	s.serve(parts(t, body), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { kept = r.Body }))
	if kept == nil {
		t.Fatal(s.log.String())
	}
	if data, err := io.ReadAll(kept); err == nil {
		t.Errorf("%d bytes are still there", len(data))
	}
}

func TestNewRefusesIncompleteSettings(t *testing.T) {
	t.Parallel()
	if _, err := csrf.New(djangosession.Settings{}, csrf.Options{}); !errors.Is(err, djangosession.ErrIncompleteSettings) {
		t.Errorf("without a site: %v", err)
	}
	s := settings(t, "6.1")
	if s.DataUploadMaxMemorySize != 2621440 || s.DataUploadMaxNumberFields != 1000 || s.DataUploadMaxNumberFiles != 100 {
		t.Errorf("limits %d, %d, %d", s.DataUploadMaxMemorySize, s.DataUploadMaxNumberFields, s.DataUploadMaxNumberFiles)
	}
	for _, half := range [][2]string{{"HTTP_X_FORWARDED_PROTO", ""}, {"", "https"}} {
		s.SecureProxySSLHeader = half
		_, err := csrf.New(s, csrf.Options{})
		if wrong, ok := errors.AsType[*djangosession.SettingError](err); !ok || wrong.Setting != "SECURE_PROXY_SSL_HEADER" {
			t.Errorf("%q: %v", half, err)
		}
	}
}

func TestSettingsAtTheirLimits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"CSRF_COOKIE_AGE":9223372036`:                "",
		`"CSRF_COOKIE_AGE":-9223372036`:               "",
		`"CSRF_COOKIE_AGE":9223372036.9`:              "CSRF_COOKIE_AGE",
		`"CSRF_COOKIE_AGE":1e300`:                     "CSRF_COOKIE_AGE",
		`"CSRF_COOKIE_AGE":-1e300`:                    "CSRF_COOKIE_AGE",
		`"CSRF_COOKIE_AGE":0.5`:                       "",
		`"CSRF_COOKIE_AGE":"60"`:                      "CSRF_COOKIE_AGE",
		`"SECURE_PROXY_SSL_HEADER":[]`:                "",
		`"SECURE_PROXY_SSL_HEADER":["A","b","c"]`:     "SECURE_PROXY_SSL_HEADER",
		`"SECURE_PROXY_SSL_HEADER":["",""]`:           "",
		`"SECURE_PROXY_SSL_HEADER":"HTTP_X"`:          "SECURE_PROXY_SSL_HEADER",
		`"CSRF_COOKIE_SAMESITE":true`:                 "CSRF_COOKIE_SAMESITE",
		`"CSRF_COOKIE_DOMAIN":1`:                      "CSRF_COOKIE_DOMAIN",
		`"CSRF_TRUSTED_ORIGINS":["https://a","b"]`:    "CSRF_TRUSTED_ORIGINS",
		`"CSRF_TRUSTED_ORIGINS":["https://*.a.test"]`: "",
	} {
		_, err := readSettings(strings.NewReader(`{"SECRET_KEY":"k","DJANGO_VERSION":"6.1",` + text + `}`))
		wrong, ok := errors.AsType[*djangosession.SettingError](err)
		if ok != (want != "") || ok && wrong.Setting != want || !ok && err != nil {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	s, err := readSettings(strings.NewReader(`{"SECRET_KEY":"k","DJANGO_VERSION":"6.1","DATA_UPLOAD_MAX_MEMORY_SIZE":-7,
		"DATA_UPLOAD_MAX_NUMBER_FIELDS":null,"DATA_UPLOAD_MAX_NUMBER_FILES":0}`))
	if err != nil || s.DataUploadMaxMemorySize != 0 || s.DataUploadMaxNumberFields != -1 || s.DataUploadMaxNumberFiles != 0 {
		t.Errorf("limits %d, %d and %d, %v", s.DataUploadMaxMemorySize, s.DataUploadMaxNumberFields, s.DataUploadMaxNumberFiles, err)
	}
	if _, err := djangosession.ReadSettingsFile(t.TempDir() + "/missing"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := readSettings(iotest.ErrReader(errDatabase)); !errors.Is(err, errDatabase) {
		t.Errorf("a file that cannot be read: %v", err)
	}
}
