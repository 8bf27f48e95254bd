package caches_test

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/py/tagged"
)

// vectorSettings are the settings of a case that a release recorded at this time.
func vectorSettings(folder string, seconds float64, changed map[string]any) djangosession.Settings {
	s := djangosession.NewSettings("test-secret-key")
	s.DjangoVersion = strings.TrimPrefix(folder, "django-")
	s.SessionEngine = "django.contrib.sessions.backends.cache"
	s.Now = func() time.Time { return time.UnixMicro(int64(math.Round(seconds * 1e6))) }
	s.UseTZ = true
	if useTZ, ok := changed["USE_TZ"].(bool); ok {
		s.UseTZ = useTZ
	}
	if zone, ok := changed["TIME_ZONE"].(string); ok {
		s.TimeZone = zone
	}
	return s
}

// written returns the pickle that Go writes for one of Django's; nil if it has another
// form. See [caches.Pickle].
func written(pickle []byte) []byte {
	if bytes.Contains(pickle, []byte{0x96, 2, 0, 0, 0, 0, 0, 0, 0}) { // BYTEARRAY8 of protocol 5
		return nil
	}
	pickle = slices.Clone(pickle)
	pickle[1] = min(pickle[1], 4)
	return pickle
}

// isSession reports whether a session has the values in a text of tagged JSON.
func isSession(t *testing.T, s *djangosession.Session, text []byte) bool {
	t.Helper()
	got, err := tagged.Dumps(s.Dict())
	if err != nil {
		t.Fatal(err)
	}
	v, err := tagged.Loads(text)
	if err != nil {
		t.Fatal(err)
	}
	want, err := tagged.Dumps(v)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(got, want)
}

// TestEngineKeepsWhatDjangoKeeps loads and saves the sessions of five releases under
// their keys, for the lifetimes that Django gives them.
func TestEngineKeepsWhatDjangoKeeps(t *testing.T) {
	t.Parallel()
	n := 0
	for _, folder := range fixtures.Releases() {
		cases, err := fixtures.CacheCases(folder, caches.FileBasedBackend)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			if c.Op == "cache_get" || len(c.Payload) == 0 {
				continue
			}
			n++
			t.Run(folder+"/"+c.Name, func(t *testing.T) {
				t.Parallel()
				testEngineVector(t, folder, c)
			})
		}
	}
	if n < 250 {
		t.Errorf("only %d cases", n)
	}
}

func testEngineVector(t *testing.T, folder string, c fixtures.CacheCase) {
	t.Helper()
	s := vectorSettings(folder, c.Time, nil)
	s.SessionCache = djangosession.SessionCache{KeyPrefix: c.Cache.KeyPrefix, Version: c.Cache.Version.String()}
	memory := newMemory(t, s)
	m, err := djangosession.NewManager(newEngine(t, memory, s, caches.Options{}), s, djangosession.Options{})
	if err != nil {
		t.Fatal(err)
	}
	memory.SetRaw(c.Key, c.Payload)
	session, err := m.Load(t.Context(), c.SessionKey)
	if err != nil || !isSession(t, session, c.Session) {
		t.Fatalf("loaded %v, %v", session.Dict(), err)
	}
	save := session.Save
	if c.Op == "cache_add" {
		save = session.SaveMustCreate
		memory.Evict()
	}
	if err := save(t.Context()); err != nil {
		t.Fatal(err)
	}
	timeout := 1.0 // of true
	if string(c.Timeout) != "true" {
		if err := json.Unmarshal(c.Timeout, &timeout); err != nil {
			t.Fatal(err)
		}
	}
	data, left, kept := memory.Raw(c.Key)
	if kept != (timeout > 0) || kept && left != time.Duration(timeout*1e9) {
		t.Errorf("kept %v for %v; Django keeps it for %v seconds", kept, left, timeout)
	}
	if want := written(c.Payload); kept && want != nil && !bytes.Equal(data, want) {
		t.Errorf("stored\n%q, want\n%q", data, want)
	}
}

// cachedVector is a case of cached_db.json.
type cachedVector struct {
	Name        string
	Op          string
	Expect      string
	Time        float64
	Settings    map[string]any
	Session     json.RawMessage
	Decoded     json.RawMessage
	SessionKey  string          `json:"session_key"`
	SessionData *string         `json:"session_data"` // nil if there is no row
	ExpireDate  string          `json:"expire_date"`
	Key         string          `json:"key"`
	Stored      fixtures.Latin1 `json:"stored"`
	Lifetime    float64         `json:"lifetime"`
	Kept        bool            `json:"kept"`
}

// TestCachedDBKeepsWhatDjangoKeeps loads and saves the sessions of five releases.
func TestCachedDBKeepsWhatDjangoKeeps(t *testing.T) {
	t.Parallel()
	for _, folder := range fixtures.Releases() {
		file, err := fixtures.Read[cachedVector](folder + "/cached_db.json")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range file.Cases {
			if c.Key == "" {
				continue // the serializer of the row refuses the session
			}
			t.Run(folder+"/"+c.Name, func(t *testing.T) {
				t.Parallel()
				c.test(t, folder)
			})
		}
	}
}

func (c *cachedVector) test(t *testing.T, folder string) {
	t.Helper()
	s := vectorSettings(folder, c.Time, c.Settings)
	site := newCachedSite(t, s, caches.Options{})
	c.Key = strings.Replace(c.Key, ":1:", "site:2:", 1) // the settings of newCachedSite
	m, err := djangosession.NewManager(site.engine, site.settings, djangosession.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if c.SessionData != nil {
		_, err := site.sql.ExecContext(t.Context(), "INSERT INTO django_session (session_key, session_data, expire_date) VALUES (?, ?, ?)",
			c.SessionKey, *c.SessionData, c.ExpireDate)
		if err != nil {
			t.Fatal(err)
		}
	}
	if c.Op != "cached_db_miss" {
		site.memory.SetRaw(c.Key, c.Stored)
	}
	session, err := m.Load(t.Context(), c.SessionKey)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case c.Expect == "missing" && session.Key() != "":
		t.Errorf("found %v", session.Dict())
	case c.Expect == "ok" && !isSession(t, session, c.Session):
		t.Errorf("loaded %v", session.Dict())
	}
	if c.Op == "cached_db_miss" {
		c.testCopy(t, site)
	}
	if c.Op == "cached_db_save" {
		c.testSave(t, site, m, session)
	}
}

// testCopy compares the copy of a row in the cache. Go does not cache what it cannot
// read.
func (c *cachedVector) testCopy(t *testing.T, site *cachedSite) {
	t.Helper()
	data, left, kept := site.memory.Raw(c.Key)
	if c.Expect != "ok" && c.Expect != "missing" {
		if kept {
			t.Errorf("cached %q", data)
		}
		return
	}
	if kept != c.Kept || kept && (left.Seconds() != c.Lifetime || !bytes.Equal(data, written(c.Stored))) {
		t.Errorf("kept %v, %q for %v; Django keeps it: %v, %q for %v seconds", kept, data, left, c.Kept, c.Stored, c.Lifetime)
	}
}

func (c *cachedVector) testSave(t *testing.T, site *cachedSite, m *djangosession.Manager, session *djangosession.Session) {
	t.Helper()
	if err := session.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	var text, date string
	row := site.sql.QueryRowContext(t.Context(), "SELECT session_data, expire_date || '' FROM django_session")
	if err := row.Scan(&text, &date); err != nil {
		t.Fatal(err)
	}
	compressed := strings.HasPrefix(*c.SessionData, ".") // libraries differ in their output
	if date != c.ExpireDate || !compressed && text != *c.SessionData {
		t.Errorf("the row has %s until %s, want %s until %s", text, date, *c.SessionData, c.ExpireDate)
	}
	data, left, kept := site.memory.Raw(c.Key)
	lifetime := time.Duration(c.Lifetime * 1e9)
	if kept != c.Kept || kept && left != lifetime || kept && !bytes.Equal(data, written(c.Stored)) {
		t.Errorf("kept %v, %q for %v; want %v, %q for %v", kept, data, left, c.Kept, written(c.Stored), lifetime)
	}
	site.memory.Evict()
	again, err := m.Load(t.Context(), c.SessionKey)
	want := c.Session
	if c.Decoded != nil {
		want = c.Decoded
	}
	if err != nil || c.Kept && !isSession(t, again, want) {
		t.Errorf("the row has %v, %v", again.Dict(), err)
	}
}
