package caches_test

import (
	"encoding/hex"
	"errors"
	"testing"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
)

// TestFilesOutsideTheFolderAreDecoded has the file of {"a": 1} as Django 5.2 writes it,
// which expired in 2023.
func TestFilesOutsideTheFolderAreDecoded(t *testing.T) {
	t.Parallel()
	content, err := hex.DecodeString("8005950a000000000000004741d95999802000002e789c6b609dcac50001b5537a1813a7783316eb01002ca604a5")
	if err != nil {
		t.Fatal(err)
	}
	s := fileSettings()
	s.Now = nil
	s.SessionCache.Backend = "django.core.cache.backends.filebased.FileBasedCache"
	s.SessionCache.Location = []string{t.TempDir()}
	cache, err := caches.NewFileBased(s)
	if err != nil {
		t.Fatal(err)
	}
	if d, err := cache.Decode(content); err != nil || d.Len() != 1 {
		t.Errorf("%v, %v", d, err)
	}
	for _, wrong := range [][]byte{nil, content[:21], content[21:], content[:30]} {
		if d, err := cache.Decode(wrong); !errors.Is(err, djangosession.ErrUnknownFormat) {
			t.Errorf("%x: %v, %v", wrong, d, err)
		}
	}
}
