package caches_test

import (
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/cachetest"
	"github.com/djangobridge/djangobridge/djangosession"
)

// TestSubclassesThatOverrideMoreAreAcceptedByName has subclasses of cache.
func TestSubclassesThatOverrideMoreAreAcceptedByName(t *testing.T) {
	t.Parallel()
	const cache = "django.contrib.sessions.backends.cache"
	for name, c := range map[string]struct {
		base, accept string
		refused      string
	}{
		"unnamed":      {base: cache, refused: "name it in Options.AcceptEngine"},
		"named":        {base: cache, accept: "shop.sessions"},
		"another name": {base: cache, accept: "shop.other", refused: `names "shop.other"`},
		"another base": {base: "django.contrib.sessions.backends.file", accept: "shop.sessions", refused: "shop.sessions"},
	} {
		s := djangosession.NewSettings("k")
		s.SessionEngine = "shop.sessions"
		s.SessionStoreClass = djangosession.SessionStoreClass{
			MRO:       []string{"shop.S", c.base + ".SessionStore", "django.contrib.sessions.backends.base.SessionBase"},
			Overrides: map[string][]string{"shop.S": {"load"}},
		}
		s.SessionCache.Version = "1"
		memory, err := cachetest.NewMemory(s)
		if err != nil {
			t.Fatal(err)
		}
		_, err = caches.NewEngine(memory, s, caches.Options{AcceptEngine: c.accept})
		if (err != nil) != (c.refused != "") || err != nil && !strings.Contains(err.Error(), c.refused) {
			t.Errorf("%s: %v, want %q", name, err, c.refused)
		}
	}
}
