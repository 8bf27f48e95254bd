package memcached_test

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/djangobridge/djangobridge/caches/memcached"
	"github.com/djangobridge/djangobridge/djangosession"
)

// TestValuesOutsideTheServerAreDecoded has the pickle of {"a": 1} as Python 3.11 writes
// it.
func TestValuesOutsideTheServerAreDecoded(t *testing.T) {
	t.Parallel()
	pickled, err := hex.DecodeString("8005950a000000000000007d948c0161944b01732e")
	if err != nil {
		t.Fatal(err)
	}
	var compressed bytes.Buffer
	w := zlib.NewWriter(&compressed)
	_, written := w.Write(pickled)
	if err := errors.Join(written, w.Close()); err != nil {
		t.Fatal(err)
	}
	s := djangosession.NewSettings("k")
	s.SessionEngine = "django.contrib.sessions.backends.cache"
	s.SessionCache = djangosession.SessionCache{
		Backend: "django.core.cache.backends.memcached.PyMemcacheCache", Location: []string{"127.0.0.1:1"}, Version: "1",
		Options: map[string]any{"serde": map[string]any{"$object": "pymemcache.serde.CompressedSerde"}},
	}
	cache, err := memcached.New(s, memcached.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string][]byte{"plain": pickled, "compressed": compressed.Bytes()} {
		d, err := cache.Decode(value)
		if err != nil || d.Len() != 1 {
			t.Errorf("%s: %v, %v", name, d, err)
		}
	}
	for _, value := range []string{"", "7", "\x78\x9cx"} {
		if _, err := cache.Decode([]byte(value)); !errors.Is(err, djangosession.ErrUnknownFormat) {
			t.Errorf("%q: %v", value, err)
		}
	}
}
