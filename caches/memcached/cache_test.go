package memcached_test

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/memcached"
	"github.com/djangobridge/djangobridge/djangosession"
)

const key = ":1:django.contrib.sessions.cachekkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"

func TestExpirationsAreWhatTheServerUnderstands(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	now := time.Unix(1700000000, 500)
	tests := []struct {
		name    string
		timeout time.Duration
		want    int64
	}{
		{name: "whole seconds", timeout: 10*time.Second + 700*time.Millisecond, want: 10},
		{name: "less than a second", timeout: time.Second - 1, want: -1},
		{name: "none", timeout: 0, want: -1},
		{name: "past", timeout: -10 * time.Second, want: -1},
		{name: "far past", timeout: math.MinInt64, want: -1},
		{name: "30 days", timeout: 30 * day, want: 2592000},
		{name: "more than 30 days", timeout: 30*day + 1, want: 1700000000 + 2592000},
		{name: "a year", timeout: 365 * day, want: 1700000000 + 31536000},
		{name: "last second that the server knows", timeout: (math.MaxInt32 - 1700000000) * time.Second, want: math.MaxInt32},
		{name: "later", timeout: math.MaxInt64, want: math.MaxInt32},
	}
	for _, test := range tests {
		p := &peer{}
		c := newCache(t, p, nil)
		memcached.SetClock(c, func() time.Time { return now })
		if err := c.Add(t.Context(), key, dict("a", int64(1)), test.timeout); err != nil {
			t.Fatal(err)
		}
		if got := strings.Fields(p.last(t))[3]; got != strconv.FormatInt(test.want, 10) {
			t.Errorf("%s: expiration %s, want %d", test.name, got, test.want)
		}
	}
}

func TestKeysThatCannotBeUsedAreNotSent(t *testing.T) {
	t.Parallel()
	p := &peer{}
	c := newCache(t, p, func(s *djangosession.Settings, _ *memcached.Options) {
		s.SessionCache.Options = map[string]any{"allow_unicode_keys": false}
	})
	for _, bad := range []string{
		"", "a b", "a\r\nflush_all\r\n", "a\x00", "a\x7f", "a\xff", "\u00e9", strings.Repeat("k", 251),
	} {
		_, getErr := c.Get(t.Context(), bad)
		_, existsErr := c.Exists(t.Context(), bad)
		item := &caches.Item{Version: uint64(1)}
		value := dict("a", int64(1))
		for name, err := range map[string]error{
			"CheckKey": c.CheckKey(bad), "Get": getErr, "Exists": existsErr, "Delete": c.Delete(t.Context(), bad),
			"Add": c.Add(t.Context(), bad, value, time.Hour), "Replace": c.Replace(t.Context(), bad, value, time.Hour),
			"Set": c.Set(t.Context(), bad, value, time.Hour), "Swap": c.Swap(t.Context(), bad, item, value, time.Hour),
			"Swap for nothing": c.Swap(t.Context(), bad, item, nil, 0),
		} {
			if !errors.Is(err, djangosession.ErrBadKey) || bad != "" && strings.Contains(err.Error(), bad) {
				t.Errorf("%s of key %q: %v", name, bad, err)
			}
		}
	}
	if len(p.dialed) > 0 {
		t.Errorf("sent %q", p.requests)
	}
	unicode := newCache(t, p, nil)
	for _, good := range []string{"\u00e9", strings.Repeat("k", 250), key} {
		if err := unicode.CheckKey(good); err != nil {
			t.Errorf("key %q: %v", good, err)
		}
	}
}

// TestAnswersAreExplainedWithoutKeysAndValues has answers that gomemcache puts into its
// errors.
func TestAnswersAreExplainedWithoutKeysAndValues(t *testing.T) {
	t.Parallel()
	tests := []struct {
		answer string
		want   error
		words  string
	}{
		{answer: "SERVER_ERROR object too large for cache\r\n", want: caches.ErrTooLarge, words: "-I"},
		{answer: "SERVER_ERROR out of memory storing object\r\n", words: "memory"},
		{answer: "CLIENT_ERROR " + key + "\r\n", words: "LOCATION"},
		{answer: "ERROR\r\n", words: "LOCATION"},
		{answer: "VALUE " + key + " 1\r\n", words: "LOCATION"},
		{answer: "VALUE " + key + "x 1 1 1\r\nz\r\nEND\r\n", words: "another key"},
		{answer: "close", words: "closed"},
		{answer: "HTTP/1.1 400 Bad Request\r\n", words: "LOCATION"},
	}
	for _, test := range tests {
		p := &peer{answer: func(string) string { return test.answer }}
		c := newCache(t, p, nil)
		value := dict("token", "hush-hush")
		_, getErr := c.Get(t.Context(), key)
		for name, err := range map[string]error{
			"Get": getErr, "Add": c.Add(t.Context(), key, value, time.Hour), "Replace": c.Replace(t.Context(), key, value, time.Hour),
			"Delete": c.Delete(t.Context(), key), "Set": c.Set(t.Context(), key, value, time.Hour),
		} {
			isRead := name == "Get" || name == "Delete"
			switch {
			case err == nil, strings.Contains(err.Error(), "kkk"), strings.Contains(err.Error(), "hush"), errors.Is(err, caches.ErrMiss):
				t.Errorf("%s after %q: %v", name, test.answer, err)
			case strings.Contains(test.answer, "VALUE") && name != "Get", strings.Contains(test.answer, "SERVER_ERROR") && isRead:
			case test.want != nil && !errors.Is(err, test.want), !strings.Contains(err.Error(), test.words):
				t.Errorf("%s after %q: %v, want %q", name, test.answer, err, test.words)
			}
		}
		if got, want := len(p.dialed), len(p.requests); got != want {
			t.Errorf("%d connections for %d requests: one was used after %q", got, want, test.answer)
		}
	}
}

func TestAnUnreachableServerIsNoMiss(t *testing.T) {
	t.Parallel()
	refused := errors.New("tls: wrong certificate")
	c := newCache(t, &peer{}, func(_ *djangosession.Settings, o *memcached.Options) {
		o.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, refused }
	})
	_, err := c.Get(t.Context(), key)
	if !errors.Is(err, refused) || errors.Is(err, caches.ErrMiss) {
		t.Errorf("error %v", err)
	}
	if err := c.Check(t.Context()); !errors.Is(err, refused) {
		t.Errorf("check: %v", err)
	}
}

func TestCheckAsksEveryServer(t *testing.T) {
	t.Parallel()
	p := &peer{}
	c := newCache(t, p, func(s *djangosession.Settings, _ *memcached.Options) {
		s.SessionCache.Location = []string{"a", "b:1", "c"}
	})
	if err := c.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(p.dialed, " "); got != "tcp a:11211 tcp b:1 tcp c:11211" {
		t.Errorf("asked %s", got)
	}
}

func TestOperationsEndWithTheirContext(t *testing.T) {
	t.Parallel()
	p := &peer{answer: func(string) string { return "hang" }}
	c := newCache(t, p, func(_ *djangosession.Settings, o *memcached.Options) { o.MaxConns, o.Timeout = 1, time.Minute })
	late, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	if _, err := c.Get(late, key); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("deadline: %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if err := c.Replace(cancelled, key, dict("a", int64(1)), time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	// A request of those calls may still be on the way to the peer.
	p = &peer{answer: func(string) string { return "hang" }}
	c = newCache(t, p, func(_ *djangosession.Settings, o *memcached.Options) { o.MaxConns, o.Timeout = 1, time.Minute })
	if err := c.Delete(cancelled, key); !errors.Is(err, context.Canceled) || p.count() != 0 {
		t.Errorf("cancelled before: %v, and %d requests", err, p.count())
	}
	// One call has the only connection, and others wait for it.
	var calls sync.WaitGroup
	second, cancelSecond := context.WithCancel(t.Context())
	defer cancelSecond()
	get := func() {
		if _, err := c.Get(second, key); !errors.Is(err, context.Canceled) {
			t.Errorf("waiting: %v", err)
		}
	}
	calls.Go(get)
	for began := time.Now(); p.count() == 0 && time.Since(began) < time.Minute; {
		time.Sleep(time.Millisecond)
	}
	calls.Go(get)
	calls.Go(get)
	time.AfterFunc(20*time.Millisecond, cancelSecond)
	calls.Wait()
	if p.count() != 1 {
		t.Errorf("%d requests with one connection", p.count())
	}
	p.mu.Lock()
	p.answer = nil
	p.mu.Unlock()
	if _, err := c.Get(t.Context(), key); !errors.Is(err, caches.ErrMiss) {
		t.Errorf("afterwards: %v", err)
	}
}

func TestAnAnswerThatDoesNotComeIsAnError(t *testing.T) {
	t.Parallel()
	p := &peer{answer: func(string) string { return "hang" }}
	c := newCache(t, p, func(_ *djangosession.Settings, o *memcached.Options) { o.Timeout = 20 * time.Millisecond })
	_, err := c.Get(t.Context(), key)
	if timeout, ok := errors.AsType[net.Error](err); !ok || !timeout.Timeout() {
		t.Errorf("error %v", err)
	}
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	p := &peer{}
	c := newCache(t, p, nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range 10 {
		if _, err := c.Get(ctx, key); !errors.Is(err, caches.ErrMiss) {
			t.Fatal(err)
		}
		if err := c.Set(ctx, key, dict("a", int64(1)), time.Hour); err != nil {
			t.Fatal(err)
		}
		if err := c.Delete(ctx, key); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.dialed) != 1 {
		t.Errorf("%d connections", len(p.dialed))
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for _, theirs := range p.open {
		if _, err := theirs.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("a connection is still open: %v", err)
		}
	}
}

func TestSwapRefusesForeignItems(t *testing.T) {
	t.Parallel()
	p := &peer{}
	c := newCache(t, p, nil)
	if err := c.Swap(t.Context(), key, &caches.Item{Version: "1"}, nil, 0); err == nil || len(p.requests) > 0 {
		t.Errorf("error %v after %q", err, p.requests)
	}
}

func TestSetGivesUpWhenTheKeyComesAndGoes(t *testing.T) {
	t.Parallel()
	p := &peer{answer: func(string) string { return "NOT_STORED\r\n" }}
	c := newCache(t, p, nil)
	if err := c.Set(t.Context(), key, dict("a", int64(1)), time.Hour); err == nil {
		t.Error("no error")
	}
}

func TestCompressedValuesAreBounded(t *testing.T) {
	t.Parallel()
	p := &peer{}
	c := newCache(t, p, func(s *djangosession.Settings, _ *memcached.Options) {
		s.SessionCache = cacheOf("PyLibMCCache", nil)
		s.MaxInflated = 1000
	})
	tests := []struct {
		name, value, words string
	}{
		// zlib.compress(pickle.dumps({"a": "x" * n}, 4)) with n = 900 and 2000.
		{name: "small", value: "789c6b60993a8999010c6aa7f430264e896801722b46c1281805030aa614eb0100db7fac45"},
		{name: "large", value: "789c6b60997a8f9d010c6aa7f430264e89b800e4568c8251300a46c1281805a360c88329c57a001277b0a3", words: "MaxInflated"},
		{name: "cut off", value: "789c6b60993a8999010c6aa7f430264e896801722b46c1281805030aa614", words: "damaged"},
		{name: "not compressed", value: "spam", words: "damaged"},
	}
	for _, test := range tests {
		value, err := hex.DecodeString(test.value)
		if err != nil {
			value = []byte(test.value)
		}
		p.put(key, "9", string(value))
		_, err = c.Get(t.Context(), key)
		switch {
		case test.words == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.words != "" && (!errors.Is(err, djangosession.ErrUnknownFormat) || !strings.Contains(err.Error(), test.words)):
			t.Errorf("%s: %v, want %q", test.name, err, test.words)
		}
	}
}
