package compat_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
)

// fileBasedCases are the engines on the file-based cache.
func fileBasedCases() []engineCase {
	start := func(engine string) func(t *testing.T, at *engineSite) map[string]any {
		return func(t *testing.T, at *engineSite) map[string]any {
			folder := filepath.Join(at.dir, "cache")
			at.stop, at.resume = blockedFolder(t, folder)
			at.keeps = true
			return map[string]any{
				"SESSION_ENGINE": engine,
				"CACHES": map[string]any{"default": map[string]any{
					"BACKEND": caches.FileBasedBackend, "LOCATION": folder, "OPTIONS": map[string]any{"MAX_ENTRIES": 1000},
				}},
			}
		}
	}
	return []engineCase{{
		name: "cache on files", pickles: true, start: start("django.contrib.sessions.backends.cache"),
		open: func(_ *testing.T, s djangosession.Settings, _ *engineSite) (djangosession.Engine, error) {
			c, err := caches.NewFileBased(s)
			if err != nil {
				return nil, err
			}
			return caches.NewEngine(c, s, caches.Options{})
		},
	}}
}

// blockedFolder puts a file in the place of a folder, so that nobody can create it, and
// the folder back.
func blockedFolder(t *testing.T, folder string) (block, restore func()) {
	t.Helper()
	away := folder + "-away"
	return func() {
			if err := errors.Join(os.Rename(folder, away), os.WriteFile(folder, nil, 0o600)); err != nil {
				t.Fatal(err)
			}
		}, func() {
			if err := errors.Join(os.Remove(folder), os.Rename(away, folder)); err != nil {
				t.Fatal(err)
			}
		}
}
