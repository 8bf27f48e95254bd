package csrf_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

func TestReadsSettingsUnderDjangosNames(t *testing.T) {
	t.Parallel()
	const all = `{"SECRET_KEY":"k","DJANGO_VERSION":"4.2","SESSION_COOKIE_DOMAIN":".example.com","INSTALLED_APPS":[],
		"CSRF_COOKIE_NAME":"c","CSRF_COOKIE_AGE":60,"CSRF_COOKIE_DOMAIN":".a.test","CSRF_COOKIE_PATH":"/x","CSRF_COOKIE_SECURE":true,
		"CSRF_COOKIE_HTTPONLY":true,"CSRF_COOKIE_SAMESITE":"Strict","CSRF_COOKIE_MASKED":true,"CSRF_USE_SESSIONS":true,
		"CSRF_HEADER_NAME":"HTTP_X","CSRF_TRUSTED_ORIGINS":["https://b.test"],"CSRF_FAILURE_VIEW":"x.y","ALLOWED_HOSTS":["h"],"DEBUG":true,
		"SECURE_PROXY_SSL_HEADER":["HTTP_Y","on"],"USE_X_FORWARDED_HOST":true,"USE_X_FORWARDED_PORT":true,
		"DATA_UPLOAD_MAX_MEMORY_SIZE":5,"DATA_UPLOAD_MAX_NUMBER_FIELDS":6,"DATA_UPLOAD_MAX_NUMBER_FILES":7,"SERVER_PORT":"1"}`
	s, err := csrf.ReadSettings(strings.NewReader(all))
	if err != nil {
		t.Fatal(err)
	}
	if s.Site.SessionCookieDomain != ".example.com" || s.Site.DjangoVersion != "4.2" {
		t.Errorf("the site's settings are %q of %q", s.Site.SessionCookieDomain, s.Site.DjangoVersion)
	}
	want := csrf.Settings{
		Site: s.Site, CSRFCookieName: "c", CSRFCookieAge: time.Minute, CSRFCookieDomain: ".a.test", CSRFCookiePath: "/x", CSRFCookieSecure: true,
		CSRFCookieHTTPOnly: true, CSRFCookieSameSite: "Strict", CSRFCookieMasked: true, CSRFUseSessions: true, CSRFHeaderName: "HTTP_X",
		CSRFTrustedOrigins: []string{"https://b.test"}, AllowedHosts: []string{"h"}, Debug: true, SecureProxySSLHeader: [2]string{"HTTP_Y", "on"},
		UseXForwardedHost: true, UseXForwardedPort: true, DataUploadMaxMemorySize: 5, DataUploadMaxNumberFields: 6, DataUploadMaxNumberFiles: 7, ServerPort: "1",
	}
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
	s, err := csrf.ReadSettingsFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want := settings(t, "6.1")
	if s.CSRFCookieAge != 364*24*time.Hour || s.CSRFCookieAge != want.CSRFCookieAge || s.DataUploadMaxMemorySize != want.DataUploadMaxMemorySize || s.CSRFCookieSameSite != "Lax" {
		t.Errorf("left out: %+v", s)
	}
	s, err = csrf.ReadSettings(strings.NewReader(`{"SECRET_KEY":"k","DJANGO_VERSION":"6.1","CSRF_COOKIE_AGE":null,"CSRF_COOKIE_SAMESITE":false,
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
		"CSRF_COOKIE_HTTPONLY":        `7`,
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
		_, err := csrf.ReadSettings(strings.NewReader("{" + strings.Join(pairs, ",") + "}"))
		wrong, ok := errors.AsType[*djangosession.SettingError](err)
		if !ok || wrong.Setting != setting {
			t.Errorf("%s = %s: %v", setting, value, err)
		}
	}
	for _, text := range []string{"", "[]", "{"} {
		if _, err := csrf.ReadSettings(strings.NewReader(text)); err == nil {
			t.Errorf("%q is read", text)
		}
	}
	if _, err := csrf.New(csrf.Settings{}); !errors.Is(err, djangosession.ErrIncompleteSettings) {
		t.Errorf("settings without a constructor: %v", err)
	}
}
