package csrf_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

// readSettings reads settings for a Protection.
func readSettings(r io.Reader) (djangosession.Settings, error) {
	s, err := djangosession.ReadSettings(r)
	if err == nil {
		_, err = csrf.New(s, csrf.Options{})
	}
	return s, err
}

func TestReadsSettingsUnderDjangosNames(t *testing.T) {
	t.Parallel()
	const all = `{"SECRET_KEY":"k","DJANGO_VERSION":"4.2","SESSION_COOKIE_DOMAIN":".example.com","INSTALLED_APPS":[],
		"CSRF_COOKIE_NAME":"c","CSRF_COOKIE_AGE":60,"CSRF_COOKIE_DOMAIN":".a.test","CSRF_COOKIE_PATH":"/x","CSRF_COOKIE_SECURE":true,
		"CSRF_COOKIE_HTTPONLY":true,"CSRF_COOKIE_SAMESITE":"Strict","CSRF_COOKIE_MASKED":true,"CSRF_USE_SESSIONS":true,
		"CSRF_HEADER_NAME":"HTTP_X","CSRF_TRUSTED_ORIGINS":["https://b.test"],"CSRF_FAILURE_VIEW":"x.y","ALLOWED_HOSTS":["h"],"DEBUG":true,
		"SECURE_PROXY_SSL_HEADER":["HTTP_Y","on"],"USE_X_FORWARDED_HOST":true,"USE_X_FORWARDED_PORT":true,
		"DATA_UPLOAD_MAX_MEMORY_SIZE":5,"DATA_UPLOAD_MAX_NUMBER_FIELDS":6,"DATA_UPLOAD_MAX_NUMBER_FILES":7}`
	s, err := readSettings(strings.NewReader(all))
	if err != nil {
		t.Fatal(err)
	}
	want := settings(t, "4.2")
	want.SessionCookieDomain = ".example.com"
	want.CSRFCookieName, want.CSRFCookieAge, want.CSRFCookieDomain, want.CSRFCookiePath = "c", time.Minute, ".a.test", "/x"
	want.CSRFCookieSecure, want.CSRFCookieHTTPOnly, want.CSRFCookieSameSite, want.CSRFCookieMasked = true, true, "Strict", true
	want.CSRFUseSessions, want.CSRFHeaderName, want.CSRFTrustedOrigins = true, "HTTP_X", []string{"https://b.test"}
	want.AllowedHosts, want.Debug, want.SecureProxySSLHeader = []string{"h"}, true, [2]string{"HTTP_Y", "on"}
	want.UseXForwardedHost, want.UseXForwardedPort = true, true
	want.DataUploadMaxMemorySize, want.DataUploadMaxNumberFields, want.DataUploadMaxNumberFiles = 5, 6, 7
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
}

func TestSettingsLeftOutOrNone(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "settings.json")
	if err := os.WriteFile(name, []byte(`{"SECRET_KEY":"k","DJANGO_VERSION":"6.1"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := djangosession.ReadSettingsFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want := settings(t, "6.1")
	if s.CSRFCookieAge != 364*24*time.Hour || s.CSRFCookieAge != want.CSRFCookieAge || s.DataUploadMaxMemorySize != want.DataUploadMaxMemorySize || s.CSRFCookieSameSite != "Lax" {
		t.Errorf("left out: %+v", s)
	}
	s, err = readSettings(strings.NewReader(`{"SECRET_KEY":"k","DJANGO_VERSION":"6.1","CSRF_COOKIE_AGE":null,"CSRF_COOKIE_SAMESITE":false,
		"CSRF_COOKIE_DOMAIN":null,"SECURE_PROXY_SSL_HEADER":null,"DATA_UPLOAD_MAX_MEMORY_SIZE":null,"DATA_UPLOAD_MAX_NUMBER_FIELDS":null}`))
	if err != nil {
		t.Fatal(err)
	}
	if s.CSRFCookieAge != 0 || s.CSRFCookieSameSite != "" || s.SecureProxySSLHeader[0] != "" || s.DataUploadMaxMemorySize >= 0 || s.DataUploadMaxNumberFields >= 0 {
		t.Errorf("None: %+v", s)
	}
}

func TestSettingsThatCannotBeUsedAreRefused(t *testing.T) {
	t.Parallel()
	for setting, value := range map[string]string{
		"SECRET_KEY":                  `""`,
		"CSRF_COOKIE_NAME":            `"a=b"`,
		"CSRF_COOKIE_DOMAIN":          `"a.test;b"`,
		"CSRF_COOKIE_PATH":            `"/\n"`,
		"CSRF_HEADER_NAME":            `""`,
		"CSRF_COOKIE_AGE":             `0`,
		"CSRF_COOKIE_SAMESITE":        `"Loose"`,
		"CSRF_TRUSTED_ORIGINS":        `["shop.test"]`,
		"SECURE_PROXY_SSL_HEADER":     `["HTTP_X"]`,
		"DATA_UPLOAD_MAX_MEMORY_SIZE": `"much"`,
		"DJANGO_VERSION":              `"1.9"`,
	} {
		fields := map[string]string{"SECRET_KEY": `"k"`, "DJANGO_VERSION": `"6.1"`, setting: value}
		pairs := make([]string, 0, len(fields))
		for name, v := range fields {
			pairs = append(pairs, `"`+name+`":`+v)
		}
		_, err := readSettings(strings.NewReader("{" + strings.Join(pairs, ",") + "}"))
		wrong, ok := errors.AsType[*djangosession.SettingError](err)
		if !ok || wrong.Setting != setting {
			t.Errorf("%s = %s: %v", setting, value, err)
		}
	}
	for _, text := range []string{"", "[]", "{"} {
		if _, err := readSettings(strings.NewReader(text)); err == nil {
			t.Errorf("%q is read", text)
		}
	}
	if _, err := csrf.New(djangosession.Settings{}, csrf.Options{}); !errors.Is(err, djangosession.ErrIncompleteSettings) {
		t.Errorf("settings without a constructor: %v", err)
	}
}
