package memcached_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches/memcached"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/tagged"
)

const backends = "django.core.cache.backends.memcached."

// TestValuesAreThoseOfDjango writes and reads what Django wrote and read.
func TestValuesAreThoseOfDjango(t *testing.T) {
	t.Parallel()
	count := 0
	for _, release := range fixtures.Releases() {
		for _, backend := range []string{"PyMemcacheCache", "PyLibMCCache", "MemcachedCache"} {
			cases, err := fixtures.CacheCases(release, backends+backend)
			if err != nil {
				t.Fatal(err)
			}
			count += len(cases)
			for _, c := range cases {
				t.Run(release+"/"+c.Name, func(t *testing.T) {
					t.Parallel()
					testCase(t, release, c)
				})
			}
		}
	}
	if count < 700 { //nolint:mnd // 706 when this was written
		t.Errorf("only %d cases", count)
	}
}

func testCase(t *testing.T, release string, c fixtures.CacheCase) {
	t.Helper()
	p := &peer{}
	cache := newCache(t, p, func(s *djangosession.Settings, _ *memcached.Options) {
		s.DjangoVersion = strings.TrimPrefix(release, "django-")
		s.SessionCache.Backend, s.SessionCache.Options, s.SessionCache.Clients = c.Cache.Backend, c.Cache.Options, c.Cache.Clients
	})
	memcached.SetClock(cache, func() time.Time { return time.UnixMilli(int64(c.Time * 1000)) })
	if c.Op != "cache_get" {
		testWrite(t, p, cache, c)
	}
	if c.Kept == nil || *c.Kept {
		testRead(t, p, cache, c)
	}
}

func testWrite(t *testing.T, p *peer, cache *memcached.Cache, c fixtures.CacheCase) {
	t.Helper()
	payload := []byte(c.Payload)
	if len(payload) == 0 {
		payload = []byte(c.Stored)
	}
	// Unlike tagged JSON, the pickle says which values are the same object in Python.
	p.put(c.Key, "1", string(payload))
	read, err := cache.Get(t.Context(), c.Key)
	if err != nil {
		t.Fatal(err)
	}
	payload[1] = min(payload[1], 4) // see caches.Pickle
	// Django's last request is "add KEY FLAGS TIME {size}" or "set ...".
	request := strings.NewReplacer("{key}", c.Key, "{size}", strconv.Itoa(len(payload))).Replace(c.Requests[len(c.Requests)-1])
	want := strings.Fields(request)
	want[2], want[4] = "1", strconv.Itoa(len(payload)) // never compressed
	write := cache.Add
	if c.Op == "cache_update" {
		want[0], write = "replace", cache.Replace
	} else if err := cache.Delete(t.Context(), c.Key); err != nil {
		t.Fatal(err)
	}
	if c.Kept != nil && !*c.Kept {
		want[3] = "-1"
	}
	if err := write(t.Context(), c.Key, read.Value, seconds(t, c.Timeout)); err != nil {
		t.Fatal(err)
	}
	if got := p.last(t); got != strings.Join(want, " ") {
		// A bytearray has another form in protocol 4.
		if gotFields := strings.Fields(got); !strings.HasSuffix(c.Name, "bytearray") || gotFields[3] != want[3] {
			t.Errorf("request\n%s, want\n%s", got, strings.Join(want, " "))
		}
	} else if it := p.items[c.Key]; want[3] != "-1" && it.data != string(payload) {
		t.Errorf("value\n%x, want\n%x", it.data, payload)
	}
}

func testRead(t *testing.T, p *peer, cache *memcached.Cache, c fixtures.CacheCase) {
	t.Helper()
	p.put(c.Key, strconv.FormatUint(uint64(c.Flags), 10), string(c.Stored))
	it, err := cache.Get(t.Context(), c.Key)
	if it == nil || it.Version == nil {
		t.Fatalf("no item: %v", err)
	}
	if c.Expect != "ok" {
		refused, ok := errors.AsType[*djangosession.DecodeError](err)
		if !ok || string(refused.Reason) != c.Expect || !errors.Is(err, djangosession.ErrUnknownFormat) || it.Value != nil {
			t.Errorf("error %v, want %s", err, c.Expect)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	want := c.Session
	if c.Decoded != nil {
		want = c.Decoded
	}
	d, err := loadDict(want)
	if err != nil {
		t.Fatal(err)
	}
	wantText, wantErr := tagged.Dumps(d)
	got, gotErr := tagged.Dumps(it.Value)
	if !bytes.Equal(got, wantText) || wantErr != nil || gotErr != nil {
		t.Errorf("read %s (%v), want %s (%v)", got, gotErr, wantText, wantErr)
	}
}

func loadDict(text []byte) (*py.Dict, error) {
	v, err := tagged.Loads(text)
	d, _ := v.(*py.Dict)
	return d, err
}

// seconds returns the result of get_expiry_age.
func seconds(t *testing.T, timeout json.RawMessage) time.Duration {
	t.Helper()
	if string(timeout) == "true" {
		return time.Second
	}
	var n float64
	if err := json.Unmarshal(timeout, &n); err != nil {
		t.Fatal(err)
	}
	return time.Duration(n * float64(time.Second))
}
