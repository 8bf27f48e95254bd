package tables_test

import (
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/tagged"
	"github.com/djangobridge/djangobridge/tables"
)

// cacheCases returns the vectors of the database cache, by release.
func cacheCases(t *testing.T) map[string]fixtures.CacheCase {
	t.Helper()
	all := map[string]fixtures.CacheCase{}
	for _, release := range []string{"2.2", "3.2", "4.2", "5.2", "6.1"} {
		cases, err := fixtures.CacheCases("django-"+release, tables.CacheBackend)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			all[release+"/"+c.Name] = c
		}
	}
	return all
}

// settingsOf are the settings of a case.
func settingsOf(t *testing.T, name string, c fixtures.CacheCase) djangosession.Settings {
	t.Helper()
	s := cacheSettings()
	s.DjangoVersion, _, _ = strings.Cut(name, "/")
	s.UseTZ, s.TimeZone = true, "UTC"
	if useTZ, ok := c.Settings["USE_TZ"].(bool); ok {
		s.UseTZ = useTZ
	}
	if zone, ok := c.Settings["TIME_ZONE"].(string); ok {
		s.TimeZone = zone
	}
	now := time.UnixMilli(int64(c.Time * 1000))
	s.Now = func() time.Time { return now }
	return s
}

// lifetime is the number of seconds for which a session is stored.
func lifetime(t *testing.T, c fixtures.CacheCase) (seconds float64) {
	t.Helper()
	if string(c.Timeout) == "true" {
		return 1
	}
	if err := json.Unmarshal(c.Timeout, &seconds); err != nil {
		t.Fatal(err)
	}
	return seconds
}

// text is a JSON text.
func text(t *testing.T, data json.RawMessage) string {
	t.Helper()
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestReadsRowsOfDjangosCache reads each row that Django wrote or understands.
func TestReadsRowsOfDjangosCache(t *testing.T) {
	t.Parallel()
	for name, c := range cacheCases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cache, db := newCache(t, settingsOf(t, name, c))
			execute(t, db, "INSERT INTO my_cache VALUES (?, ?, ?)", c.Key, string(c.Stored), text(t, c.Expires))
			item, err := cache.Get(t.Context(), c.Key)
			switch {
			case c.Expect == "missing" || c.Op != "cache_get" && lifetime(t, c) < 1: // which is cut to the second that has begun
				if !errors.Is(err, caches.ErrMiss) {
					t.Errorf("read: %v", err)
				}
			case c.Expect != "ok":
				if !errors.Is(err, djangosession.ErrUnknownFormat) || item == nil || item.Value != nil {
					t.Errorf("read: %v", err)
				}
			case err != nil:
				t.Error(err)
			default:
				data := c.Session
				if len(c.Decoded) > 0 {
					data = c.Decoded
				}
				if want, err := tagged.Loads(data); err != nil || !py.Equal(item.Value, want) {
					t.Errorf("another session (%v)", err)
				}
			}
		})
	}
}

// TestWritesRowsOfDjangosCache stores each session in the same row as Django, but for the
// protocol of the pickle.
func TestWritesRowsOfDjangosCache(t *testing.T) {
	t.Parallel()
	n := 0
	for name, c := range cacheCases(t) {
		if c.Op == "cache_get" || c.Expect != "ok" {
			continue
		}
		n++
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cache, db := newCache(t, settingsOf(t, name, c))
			payload, err := base64.StdEncoding.DecodeString(string(c.Stored))
			if err != nil {
				t.Fatal(err)
			}
			value, err := djangosession.PickleSerializer{Protocol: 4}.Loads(payload)
			if err != nil {
				t.Fatal(err)
			}
			timeout := lifetime(t, c)
			if err := cache.Add(t.Context(), c.Key, value, time.Duration(timeout*1e9)); err != nil {
				t.Fatal(err)
			}
			var stored, expires string
			err = db.QueryRowContext(t.Context(), "SELECT value, CAST(expires AS TEXT) FROM my_cache WHERE cache_key = ?", c.Key).
				Scan(&stored, &expires)
			if timeout <= 0 {
				if !errors.Is(err, sql.ErrNoRows) {
					t.Errorf("the row of an expired value: %v", err)
				}
				return
			}
			if want := text(t, c.Expires); err != nil || expires != want {
				t.Errorf("it expires at %s, want %s (%v)", expires, want, err)
			}
			if len(payload) > 1 && payload[1] == 5 && !strings.Contains(string(payload), "\x96") { // no bytearray
				payload[1] = 4
				if want := base64.StdEncoding.EncodeToString(payload); stored != want {
					t.Errorf("stored %s\nwant   %s", stored, want)
				}
			}
		})
	}
	if n < 200 {
		t.Errorf("only %d cases", n)
	}
}
