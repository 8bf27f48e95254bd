package djangosession_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/signing"
)

var frozen = time.Unix(1700000000, 500000000).UTC()

// site returns a manager on a memory engine whose clock does not advance.
func site(t *testing.T, change func(*djangosession.Settings)) (*djangosession.Manager, *memory.Engine) {
	t.Helper()
	return siteWith(t, djangosession.Options{}, change)
}

// siteWith is site with options.
func siteWith(
	t *testing.T, o djangosession.Options, change func(*djangosession.Settings),
) (*djangosession.Manager, *memory.Engine) {
	t.Helper()
	s := djangosession.NewSettings("test-secret-key")
	s.Now = func() time.Time { return frozen }
	if change != nil {
		change(&s)
	}
	e, err := memory.New(s)
	if err != nil {
		t.Fatal(err)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	m, err := djangosession.NewManager(e, s, o)
	if err != nil {
		t.Fatal(err)
	}
	return m, e
}

func TestAccessedAndModifiedAreDjangos(t *testing.T) {
	t.Parallel()
	// The values of modified were observed on Django 5.2. Everything but key and IsEmpty
	// sets accessed.
	for name, c := range map[string]struct {
		do       func(s *djangosession.Session)
		untouch  bool
		modified bool
	}{
		"get":                      {do: func(s *djangosession.Session) { s.Get("a") }},
		"get of nothing":           {do: func(s *djangosession.Session) { s.Get("x") }},
		"contains":                 {do: func(s *djangosession.Session) { s.Contains("a") }},
		"keys":                     {do: func(s *djangosession.Session) { s.Keys() }},
		"values":                   {do: func(s *djangosession.Session) { s.Values() }},
		"items":                    {do: func(s *djangosession.Session) { s.Items() }},
		"set":                      {do: func(s *djangosession.Session) { s.Set("a", 1) }, modified: true},
		"delete":                   {do: func(s *djangosession.Session) { must(s.Delete("a")) }, modified: true},
		"delete of nothing":        {do: func(s *djangosession.Session) { mustNot(s.Delete("x")) }},
		"pop":                      {do: func(s *djangosession.Session) { s.PopDefault("a", nil) }, modified: true},
		"pop of nothing":           {do: func(s *djangosession.Session) { s.PopDefault("x", nil) }},
		"setdefault of something":  {do: func(s *djangosession.Session) { s.SetDefault("a", 2) }},
		"setdefault of nothing":    {do: func(s *djangosession.Session) { s.SetDefault("x", 2) }, modified: true},
		"update with nothing":      {do: func(s *djangosession.Session) { must(s.Update(map[string]any{})) }, modified: true},
		"clear":                    {do: func(s *djangosession.Session) { s.Clear() }, modified: true},
		"test cookie set":          {do: func(s *djangosession.Session) { s.SetTestCookie() }, modified: true},
		"test cookie asked":        {do: func(s *djangosession.Session) { s.TestCookieWorked() }},
		"test cookie not deleted":  {do: func(s *djangosession.Session) { mustNot(s.DeleteTestCookie()) }},
		"default expiry, was none": {do: func(s *djangosession.Session) { s.SetExpiryDefault() }},
		"expiry":                   {do: func(s *djangosession.Session) { s.SetExpiry(0) }, modified: true},
		"browser close asked":      {do: func(s *djangosession.Session) { s.GetExpireAtBrowserClose() }},
		"key and emptiness": {untouch: true, do: func(s *djangosession.Session) {
			s.Key()
			s.IsEmpty()
		}},
		"save": {do: func(s *djangosession.Session) { must(s.Save(context.Background())) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, _ := site(t, nil)
			first := m.New()
			first.Set("a", 1)
			must(first.Save(t.Context()))
			s, err := m.Load(t.Context(), first.Key())
			if err != nil {
				t.Fatal(err)
			}
			if s.Accessed() || s.Modified() {
				t.Error("loading touched it")
			}
			c.do(s)
			if s.Modified() != c.modified || s.Accessed() == c.untouch {
				t.Errorf("modified %v, accessed %v; want %v, %v", s.Modified(), s.Accessed(), c.modified, !c.untouch)
			}
		})
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func mustNot(err error) {
	if _, ok := errors.AsType[*djangosession.KeyError](err); !ok {
		panic(fmt.Sprintf("error %v, want a KeyError", err))
	}
}

func TestKeysShorterThanEightAreNone(t *testing.T) {
	t.Parallel()
	m, _ := site(t, nil)
	for key, want := range map[string]string{"": "", "1234567": "", "12345678": "12345678", "ééééééé": "", "éééééééé": "éééééééé"} {
		if got := m.Open(key).Key(); got != want {
			t.Errorf("Open(%q) has the key %q, want %q", key, got, want)
		}
	}
}

func TestUnknownKeyIsNotTakenOver(t *testing.T) {
	t.Parallel()
	m, _ := site(t, nil)
	s, err := m.Load(t.Context(), "attackerschosenkeyattackerschos1")
	must(err)
	s.Set("user", 1)
	must(s.Save(t.Context()))
	if s.Key() == "attackerschosenkeyattackerschos1" || len(s.Key()) != djangosession.KeyLength {
		t.Errorf("saved under a key of %d characters, or the one that was asked for", len(s.Key()))
	}
}

func TestUnloadedSessionIsNotSaved(t *testing.T) {
	t.Parallel()
	m, _ := site(t, nil)
	first := m.New()
	first.Set("cart", 1)
	must(first.Save(t.Context()))
	s := m.Open(first.Key())
	s.Set("other", 1)
	if err := s.Save(t.Context()); !errors.Is(err, djangosession.ErrNotLoaded) {
		t.Errorf("Save: %v, want ErrNotLoaded", err)
	}
	if err := s.CycleKey(t.Context()); !errors.Is(err, djangosession.ErrNotLoaded) {
		t.Errorf("CycleKey: %v, want ErrNotLoaded", err)
	}
	must(s.Load(t.Context()))
	if v, _ := s.Get("cart"); v != int64(1) {
		t.Errorf("cart is %v", v)
	}
	s = m.Open(first.Key())
	s.Clear() // the stored session no longer matters
	if err := s.Save(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestNewKeysAreDjangos(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	counts := map[rune]int{}
	for range 5000 {
		key := djangosession.NewKey()
		if len(key) != 32 || strings.Trim(key, "abcdefghijklmnopqrstuvwxyz0123456789") != "" || seen[key] {
			t.Fatal("a key that is not 32 of a-z0-9, or came twice")
		}
		seen[key] = true
		for _, c := range key {
			counts[c]++
		}
	}
	// 160,000 characters from an alphabet of 36: 4444 of each, within 6 standard
	// deviations of 66.
	for c, n := range counts {
		if n < 4050 || n > 4840 {
			t.Errorf("%c came %d times", c, n)
		}
	}
	if len(counts) != 36 {
		t.Errorf("%d different characters", len(counts))
	}
}

func TestSessionsWithAnotherSignatureNameTheSettingsToCheck(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		key   string
		named bool
	}{
		"another SECRET_KEY":     {key: "another-key", named: true},
		"the site's, but a list": {key: "the-site-s-key"},
	} {
		var log strings.Builder
		m, e := siteWith(t, djangosession.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))},
			func(s *djangosession.Settings) { s.SecretKey = "the-site-s-key" })
		text, err := signing.Dumps([]byte("[1]"), signing.Options{
			Key: test.key, Salt: "django.contrib.sessions.SessionStore", Now: func() time.Time { return frozen },
		})
		must(err)
		e.SetRow("keykeykeykeykeykeykeykeykeykey12", text, frozen.Add(time.Hour))
		_, err = m.Load(t.Context(), "keykeykeykeykeykeykeykeykeykey12")
		must(err)
		if !strings.Contains(log.String(), "session data corrupted") {
			t.Errorf("%s: the log says %q", name, log.String())
		}
		if named := strings.Contains(log.String(), "SECRET_KEY"); named != test.named {
			t.Errorf("%s: the log names SECRET_KEY: %v", name, named)
		}
	}
}

func TestErrorsAndLogsKeepSecrets(t *testing.T) {
	t.Parallel()
	const secret, key = "a-very-secret-key", "keykeykeykeykeykeykeykeykeykey12"
	var log strings.Builder
	var reported error
	o := djangosession.Options{
		Logger:      slog.New(slog.NewTextHandler(&log, nil)),
		OnLoadError: func(_ context.Context, err error) { reported = err },
	}
	m, e := siteWith(t, o, func(s *djangosession.Settings) { s.SecretKey = secret })
	const text = "eyJwYXNzd29yZCI6ImxldG1laW4ifQ:1r31eq:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	e.SetRow(key, text, frozen.Add(time.Hour))
	_, err := m.Load(t.Context(), key)
	must(err)
	o.StrictLoad = true
	strict, err := djangosession.NewManager(e, m.Settings(), o)
	must(err)
	_, err = strict.Load(t.Context(), key)
	for _, said := range []string{log.String(), reported.Error(), err.Error()} {
		if said == "" {
			t.Error("nothing was said")
		}
		for _, hidden := range []string{secret, key, text[:30], text[40:], "letmein"} {
			if strings.Contains(said, hidden) {
				t.Errorf("%q contains %q", said, hidden)
			}
		}
	}
}
