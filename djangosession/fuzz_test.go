package djangosession_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/py"
)

func fuzzSettings(f *testing.F) djangosession.Settings {
	f.Helper()
	s, err := djangosession.NewSettingsFor("3.2", "fuzz-secret-key") // reads both layouts
	if err != nil {
		f.Fatal(err)
	}
	s.Now = func() time.Time { return frozen }
	s.MaxInflated = 1 << 20
	return s
}

// FuzzCodec checks that no text makes Decode or Explain panic, and that accepted sessions
// survive writing and reading.
func FuzzCodec(f *testing.F) {
	codec, err := djangosession.NewCodec(fuzzSettings(f))
	if err != nil {
		f.Fatal(err)
	}
	d := py.NewDict(0)
	for range 3 {
		d.Set(strings.Repeat("k", d.Len()+1), strings.Repeat("value", d.Len()))
		text, err := codec.Encode(d)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, text := range []string{
		"", "{}", "a:b:c", ":::", "e30:1r31eq:x", "NjVlZGMxNWU4MzZhMTQyMmEyNDQwZDg2MjUyODcwZTYzMGE3MGY0Mjp7fQ==", "b'e30:1:x'", `"a:b:c"`, "%3A%3A",
		"\xff\xfe", "abcdefghijklmnopqrstuvwxyz012345", ".:0:",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e := codec.Explain(text, djangosession.Candidates{})
		d, err := codec.Decode(text)
		if err != nil {
			var refused *djangosession.DecodeError
			if !errors.As(err, &refused) || d != nil || e.Decodes || e.Problem == nil || e.String() == "" {
				t.Fatalf("error %v, explanation %+v", err, e)
			}
			return
		}
		again, err := codec.Encode(d)
		if err != nil {
			t.Fatal(err)
		}
		back, err := codec.Decode(again)
		if err != nil || !py.Equal(back, d) {
			t.Fatalf("%q came back otherwise, %v", text, err)
		}
	})
}

// FuzzKey checks that no key makes an engine panic or fail, and that sessions are stored
// only under new keys.
func FuzzKey(f *testing.F) {
	for _, key := range []string{"", "1234567", "12345678", strings.Repeat("k", 41), "nul\x00nul\x00nul", "\xff\xff\xff\xff\xff\xff\xff\xff", "ééééééé"} {
		f.Add(key)
	}
	s := fuzzSettings(f)
	f.Fuzz(func(t *testing.T, key string) {
		e, err := memory.New(s)
		if err != nil {
			t.Fatal(err)
		}
		m, err := djangosession.NewManager(e, s, djangosession.Options{Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Open(key).Key(); got != "" && (got != key || utf8.RuneCountInString(key) < 8) {
			t.Fatalf("%q opens as %q", key, got)
		}
		session, err := m.Load(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if err := session.Save(t.Context()); err != nil || session.Key() == key || len(session.Key()) != djangosession.KeyLength {
			t.Fatalf("saved under %q, %v", session.Key(), err)
		}
	})
}

// FuzzExpiry checks that no stored expiry makes a session panic, and that every session
// that can be saved has a date that Django's column can hold.
func FuzzExpiry(f *testing.F) {
	for _, json := range []string{
		"0", "1", "-1", "1.5", "1e400", "NaN", "null", "true", `""`, `"2023-11-14T22:13:20+00:00"`, `"2023-W46-2"`, `"9999-12-31"`, "[]", "{}",
		"123456789012345678901234567890", `"soon"`,
	} {
		f.Add(json, true)
		f.Add(json, false)
	}
	base := fuzzSettings(f)
	f.Fuzz(func(t *testing.T, json string, useTZ bool) {
		d, err := djangosession.JSONSerializer{}.Loads([]byte(`{"_session_expiry":` + json + `}`))
		if err != nil {
			return
		}
		s := base
		s.UseTZ = useTZ
		e, err := memory.New(s)
		if err != nil {
			t.Fatal(err)
		}
		m, err := djangosession.NewManager(e, s, djangosession.Options{})
		if err != nil {
			t.Fatal(err)
		}
		session := m.New()
		if err := session.Update(d); err != nil {
			t.Fatal(err)
		}
		_, ageErr := session.GetExpiryAge()
		date, dateErr := session.GetExpiryDate()
		session.GetExpireAtBrowserClose()
		saveErr := session.Save(t.Context())
		if dateErr != nil && saveErr == nil {
			t.Fatalf("date: %v, save: %v (age: %v)", dateErr, saveErr, ageErr)
		}
		if y := date.UTC().Year(); saveErr == nil && (y < 0 || y > 10000 || useTZ && (y < 1 || y > 9999)) {
			t.Fatalf("saved with the date %v", date)
		}
	})
}
