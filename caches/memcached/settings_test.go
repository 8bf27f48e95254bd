package memcached_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/memcached"
	"github.com/djangobridge/djangobridge/djangosession"
)

// cacheOf are the settings of a cache with one server.
func cacheOf(backend string, options map[string]any, location ...string) djangosession.SessionCache {
	if location == nil {
		location = []string{"127.0.0.1:11211"}
	}
	return djangosession.SessionCache{Alias: "default", Backend: backends + backend, Location: location, Options: options}
}

func TestSettingsThatCannotBeUsedAreRefusedByName(t *testing.T) {
	t.Parallel()
	behaviors := func(name string, v any) map[string]any { return map[string]any{"behaviors": map[string]any{name: v}} }
	weighted := cacheOf("PyLibMCCache", nil)
	weighted.Weights = []int{2}
	zero := cacheOf("MemcachedCache", nil)
	zero.Weights = []int{0}
	failed := cacheOf("PyMemcacheCache", nil)
	failed.Error = "KeyError: 'default'"
	tests := []struct {
		name    string
		cache   djangosession.SessionCache
		setting string
		words   []string
	}{
		{name: "backend", cache: cacheOf("Other", nil), setting: "BACKEND", words: []string{"Other", "implement caches.Cache"}},
		{name: "no cache", cache: djangosession.SessionCache{}, setting: "BACKEND"},
		{name: "failed export", cache: failed, words: []string{"KeyError"}},
		{name: "no server", cache: cacheOf("PyMemcacheCache", nil, []string{}...), setting: "LOCATION", words: []string{"no server"}},
		{name: "no host", cache: cacheOf("PyMemcacheCache", nil, ":11211"), setting: "LOCATION", words: []string{":11211"}},
		{name: "empty", cache: cacheOf("PyMemcacheCache", nil, ""), setting: "LOCATION"},
		{name: "space", cache: cacheOf("PyMemcacheCache", nil, " 10.0.0.1:11211"), setting: "LOCATION"},
		{name: "port", cache: cacheOf("PyMemcacheCache", nil, "host:http"), setting: "LOCATION", words: []string{"host:http"}},
		{name: "large port", cache: cacheOf("PyLibMCCache", nil, "host:65536"), setting: "LOCATION"},
		{name: "URL", cache: cacheOf("PyMemcacheCache", nil, "tcp://host:11211"), setting: "LOCATION"},
		{name: "open bracket", cache: cacheOf("PyLibMCCache", nil, "[::1"), setting: "LOCATION"},
		{name: "text after bracket", cache: cacheOf("PyLibMCCache", nil, "[::1]x"), setting: "LOCATION"},
		{name: "UDP", cache: cacheOf("PyLibMCCache", nil, "udp:host"), setting: "LOCATION", words: []string{"UDP"}},
		{name: "weight", cache: cacheOf("PyLibMCCache", nil, "host:1:x"), setting: "LOCATION", words: []string{"weight"}},
		{name: "huge weight", cache: cacheOf("PyLibMCCache", nil, "host:1:1000000000"), setting: "LOCATION", words: []string{"weight"}},
		{name: "weight of pylibmc", cache: weighted, setting: "LOCATION", words: []string{"weight"}},
		{name: "only weight 0", cache: zero, setting: "LOCATION", words: []string{"weight"}},
		{name: "path of python-memcached", cache: cacheOf("MemcachedCache", nil, "/run/a.sock"), setting: "LOCATION", words: []string{"unix:path"}},
		{name: "IPv6 of python-memcached", cache: cacheOf("MemcachedCache", nil, "[::1]:1"), setting: "LOCATION", words: []string{"inet6:"}},
		{name: "unclosed inet6", cache: cacheOf("MemcachedCache", nil, "inet6:[::1"), setting: "LOCATION"},
		{
			name: "python-memcached of unknown version", cache: cacheOf("MemcachedCache", nil, "a", "b"),
			setting: "BACKEND", words: []string{"version", "export"},
		},
		{name: "option", cache: cacheOf("PyMemcacheCache", map[string]any{"spam": 1}), setting: "OPTIONS", words: []string{`"spam"`, "remove"}},
		{name: "hasher", cache: cacheOf("PyMemcacheCache", map[string]any{"hasher": "site.Hash"}), setting: "OPTIONS", words: []string{`"hasher"`}},
		{name: "serde", cache: cacheOf("PyMemcacheCache", map[string]any{"serde": "site.serde"}), setting: "OPTIONS", words: []string{"compressed_serde"}},
		{name: "no serde", cache: cacheOf("PyMemcacheCache", map[string]any{"serde": nil}), setting: "OPTIONS", words: []string{`"serde"`}},
		{name: "key_prefix", cache: cacheOf("PyMemcacheCache", map[string]any{"key_prefix": 1.0}), setting: "OPTIONS", words: []string{"bytes"}},
		{
			name:  "TLS",
			cache: cacheOf("PyMemcacheCache", map[string]any{"tls_context": map[string]any{"$object": "ssl.SSLContext"}}), setting: "OPTIONS",
			words: []string{"tls_context", "DialContext"},
		},
		{name: "SASL", cache: cacheOf("PyLibMCCache", map[string]any{"binary": true, "username": "u", "password": "hush"}), setting: "OPTIONS", words: []string{"SASL"}},
		{name: "option of pylibmc", cache: cacheOf("PyLibMCCache", map[string]any{"ketama": true}), setting: "OPTIONS", words: []string{`"ketama"`}},
		{name: "behaviors", cache: cacheOf("PyLibMCCache", map[string]any{"behaviors": "x"}), setting: "OPTIONS", words: []string{"dict"}},
		{name: "behavior", cache: cacheOf("PyLibMCCache", behaviors("spam", 1.0)), setting: "OPTIONS", words: []string{`"spam"`}},
		{name: "hash", cache: cacheOf("PyLibMCCache", behaviors("hash", "hsieh")), setting: "OPTIONS", words: []string{`"hsieh"`}},
		{name: "number of a hash", cache: cacheOf("PyLibMCCache", behaviors("hash", 1.0)), setting: "OPTIONS", words: []string{`"hash"`}},
		{name: "distribution", cache: cacheOf("PyLibMCCache", behaviors("distribution", "random")), setting: "OPTIONS", words: []string{`"random"`}},
		{name: "virtual bucket", cache: cacheOf("PyLibMCCache", behaviors("distribution", "virtual bucket")), setting: "OPTIONS"},
		{name: "ketama", cache: cacheOf("PyLibMCCache", behaviors("ketama", "yes")), setting: "OPTIONS", words: []string{"True or False"}},
		{name: "ketama_weighted", cache: cacheOf("PyLibMCCache", behaviors("ketama_weighted", nil)), setting: "OPTIONS"},
		{name: "replicas", cache: cacheOf("PyLibMCCache", behaviors("num_replicas", 1.0)), setting: "OPTIONS", words: []string{"num_replicas"}},
		{name: "sorted hosts", cache: cacheOf("PyLibMCCache", behaviors("_sort_hosts", true)), setting: "OPTIONS", words: []string{"_sort_hosts"}},
		{name: "namespace", cache: cacheOf("PyLibMCCache", behaviors("namespace", "x")), setting: "OPTIONS", words: []string{"namespace"}},
		{name: "pickler", cache: cacheOf("MemcachedCache", map[string]any{"unpickler": "site.Unpickler"}), setting: "OPTIONS", words: []string{"unpickler"}},
		{name: "key_encoder", cache: cacheOf("MemcachedCache", map[string]any{"key_encoder": "site.encode"}), setting: "OPTIONS"},
		{name: "option of python-memcached", cache: cacheOf("MemcachedCache", map[string]any{"spam": 1.0}), setting: "OPTIONS"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := djangosession.NewSettings("secret")
			s.SessionCache = test.cache
			if test.name == "no server" {
				s.SessionCache.Location = nil
			}
			_, err := memcached.Open(s)
			refused, ok := errors.AsType[*djangosession.SettingError](err)
			if !ok {
				t.Fatalf("error %v, want a SettingError", err)
			}
			for _, word := range append(test.words, "CACHES[", test.setting) {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("error %q does not contain %q", refused, word)
				}
			}
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("error %q contains a secret", err)
			}
		})
	}
}

func TestOptionsThatChangeNoSessionAreAccepted(t *testing.T) {
	t.Parallel()
	null := map[string]any{"$object": "builtins.object"}
	old := cacheOf("MemcachedCache", nil, "a", "b:1", "inet:c", "inet6:[::1]:2", "unix:/run/a.sock")
	old.Clients = map[string]string{"memcache": "1.59"}
	for _, c := range []djangosession.SessionCache{
		cacheOf("PyMemcacheCache", map[string]any{
			"connect_timeout": 1.0, "timeout": 0.5, "no_delay": true, "socket_module": null, "socket_keepalive": null, "max_pool_size": 4.0,
			"pool_idle_timeout": 60.0, "lock_generator": null, "retry_attempts": 0.0, "retry_timeout": 1.0, "dead_timeout": 1.0,
			"use_pooling": true, "ignore_exc": true, "default_noreply": false, "encoding": "utf-8", "allow_unicode_keys": true,
			"hasher": "pymemcache.client.rendezvous.RendezvousHash", "serde": map[string]any{"$object": "pymemcache.serde.PickleSerde"},
			"tls_context": nil, "serializer": nil, "deserializer": nil,
		}, "a", "b:1", "[::1]:2", "[::1]", "unix:/run/a.sock", "/run/b.sock"),
		cacheOf("PyLibMCCache", map[string]any{"binary": true, "username": nil, "password": nil, "behaviors": map[string]any{
			"no_block": true, "tcp_nodelay": true, "tcp_keepalive": true, "cas": true, "buffer_requests": false, "verify_keys": true,
			"connect_timeout": 1.0, "send_timeout": 1.0, "receive_timeout": 1.0, "auto_eject": true, "retry_timeout": 1.0, "remove_failed": 4.0,
			"failure_limit": 4.0, "dead_timeout": 60.0, "pickle_protocol": 2.0, "num_replicas": 0.0, "_noreply": true, "ketama_hash": "md5",
		}}, "a", "b:1", "c:1:3"),
		cacheOf("PyLibMCCache", map[string]any{"behaviors": nil}),
		cacheOf("MemcachedCache", map[string]any{
			"debug": 0.0, "pickleProtocol": 2.0, "server_max_key_length": 250.0, "server_max_value_length": 1e6, "dead_retry": 1.0,
			"socket_timeout": 1.0, "cache_cas": true, "flush_on_reconnect": 0.0, "check_keys": true, "pickler": "_pickle.Pickler", "pload": nil,
			"decompressor": "zlib.decompress",
		}),
		old,
	} {
		s := djangosession.NewSettings("secret")
		s.SessionCache = c
		if _, err := memcached.Open(s); err != nil {
			t.Error(err)
		}
	}
}

func TestServersAreReachedAtTheirAddress(t *testing.T) {
	t.Parallel()
	tests := []struct {
		backend, place, want string
		weight               int
	}{
		{backend: "PyMemcacheCache", place: "localhost", want: "tcp localhost:11211"},
		{backend: "PyMemcacheCache", place: "localhost:1", want: "tcp localhost:1"},
		{backend: "PyMemcacheCache", place: "[::1]", want: "tcp [::1]:11211"},
		{backend: "PyMemcacheCache", place: "[::1]:2", want: "tcp [::1]:2"},
		{backend: "PyMemcacheCache", place: "::1:2", want: "tcp [::1]:2"},
		{backend: "PyMemcacheCache", place: "/run/a.sock", want: "unix /run/a.sock"},
		{backend: "PyMemcacheCache", place: "unix:/run/a.sock", want: "unix /run/a.sock"},
		{backend: "PyMemcacheCache", place: "::1", weight: 2, want: "tcp [::1]:2"}, // a tuple
		{backend: "PyLibMCCache", place: "localhost", want: "tcp localhost:11211"},
		{backend: "PyLibMCCache", place: "localhost:1", want: "tcp localhost:1"},
		{backend: "PyLibMCCache", place: "localhost:1:5", want: "tcp localhost:1"},
		{backend: "PyLibMCCache", place: "[::1]", want: "tcp [::1]:11211"},
		{backend: "PyLibMCCache", place: "[::1]:2:3", want: "tcp [::1]:2"},
		{backend: "PyLibMCCache", place: "unix:/run/a.sock", want: "unix /run/a.sock"},
		{backend: "PyLibMCCache", place: "/run/a.sock", want: "unix /run/a.sock"},
		{backend: "MemcachedCache", place: "localhost", want: "tcp localhost:11211"},
		{backend: "MemcachedCache", place: "inet:localhost:1", want: "tcp localhost:1"},
		{backend: "MemcachedCache", place: "inet6:[::1]", want: "tcp [::1]:11211"},
		{backend: "MemcachedCache", place: "inet6:[::1]:2", want: "tcp [::1]:2"},
		{backend: "MemcachedCache", place: "unix:/run/a.sock", want: "unix /run/a.sock"},
	}
	for _, test := range tests {
		p := &peer{}
		c := newCache(t, p, func(s *djangosession.Settings, _ *memcached.Options) {
			s.SessionCache = cacheOf(test.backend, nil, test.place)
			if test.weight != 0 {
				s.SessionCache.Weights = []int{test.weight}
			}
		})
		if err := c.Check(t.Context()); err != nil {
			t.Error(err)
		}
		if len(p.dialed) != 1 || p.dialed[0] != test.want {
			t.Errorf("%s: %q was reached at %q, want %q", test.backend, test.place, p.dialed, test.want)
		}
	}
}

func TestThePrefixOfPymemcachePrecedesTheKey(t *testing.T) {
	t.Parallel()
	for _, prefix := range []any{"site-", map[string]any{"$bytes": "c2l0ZS0="}} {
		p := &peer{}
		var c caches.Cache = newCache(t, p, func(s *djangosession.Settings, _ *memcached.Options) {
			s.SessionCache.Options = map[string]any{"key_prefix": prefix}
		})
		if err := c.Add(t.Context(), "k", dict("a", int64(1)), 1e9); err != nil {
			t.Fatal(err)
		}
		it, err := c.Get(t.Context(), "k")
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Swap(t.Context(), "k", it, nil, 0); err != nil {
			t.Fatal(err)
		}
		if err := c.Delete(t.Context(), "k"); err != nil {
			t.Fatal(err)
		}
		for _, request := range p.requests {
			if !strings.Contains(request, " site-k") {
				t.Errorf("request %q", request)
			}
		}
		if err := c.CheckKey(strings.Repeat("k", 246)); !errors.Is(err, djangosession.ErrBadKey) {
			t.Errorf("a key that is too long with the prefix: %v", err)
		}
	}
}
