package compat_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/files"
	"github.com/djangobridge/djangobridge/signedcookies"
)

// fileAndCookieCases are the engines "file" and "signed_cookies".
func fileAndCookieCases() []engineCase { return []engineCase{sessionFileCase(), signedCookieCase()} }

func sessionFileCase() engineCase {
	place := func(p *enginePair, key string) string { return filepath.Join(p.at.dir, "sessions", "sessionid"+key) }
	return engineCase{
		name: "file",
		start: func(t *testing.T, at *engineSite) map[string]any {
			t.Helper()
			folder := filepath.Join(at.dir, "sessions")
			rename := func(from, to string) func() {
				return func() {
					if err := os.Rename(from, to); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := os.Mkdir(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			at.stop, at.resume, at.keeps = rename(folder, folder+".away"), rename(folder+".away", folder), true
			return map[string]any{"SESSION_ENGINE": "django.contrib.sessions.backends.file", "SESSION_FILE_PATH": folder}
		},
		open: func(_ *testing.T, s djangosession.Settings, _ *engineSite) (djangosession.Engine, error) {
			return files.New(s, files.Options{})
		},
		damage: func(t *testing.T, p *enginePair, key string) {
			t.Helper()
			if err := os.WriteFile(place(p, key), []byte("a:b:c"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		held: func(t *testing.T, p *enginePair, key string) string {
			t.Helper()
			text, err := os.ReadFile(place(p, key))
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		},
		bothUseTZ: true,
		ageless:   true,
	}
}

func signedCookieCase() engineCase {
	return engineCase{
		name: "signed_cookies",
		start: func(*testing.T, *engineSite) map[string]any {
			return map[string]any{"SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies"}
		},
		open: func(_ *testing.T, s djangosession.Settings, _ *engineSite) (djangosession.Engine, error) {
			return signedcookies.New(s, signedcookies.Options{})
		},
		inCookie: true,
	}
}
