package compat_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
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
`

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
			s, err := djangosession.ReadSettings(bytes.NewReader(inProject(t, dir, djangosession.SettingsCommand)))
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
			want.UseTZ, want.TimeZone = false, "Europe/Berlin"
			if !same(s, want) {
				t.Errorf("read %+v\nwant %+v", s, want)
			}
		})
	}
}

// same compares what settings say.
func same(a, b djangosession.Settings) bool { return fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b) }
