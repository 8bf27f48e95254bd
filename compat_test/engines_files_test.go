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
	c := engineCase{
		name: "cache on files", pickles: true,
		start: func(t *testing.T, at *engineSite) map[string]any {
			folder := filepath.Join(at.dir, "cache")
			at.stop, at.resume = blockedFolder(t, folder)
			at.keeps = true
			return map[string]any{
				"SESSION_ENGINE": "django.contrib.sessions.backends.cache",
				"CACHES": map[string]any{"default": map[string]any{
					"BACKEND": caches.FileBasedBackend, "LOCATION": folder, "OPTIONS": map[string]any{"MAX_ENTRIES": 1000},
				}},
			}
		},
		open: func(t *testing.T, s djangosession.Settings, at *engineSite) (djangosession.Engine, error) {
			c, err := openFileBased(t, s, at)
			if err != nil {
				return nil, err
			}
			return caches.NewEngine(c, s, caches.Options{})
		},
	}
	return []engineCase{c, cachedDBCase("cached_db on files", c, openFileBased)}
}

func openFileBased(_ *testing.T, s djangosession.Settings, _ *engineSite) (caches.Cache, error) {
	return caches.NewFileBased(s)
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
