package rediscache_test

import (
	"encoding/hex"
	"errors"
	"testing"

	"github.com/djangobridge/djangobridge/caches/rediscache"
	"github.com/djangobridge/djangobridge/djangosession"
)

// TestValuesOutsideTheServerAreDecoded has values of {"a": 1} as django-redis 6.0 writes
// them.
func TestValuesOutsideTheServerAreDecoded(t *testing.T) {
	t.Parallel()
	const herd = "django_redis.client.HerdClient"
	for name, c := range map[string]struct {
		options map[string]any
		value   string
		fails   bool
	}{
		"pickle": {value: "8004950a000000000000007d948c0161944b01732e"},
		"zlib": {
			options: map[string]any{"COMPRESSOR": "django_redis.compressors.zlib.ZlibCompressor"},
			value:   "789c6b6099cac50001b5537a1813a7783316eb01002c9204a4",
		},
		"JSON":   {options: map[string]any{"SERIALIZER": "django_redis.serializers.json.JSONSerializer"}, value: "7b2261223a20317d"},
		"number": {value: "37", fails: true},
		"ended": {options: map[string]any{"CLIENT_CLASS": herd}, fails: true, value: "8004953a000000000000008c18646a616e676f5f72656469732e636c69656e742e" +
			"68657264948c064d61726b65729493942981947d948c0161944b01734a0066666587942e"},
	} {
		s := djangosession.NewSettings("k")
		s.SessionEngine = "django.contrib.sessions.backends.cache"
		s.SessionCache = djangosession.SessionCache{
			Backend: "django_redis.cache.RedisCache", Location: []string{"redis://127.0.0.1:1"}, Version: "1", Options: c.options,
			Clients: map[string]string{"django_redis": "6.0.0"},
		}
		cache, err := rediscache.New(s, rediscache.Options{})
		if err != nil {
			t.Fatal(err)
		}
		value, err := hex.DecodeString(c.value)
		if err != nil {
			t.Fatal(err)
		}
		d, err := cache.Decode(value)
		if c.fails != errors.Is(err, djangosession.ErrUnknownFormat) || !c.fails && (err != nil || d.Len() != 1) {
			t.Errorf("%s: %v, %v", name, d, err)
		}
		if err := cache.Close(); err != nil {
			t.Error(err)
		}
	}
}
