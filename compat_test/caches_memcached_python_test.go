package compat_test

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/memcached"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// memcachedSites are the settings of caches that choose servers in different ways, on the
// same servers, by name. Each has a KEY_PREFIX of its own.
func memcachedSites(release string, location []string) map[string]djangosession.SessionCache {
	behaviors := map[string]map[string]any{
		"plain": {}, "binary": {}, "ketama": {"ketama": true}, "ketama md5": {"ketama": true, "hash": "md5"}, "ketama_weighted": {"ketama_weighted": true},
		"consistent": {"distribution": "consistent"}, "spy": {"distribution": "consistent ketama spy"}, "weights": {"ketama": true},
	}
	for _, hash := range []string{"crc", "fnv1_32", "fnv1_64", "fnv1a_32", "fnv1a_64", "jenkins", "md5", "murmur"} {
		behaviors["hash "+hash] = map[string]any{"hash": hash}
	}
	sites := map[string]djangosession.SessionCache{}
	for _, backend := range memcachedBackends() {
		if release < backend.since || backend.until != "" && release >= backend.until {
			continue
		}
		if backend.name != "PyLibMCCache" {
			sites[backend.name] = memcachedCache(backend.name, location...)
			continue
		}
		for name, b := range behaviors {
			c := memcachedCache(backend.name, location...)
			if len(b) > 0 {
				c.Options = map[string]any{"behaviors": b}
			}
			switch name {
			case "binary":
				c.Options = map[string]any{"binary": true}
			case "weights":
				c.Location = nil
				for i, place := range location {
					c.Location = append(c.Location, fmt.Sprintf("%s:%d", place, 3*i+1))
				}
			}
			sites[name] = c
		}
	}
	for name, c := range sites {
		c.KeyPrefix = hex.EncodeToString([]byte(name))
		if release < "3" {
			c.Clients = map[string]string{"memcache": "1.59"}
		}
		sites[name] = c
	}
	return sites
}

// runMemcachedValues has Python do something with the caches, see memcached_values.py.
func runMemcachedValues(t *testing.T, release, what string, count int, sites map[string]djangosession.SessionCache) {
	t.Helper()
	settings := map[string]any{}
	for name, c := range sites {
		site := map[string]any{"BACKEND": c.Backend, "LOCATION": c.Location, "KEY_PREFIX": c.KeyPrefix}
		if c.Options != nil {
			site["OPTIONS"] = c.Options
		}
		settings[name] = site
	}
	input, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), pythonWithCaches(t, release), "memcached_values.py", what, strconv.Itoa(count))
	cmd.Dir = "peers"
	cmd.Env = append(os.Environ(), "PYTHONHASHSEED=0") // the order of sets
	cmd.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || string(out) != "checked\n" {
		t.Fatalf("memcached_values.py %s: %v\n%.3000s\n%s", what, err, out, stderr.String())
	}
}

// memcachedKeys are the keys that memcached_values.py uses.
func memcachedKeys(c djangosession.SessionCache, count int) []string {
	keys := make([]string, 0, count)
	for n := range count {
		digest := md5.Sum([]byte(strconv.Itoa(n)))
		keys = append(keys, caches.Key("django.contrib.sessions.cache"+hex.EncodeToString(digest[:]), c.KeyPrefix, c.Version))
	}
	return keys
}

// onMemcachedSites opens the cache of each site on three servers.
func onMemcachedSites(t *testing.T, run func(t *testing.T, release string, sites map[string]djangosession.SessionCache, open map[string]*memcached.Cache)) {
	t.Helper()
	for _, release := range releases() {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			sites := memcachedSites(release, addresses(memcacheds(t, 3)))
			open := map[string]*memcached.Cache{}
			for name, c := range sites {
				s, err := djangosession.NewSettingsFor(release, "secret")
				if err != nil {
					t.Fatal(err)
				}
				s.SessionCache = c
				open[name] = openMemcached(t, s, memcached.Options{})
			}
			run(t, release, sites, open)
		})
	}
}

// TestMemcachedServersOfPython lets Python and Go find the server of 1,000 keys, with
// each client and each way to choose a server.
func TestMemcachedServersOfPython(t *testing.T) {
	t.Parallel()
	const count = 1000
	onMemcachedSites(t, func(t *testing.T, release string, sites map[string]djangosession.SessionCache, open map[string]*memcached.Cache) {
		runMemcachedValues(t, release, "place", count, sites)
		for name, cache := range open {
			wrong := 0
			for n, key := range memcachedKeys(sites[name], count) {
				it, err := cache.Get(t.Context(), key)
				if err != nil {
					wrong++
					continue
				}
				it.Value.Set("n", int64(n+1))
				if err := cache.Replace(t.Context(), key, it.Value, time.Hour); err != nil {
					t.Error(err)
				}
			}
			if wrong > 0 {
				t.Errorf("%s: Go looks for %d of %d keys on another server", name, wrong, count)
			}
		}
		runMemcachedValues(t, release, "replaced", count, sites)
	})
}

// TestMemcachedValuesOfPython reads random values that Python wrote, and has Python
// compare what Go writes. MEMCACHED_VALUES is their number for each client.
func TestMemcachedValuesOfPython(t *testing.T) {
	t.Parallel()
	count := times(t, "MEMCACHED_VALUES", 200)
	onMemcachedSites(t, func(t *testing.T, release string, sites map[string]djangosession.SessionCache, open map[string]*memcached.Cache) {
		few := map[string]djangosession.SessionCache{}
		for name, c := range sites {
			if len(c.Options) == 0 { // one of each client
				few[name] = c
			}
		}
		runMemcachedValues(t, release, "write", count, few)
		for name, c := range few {
			for _, key := range memcachedKeys(c, count) {
				it, err := open[name].Get(t.Context(), key)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				changed := py.NewDict(it.Value.Len() + 1)
				for k, v := range it.Value.All() {
					changed.Set(k, py.Native(v))
				}
				changed.Set("go", "read")
				if err := open[name].Swap(t.Context(), key, it, changed, time.Hour); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
		}
		runMemcachedValues(t, release, "check", count, few)
		t.Logf("%d values of %d clients", count, len(few))
	})
}
