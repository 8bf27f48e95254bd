package rediscache

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/tagged"
)

// TestVectors reads and writes what five releases of Django stored in Redis.
func TestVectors(t *testing.T) {
	t.Parallel()
	count := map[string]int{}
	for _, folder := range fixtures.Releases() {
		for _, backend := range []string{djangoBackend, djangoRedisBackend} {
			cases, err := fixtures.CacheCases(folder, backend)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range cases {
				count[c.Op]++
				t.Run(folder+"/"+c.Name, func(t *testing.T) {
					t.Parallel()
					testVector(t, strings.TrimPrefix(folder, "django-"), c)
				})
			}
		}
	}
	if count["cache_add"] < 900 || count["cache_update"] < 200 || count["cache_get"] < 100 {
		t.Errorf("only %v cases", count)
	}
}

func testVector(t *testing.T, release string, c fixtures.CacheCase) {
	t.Helper()
	s := siteSettings(c.Cache.Backend, c.Cache.Options)
	s.DjangoVersion, s.Now = release, func() time.Time { return time.UnixMilli(int64(c.Time * 1000)) }
	s.SessionCache.Clients, s.SessionCache.KeyPrefix = c.Cache.Clients, c.Cache.KeyPrefix
	if c.Cache.Version != "" {
		s.SessionCache.Version = c.Cache.Version.String()
	}
	cache, err := New(s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cache.Close(); err != nil {
			t.Error(err)
		}
	})
	want := caches.Key("django.contrib.sessions.cache"+c.SessionKey, s.SessionCache.KeyPrefix, s.SessionCache.Version)
	if c.Key != want {
		t.Errorf("key %s, want %s", want, c.Key)
	}
	switch {
	case c.Op == "cache_get" && c.Expect != "ok":
		testRefused(t, cache, c)
	case c.Raises != "", c.DecodeRaises != "":
		testNotWritten(t, cache, c)
	default:
		if c.Stored != nil {
			testRead(t, cache, c)
		}
		if c.Op != "cache_get" {
			testLifetime(t, cache, c)
		}
	}
}

func testRefused(t *testing.T, cache *Cache, c fixtures.CacheCase) {
	t.Helper()
	_, err := cache.format.decode(c.Stored)
	refused, ok := errors.AsType[*djangosession.DecodeError](err)
	if !ok || string(refused.Reason) != c.Expect || !errors.Is(err, djangosession.ErrUnknownFormat) {
		t.Errorf("error %v, want %s", err, c.Expect)
	}
}

// testNotWritten has sessions that the serializer cannot write, or cannot read again.
func testNotWritten(t *testing.T, cache *Cache, c fixtures.CacheCase) {
	t.Helper()
	data, err := cache.format.encode(session(t, c.Session))
	if _, ok := errors.AsType[*djangosession.ValueError](err); !ok {
		t.Errorf("wrote %q, %v; Django raises %s%s", data, err, c.Raises, c.DecodeRaises)
	}
}

func testRead(t *testing.T, cache *Cache, c fixtures.CacheCase) {
	t.Helper()
	d, err := cache.format.decode(c.Stored)
	if err != nil {
		t.Fatal(err)
	}
	want := c.Session
	if c.Decoded != nil {
		want = c.Decoded
	}
	text, err := tagged.Dumps(d)
	wantText, wantErr := tagged.Dumps(session(t, want))
	if err != nil || wantErr != nil || !bytes.Equal(text, wantText) {
		t.Errorf("read %s (%v), want %s (%v)", text, err, wantText, wantErr)
	}
	if c.Op == "cache_get" {
		return
	}
	written, err := cache.format.encode(d)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := cache.format.decode(written); err != nil || !py.Equal(again, d) && !strings.HasSuffix(c.Name, "-floats") {
		t.Errorf("read again: %v", err)
	}
	if payload := payloadOf(t, cache, c); payload != nil && !bytes.Equal(inflated(t, cache, written), payload) {
		t.Errorf("wrote\n%q, want\n%q", inflated(t, cache, written), payload)
	}
}

// payloadOf returns the bytes that Go must write, before compression; nil if Go writes
// others than Django: a pickle of another protocol, or a session that serializers change.
func payloadOf(t *testing.T, cache *Cache, c fixtures.CacheCase) []byte {
	t.Helper()
	payload := slices.Clone([]byte(c.Payload))
	if payload == nil {
		payload = inflated(t, cache, c.Stored)
	}
	version, given := c.Cache.Options["PICKLE_VERSION"].(float64)
	_, herd := c.Cache.Options["CLIENT_CLASS"]
	_, serializer := c.Cache.Options["SERIALIZER"]
	switch {
	case herd, given && version >= 0 && version < 2, c.Decoded != nil:
		return nil
	case serializer:
		return payload
	case payload[1] == 5 && strings.HasSuffix(c.Name, "-bytearray"): // another form in protocol 4
		return nil
	}
	payload[1] = min(payload[1], 4) // see caches.Pickle
	return payload
}

func inflated(t *testing.T, cache *Cache, data []byte) []byte {
	t.Helper()
	f, ok := cache.format.(*format)
	if !ok || f.compressor == nil {
		return slices.Clone(data)
	}
	out, err := f.compressor.decompress(data)
	if err != nil { // it was too short to be compressed
		return slices.Clone(data)
	}
	return out
}

// testLifetime compares the lifetimes in the last request. HerdClient keeps values for
// another minute.
func testLifetime(t *testing.T, cache *Cache, c fixtures.CacheCase) {
	t.Helper()
	if _, herd := c.Cache.Options["CLIENT_CLASS"]; herd {
		return
	}
	var timeout float64
	if string(c.Timeout) == "true" {
		timeout = 1
	} else if err := json.Unmarshal(c.Timeout, &timeout); err != nil {
		timeout = -1 // not a number, which only old releases accept
	}
	words := strings.Fields(c.Requests[len(c.Requests)-1])
	l, live := cache.lifetime(time.Duration(timeout * float64(time.Second)))
	if live != *c.Kept {
		t.Fatalf("lives: %v; requests %q", live, c.Requests)
	}
	if !live {
		return
	}
	i := slices.Index(words, strings.ToUpper(l.option))
	if i < 0 || words[i+1] != l.n {
		t.Errorf("%s %s, want %q", l.option, l.n, words)
	}
}

func session(t *testing.T, text []byte) *py.Dict {
	t.Helper()
	v, err := tagged.Loads(text)
	d, ok := v.(*py.Dict)
	if err != nil || !ok {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}
