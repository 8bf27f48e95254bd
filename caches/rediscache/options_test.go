package rediscache

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// TestServersAreThoseOfPython has URLs and arguments, and where redis-py connects to.
func TestServersAreThoseOfPython(t *testing.T) {
	t.Parallel()
	var held struct {
		URLs []struct {
			URL       string         `json:"url"`
			Arguments map[string]any `json:"arguments"`
			Error     string         `json:"error"`
			Addr      string         `json:"addr"`
			Unix      bool           `json:"unix"`
			TLS       bool           `json:"tls"`
			DB        int            `json:"db"`
			Username  string         `json:"username"`
			Password  string         `json:"password"`
		} `json:"urls"`
	}
	readJSON(t, "urls.json", &held)
	if len(held.URLs) < 90 {
		t.Fatalf("%d URLs", len(held.URLs))
	}
	for _, c := range held.URLs {
		site, err := readSite(siteSettings(djangoBackend, c.Arguments, c.URL), Options{})
		if c.Error != "" {
			if refused, ok := errors.AsType[*djangosession.SettingError](err); !ok || strings.Contains(refused.Error(), c.URL) {
				t.Errorf("%s: %v, want an error without it, as Python's %s", c.URL, err, c.Error)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.URL, err)
			continue
		}
		s := site.servers[0]
		if s.addr != c.Addr || s.db != c.DB || s.username != c.Username || s.password != c.Password || (s.network == "unix") != c.Unix ||
			(s.tls != nil) != c.TLS {
			t.Errorf("%s with %v: %+v, want %+v", c.URL, c.Arguments, s, c)
		}
	}
}

func TestKeysAreOnTheShardOfPython(t *testing.T) {
	t.Parallel()
	var held struct {
		Rings []struct {
			URLs []string       `json:"urls"`
			Keys map[string]int `json:"keys"`
		} `json:"rings"`
	}
	readJSON(t, "urls.json", &held)
	seen := map[int]int{}
	for _, c := range held.Rings {
		r := newRing(c.URLs)
		for key, want := range c.Keys {
			seen[want]++
			if got := r.server(key); got != want {
				t.Errorf("%v: %q is on server %d, want %d", c.URLs, key, got, want)
			}
		}
	}
	if len(seen) != 3 {
		t.Errorf("the vectors use %d servers", len(seen))
	}
}

// optionCase is a cache and what becomes of it.
type optionCase struct {
	backend  string
	options  map[string]any
	location []string
	refused  string // the part of the setting's name in the error; "" for none
}

func TestOptionsAreUnderstoodOrRefused(t *testing.T) {
	t.Parallel()
	object := func(name string) map[string]any { return map[string]any{"$object": name} }
	const client = "django_redis.client."
	sentinel := func(more map[string]any) map[string]any {
		o := map[string]any{
			"CLIENT_CLASS": client + "SentinelClient", "CONNECTION_FACTORY": "django_redis.pool.SentinelConnectionFactory",
			"SENTINELS": []any{[]any{"a", 26379.0}, []any{"::1", "26380"}},
		}
		maps.Copy(o, more)
		return o
	}
	for name, c := range map[string]optionCase{
		"Django's":             {backend: djangoBackend},
		"django-redis":         {backend: djangoRedisBackend},
		"another backend":      {backend: "shop.Cache", refused: "BACKEND"},
		"no backend":           {refused: "CACHES"},
		"no server":            {backend: djangoBackend, location: []string{}, refused: "LOCATION"},
		"arguments":            {backend: djangoBackend, options: map[string]any{"db": "3", "socket_timeout": 1.0, "parser_class": "redis.x", "protocol": 3.0}},
		"None":                 {backend: djangoBackend, options: map[string]any{"db": nil, "serializer": nil, "unknown": nil}},
		"unknown argument":     {backend: djangoBackend, options: map[string]any{"unknown": 1.0}, refused: "unknown"},
		"unknown in URL":       {backend: djangoBackend, location: []string{"redis://h?unknown=1"}, refused: "unknown"},
		"bad database":         {backend: djangoBackend, location: []string{"redis://h"}, options: map[string]any{"db": "x"}, refused: "db"},
		"negative database":    {backend: djangoBackend, location: []string{"redis://h"}, options: map[string]any{"db": -1.0}, refused: "db"},
		"serializer":           {backend: djangoBackend, options: map[string]any{"serializer": "shop.S"}, refused: "serializer"},
		"serializer object":    {backend: djangoBackend, options: map[string]any{"serializer": object("shop.S")}, refused: "serializer"},
		"pool":                 {backend: djangoBackend, options: map[string]any{"pool_class": "redis.BlockingConnectionPool"}},
		"own pool":             {backend: djangoBackend, options: map[string]any{"pool_class": "shop.Pool"}, refused: "pool_class"},
		"decoded responses":    {backend: djangoBackend, options: map[string]any{"decode_responses": true}, refused: "decode_responses"},
		"encoding":             {backend: djangoBackend, options: map[string]any{"encoding": "latin-1"}, refused: "encoding"},
		"credentials":          {backend: djangoBackend, options: map[string]any{"credential_provider": object("a.B")}, refused: "credential_provider"},
		"Django's capitals":    {backend: djangoBackend, options: map[string]any{"PASSWORD": "p"}, refused: "PASSWORD"},
		"client":               {backend: djangoRedisBackend, options: map[string]any{"CLIENT_CLASS": client + "DefaultClient", "PARSER_CLASS": "redis.connection._HiredisParser", "IGNORE_EXCEPTIONS": true}},
		"own client":           {backend: djangoRedisBackend, options: map[string]any{"CLIENT_CLASS": "shop.Client"}, refused: "CLIENT_CLASS"},
		"own serializer":       {backend: djangoRedisBackend, options: map[string]any{"SERIALIZER": "shop.S"}, refused: "SERIALIZER"},
		"own compressor":       {backend: djangoRedisBackend, options: map[string]any{"COMPRESSOR": "shop.C"}, refused: "COMPRESSOR"},
		"own factory":          {backend: djangoRedisBackend, options: map[string]any{"CONNECTION_FACTORY": "shop.F"}, refused: "CONNECTION_FACTORY"},
		"own redis":            {backend: djangoRedisBackend, options: map[string]any{"REDIS_CLIENT_CLASS": "shop.R"}, refused: "REDIS_CLIENT_CLASS"},
		"own pool of it":       {backend: djangoRedisBackend, options: map[string]any{"CONNECTION_POOL_CLASS": "shop.P"}, refused: "CONNECTION_POOL_CLASS"},
		"arguments of pools":   {backend: djangoRedisBackend, options: map[string]any{"CONNECTION_POOL_KWARGS": map[string]any{"max_connections": 9.0, "retry_on_timeout": true}}},
		"unknown of them":      {backend: djangoRedisBackend, options: map[string]any{"CONNECTION_POOL_KWARGS": map[string]any{"x": 9.0}}, refused: "x"},
		"no dict of them":      {backend: djangoRedisBackend, options: map[string]any{"CONNECTION_POOL_KWARGS": 5.0}, refused: "CONNECTION_POOL_KWARGS"},
		"arguments of clients": {backend: djangoRedisBackend, options: map[string]any{"REDIS_CLIENT_KWARGS": map[string]any{"x": 9.0}}, refused: "x"},
		"unknown option":       {backend: djangoRedisBackend, options: map[string]any{"COMPRESS_MIN_LEN": 9.0}, refused: "COMPRESS_MIN_LEN"},
		"cluster":              {backend: djangoRedisBackend, options: map[string]any{"REDIS_CLIENT_CLASS": "redis.cluster.RedisCluster"}},
		"cluster's database":   {backend: djangoRedisBackend, location: []string{"redis://h/1"}, options: map[string]any{"REDIS_CLIENT_CLASS": "redis.cluster.RedisCluster"}, refused: "LOCATION"},
		"cluster of shards":    {backend: djangoRedisBackend, options: map[string]any{"REDIS_CLIENT_CLASS": "redis.RedisCluster", "CLIENT_CLASS": client + "ShardClient"}, refused: "CLIENT_CLASS"},
		"pickle":               {backend: djangoRedisBackend, options: map[string]any{"PICKLE_VERSION": "2"}},
		"no pickle":            {backend: djangoRedisBackend, options: map[string]any{"PICKLE_VERSION": "two"}, refused: "PICKLE_VERSION"},
		"sentinel":             {backend: djangoRedisBackend, location: []string{"redis://primary/1"}, options: sentinel(nil)},
		"sentinel's arguments": {backend: djangoRedisBackend, options: sentinel(map[string]any{"SENTINEL_KWARGS": map[string]any{"password": "p", "socket_timeout": 1.0}})},
		"unknown of sentinel":  {backend: djangoRedisBackend, options: sentinel(map[string]any{"SENTINEL_KWARGS": map[string]any{"x": "p"}}), refused: "x"},
		"no sentinels":         {backend: djangoRedisBackend, options: sentinel(map[string]any{"SENTINELS": nil}), refused: "SENTINELS"},
		"bad sentinels":        {backend: djangoRedisBackend, options: sentinel(map[string]any{"SENTINELS": []any{"a"}}), refused: "SENTINELS"},
		"sentinel's TLS":       {backend: djangoRedisBackend, options: sentinel(map[string]any{"SENTINEL_KWARGS": map[string]any{"ssl": true}}), refused: "LOCATION"},
		"no service":           {backend: djangoRedisBackend, location: []string{"redis:///1"}, options: sentinel(nil), refused: "LOCATION"},
		"no file":              {backend: djangoBackend, location: []string{"rediss://h"}, options: map[string]any{"ssl_ca_certs": "/does/not/exist"}, refused: "ssl_ca_certs"},
		"no key":               {backend: djangoBackend, location: []string{"rediss://h"}, options: map[string]any{"ssl_certfile": "/does/not/exist"}, refused: "ssl_certfile"},
		"requirements":         {backend: djangoBackend, location: []string{"rediss://h"}, options: map[string]any{"ssl_cert_reqs": "perhaps"}, refused: "ssl_cert_reqs"},
	} {
		checkOption(t, name, c)
	}
}

// The setting is the default of the option CONNECTION_FACTORY.
func TestFactoryOfTheSettings(t *testing.T) {
	t.Parallel()
	const setting, pool = "DJANGO_REDIS_CONNECTION_FACTORY", "django_redis.pool."
	for name, c := range map[string]struct {
		setting, option string
		ok              bool
	}{
		"own":               {setting: "shop.Factory"},
		"own, not used":     {setting: "shop.Factory", option: pool + "ConnectionFactory", ok: true},
		"usual":             {setting: pool + "ConnectionFactory", ok: true},
		"sentinel, no list": {setting: pool + "SentinelConnectionFactory"},
	} {
		options := map[string]any{}
		if c.option != "" {
			options["CONNECTION_FACTORY"] = c.option
		}
		s := siteSettings(djangoRedisBackend, options)
		s.SessionCache.Settings = map[string]any{setting: c.setting}
		cache, err := New(s, Options{})
		if (err == nil) != c.ok || name == "own" && !strings.Contains(err.Error(), setting) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			_ = cache.Close() // it has no connections
		}
	}
}

func checkOption(t *testing.T, name string, c optionCase) {
	t.Helper()
	cache, err := New(siteSettings(c.backend, c.options, c.location...), Options{})
	if c.refused == "" {
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		if err := cache.Close(); err != nil {
			t.Errorf("%s: close: %v", name, err)
		}
		return
	}
	if refused, ok := errors.AsType[*djangosession.SettingError](err); !ok || !strings.Contains(refused.Setting, c.refused) {
		t.Errorf("%s: %v, want %q refused", name, err, c.refused)
	}
	if cache != nil {
		t.Errorf("%s: a cache besides the error", name)
	}
}
