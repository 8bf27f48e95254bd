package caches_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/cachetest"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

const kkkk = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"

// record returns a record with one value that ends in an hour.
func record(s djangosession.Settings, key, name string, value any) *djangosession.Record {
	d := py.NewDict(1)
	d.Set(name, value)
	return &djangosession.Record{Key: key, Data: d, ExpireDate: py.DateTime{Time: s.Clock().Add(time.Hour)}, ExpireAge: time.Hour}
}

func digest(key, prefix, version string) string {
	sum := sha256.Sum256([]byte(caches.Key(key, prefix, version)))
	return hex.EncodeToString(sum[:])
}

func TestCacheKeysAreDjangos(t *testing.T) {
	t.Parallel()
	braces := func(key, prefix, version string) string { return "{" + key + "}" + prefix + version }
	for want, c := range map[string]struct {
		change  func(*djangosession.Settings)
		options caches.Options
	}{
		":1:django.contrib.sessions.cache" + kkkk: {
			change: func(s *djangosession.Settings) { s.SessionCache.KeyPrefix, s.SessionCache.Version = "", "" },
		},
		"site:2:django.contrib.sessions.cache" + kkkk: {},
		"site:2:shop.sessions" + kkkk: {
			change: func(s *djangosession.Settings) { s.SessionStoreClass.CacheKeyPrefix = "shop.sessions" },
		},
		"{django.contrib.sessions.cache" + kkkk + "}site2": {
			change:  func(s *djangosession.Settings) { s.SessionCache.KeyFunction = "shop.keys" },
			options: caches.Options{KeyFunction: braces},
		},
	} {
		s := djangosession.NewSettings("caches-secret-key")
		cacheSettings(&s)
		if c.change != nil {
			c.change(&s)
		}
		m := newMemory(t, s)
		e := newEngine(t, m, s, c.options)
		if err := e.Create(t.Context(), record(s, kkkk, "a", int64(1))); err != nil {
			t.Fatal(err)
		}
		if _, _, ok := m.Raw(want); !ok {
			t.Errorf("the cache has no key %q", want)
		}
		if n := len(listed(t, e)); n != 1 {
			t.Errorf("%q: listed %d sessions", want, n)
		}
	}
}

// listed returns the keys of all listed sessions, sorted.
func listed(t *testing.T, e djangosession.Lister) []string {
	t.Helper()
	var found []string
	for r, err := range e.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, r.Key)
	}
	slices.Sort(found)
	return found
}

func TestListingLeavesOutWhatIsNotASessionOfTheStore(t *testing.T) {
	t.Parallel()
	s := djangosession.NewSettings("caches-secret-key")
	cacheSettings(&s)
	m := newMemory(t, s)
	e := newEngine(t, m, s, caches.Options{})
	if err := e.Create(t.Context(), record(s, kkkk, "a", int64(1))); err != nil {
		t.Fatal(err)
	}
	const prefix = "site:2:django.contrib.sessions.cache"
	for _, key := range []string{
		prefix + "d_db" + kkkk,          // of cached_db
		prefix + "d_db" + kkkk[:28],     // which has the length of a key
		prefix + kkkk[:31],              // too short
		prefix + kkkk + "k",             // too long
		prefix + strings.ToUpper(kkkk),  // no key of Django
		"other:2:" + prefix[7:] + kkkk,  // of another site
		"site:1:" + prefix[7:] + kkkk,   // of another version
		"site:2:template.cache.x" + "1", // no session
	} {
		m.SetRaw(key, []byte("\x80\x04}\x94."))
	}
	if got := listed(t, e); !slices.Equal(got, []string{kkkk}) {
		t.Errorf("listed %q", got)
	}
}

func TestListingNeedsACacheAndAKeyFunctionThatPermitIt(t *testing.T) {
	t.Parallel()
	s := djangosession.NewSettings("caches-secret-key")
	cacheSettings(&s)
	fixed := func(string, string, string) string { return "always the same" }
	for name, e := range map[string]*caches.Engine{
		"a cache without keys": newEngine(t, struct{ caches.Cache }{newMemory(t, s)}, s, caches.Options{}),
		"digests":              newEngine(t, newMemory(t, s), s, caches.Options{KeyFunction: digest}),
		"one key for all":      newEngine(t, newMemory(t, s), s, caches.Options{KeyFunction: fixed}),
	} {
		n := 0
		for _, err := range e.Records(t.Context()) {
			if n++; !errors.Is(err, djangosession.ErrNoList) {
				t.Errorf("%s: error %v, want ErrNoList", name, err)
			}
		}
		if n != 1 {
			t.Errorf("%s: %d results", name, n)
		}
	}
}

func TestKeysThatNoSessionHasAreNeverSentToTheCache(t *testing.T) {
	t.Parallel()
	s := djangosession.NewSettings("caches-secret-key")
	site := newCachedSite(t, s, caches.Options{})
	untouched := func(method, _ string) error {
		t.Errorf("%s was called", method)
		return nil
	}
	site.cache.Before = untouched
	cacheSettings(&s)
	engines := []djangosession.Merger{newEngine(t, &cachetest.Faulty{Cache: newMemory(t, s), Before: untouched}, s, caches.Options{}), site.engine}
	for _, e := range engines {
		for _, key := range []string{
			"", "short12", "UPPERCASE-or-others", "key with spaces", "line\r\nbreaks", "null\x00byte", "d_db" + kkkk[:28],
			strings.Repeat("k", 41), strings.Repeat("k", 1<<20), "ключ-сессии",
		} {
			_, loadErr := e.Load(t.Context(), key)
			exists, existsErr := e.Exists(t.Context(), key)
			if !errors.Is(loadErr, djangosession.ErrNoSession) || exists || existsErr != nil {
				t.Errorf("%.20q: Load %v, Exists %v, %v", key, loadErr, exists, existsErr)
			}
			never := func(*djangosession.Record) error { t.Error("called"); return nil }
			for name, err := range map[string]error{
				"Save": e.Save(t.Context(), record(s, key, "a", int64(1))), "Merge": e.Merge(t.Context(), key, never),
				"Cycle": e.Cycle(t.Context(), key, never),
			} {
				if !errors.Is(err, djangosession.ErrSessionGone) {
					t.Errorf("%s(%.20q): %v", name, key, err)
				}
			}
			if err := e.Create(t.Context(), record(s, key, "a", int64(1))); !errors.Is(err, djangosession.ErrBadKey) {
				t.Errorf("Create(%.20q): %v", key, err)
			}
			if err := e.Delete(t.Context(), key); err != nil {
				t.Errorf("Delete(%.20q): %v", key, err)
			}
		}
	}
}

// pickyCache refuses keys that contain a text.
type pickyCache struct {
	caches.Cache

	refused string
}

func (p pickyCache) CheckKey(key string) error {
	if strings.Contains(key, p.refused) {
		return djangosession.ErrBadKey
	}
	return p.Cache.CheckKey(key)
}

func TestNewEngineRefusesByName(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change        func(*djangosession.Settings)
		refused       string
		setting, text string
	}{
		"a KEY_FUNCTION": {
			change:  func(s *djangosession.Settings) { s.SessionCache.KeyFunction = "shop.keys.make" },
			setting: "CACHES", text: `"shop.keys.make"`,
		},
		"a KEY_PREFIX": {
			change: func(s *djangosession.Settings) { s.SessionCache.KeyPrefix = "a b" }, refused: " ", setting: "CACHES", text: "KEY_PREFIX",
		},
		"LocMem": {
			change: func(s *djangosession.Settings) {
				s.SessionCache.Backend, s.SessionCache.Alias = "django.core.cache.backends.locmem.LocMemCache", ""
			},
			setting: "CACHES", text: `"default" is a LocMemCache`,
		},
		"another engine": {
			change:  func(s *djangosession.Settings) { s.SessionEngine = "django.contrib.sessions.backends.file" },
			setting: "SESSION_ENGINE", text: "backends.file",
		},
	} {
		s := djangosession.NewSettings("caches-secret-key")
		cacheSettings(&s)
		c.change(&s)
		var cache caches.Cache = newMemory(t, s)
		if c.refused != "" {
			cache = pickyCache{cache, c.refused}
		}
		_, err := caches.NewEngine(cache, s, caches.Options{})
		refused, ok := errors.AsType[*djangosession.SettingError](err)
		if !ok || refused.Setting != c.setting || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	s := djangosession.NewSettings("caches-secret-key")
	cacheSettings(&s)
	if _, err := caches.NewEngine(nil, s, caches.Options{}); err == nil {
		t.Error("a nil cache is accepted")
	}
	s.SessionEngine = "django.contrib.sessions.backends.cached_db"
	if _, err := caches.NewCachedDB(nil, newMemory(t, s), s, caches.Options{}); err == nil {
		t.Error("a nil database is accepted")
	}
	s.UseTZ, s.TimeZone = false, "Nowhere/Land"
	s.SessionEngine = "django.contrib.sessions.backends.cache"
	if _, err := caches.NewEngine(newMemory(t, s), s, caches.Options{}); err == nil {
		t.Error("an unknown time zone is accepted")
	}
}
