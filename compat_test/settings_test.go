package compat_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

// customSettings are appended to those that startproject writes.
const customSettings = `
SECRET_KEY = b"\xff\x00 bytes \n"
SECRET_KEY_FALLBACKS = ["old", b"\xfe"]
SESSION_COOKIE_NAME = "sid"
SESSION_COOKIE_AGE = 3600
SESSION_COOKIE_DOMAIN = ".example.com"
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = False
SESSION_COOKIE_SAMESITE = False
SESSION_FILE_PATH = BASE_DIR
USE_TZ = False
TIME_ZONE = "Europe/Berlin"
CSRF_COOKIE_AGE = None
CSRF_USE_SESSIONS = True
CSRF_TRUSTED_ORIGINS = ["https://*.example.com"]
ALLOWED_HOSTS = ["example.com"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
USE_X_FORWARDED_HOST = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
`

// highestProtocol is pickle.HIGHEST_PROTOCOL of each Python since 3.8.
const highestProtocol = 5

// TestSettingsCommand runs the documented command in a project as django-admin makes it, and in one with settings of its own.
func TestSettingsCommand(t *testing.T) {
	t.Parallel()
	for _, release := range releases() {
		bin := filepath.Dir(python(t, release))
		inProject := func(t *testing.T, dir, command string) []byte {
			t.Helper()
			cmd := exec.CommandContext(t.Context(), "sh", "-c", command)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, stderr.String())
			}
			return out
		}
		t.Run(release+"/new project", func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			inProject(t, dir, "python -m django startproject shop .")
			s, err := djangosession.ReadSettings(bytes.NewReader(inProject(t, dir, djangosession.SettingsCommand)))
			if err != nil {
				t.Fatal(err)
			}
			want, err := djangosession.NewSettingsFor(release, s.SecretKey)
			if err != nil {
				t.Fatal(err)
			}
			// What startproject writes into the settings.
			want.TimeZone, want.UseTZ = "UTC", true
			want.PickleProtocol = highestProtocol
			if len(s.SecretKey) < 50 || !same(s, want) {
				t.Errorf("read %+v\nwant %+v", s, want)
			}
		})
		t.Run(release+"/settings of its own", func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			inProject(t, dir, "python -m django startproject shop .")
			f, err := os.OpenFile(filepath.Join(dir, "shop", "settings.py"), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.WriteString(customSettings); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			printed := inProject(t, dir, djangosession.SettingsCommand)
			s, err := djangosession.ReadSettings(bytes.NewReader(printed))
			if err != nil {
				t.Fatal(err)
			}
			want, err := djangosession.NewSettingsFor(release, "\xff\x00 bytes \n")
			if err != nil {
				t.Fatal(err)
			}
			want.SecretKeyFallbacks = []string{"old", "\xfe"}
			want.SessionCookieName, want.SessionCookieAge, want.SessionCookieDomain = "sid", time.Hour, ".example.com"
			want.SessionCookieSecure, want.SessionCookieHTTPOnly, want.SessionCookieSameSite = true, false, ""
			want.SessionFilePath = dir
			want.PickleProtocol = highestProtocol
			want.UseTZ, want.TimeZone = false, "Europe/Berlin"
			if !same(s, want) {
				t.Errorf("read %+v\nwant %+v", s, want)
			}
			wantCSRF, csrfErr := csrf.NewSettings(want)
			gotCSRF, err := csrf.ReadSettings(bytes.NewReader(printed))
			if err = errors.Join(csrfErr, err); err != nil {
				t.Fatal(err)
			}
			wantCSRF.CSRFCookieAge, wantCSRF.CSRFUseSessions, wantCSRF.CSRFTrustedOrigins = 0, true, []string{"https://*.example.com"}
			wantCSRF.AllowedHosts, wantCSRF.Debug, wantCSRF.UseXForwardedHost = []string{"example.com"}, true, true // DEBUG by startproject
			wantCSRF.SecureProxySSLHeader, wantCSRF.DataUploadMaxMemorySize = [2]string{"HTTP_X_FORWARDED_PROTO", "https"}, 1000
			if fmt.Sprintf("%+v", gotCSRF) != fmt.Sprintf("%+v", wantCSRF) {
				t.Errorf("read %+v\nwant %+v", gotCSRF, wantCSRF)
			}
		})
	}
}

// same compares what settings say.
func same(a, b djangosession.Settings) bool { return fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b) }
