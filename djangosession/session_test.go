package djangosession_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/py"
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

func TestSessionIsADict(t *testing.T) {
	t.Parallel()
	m, _ := site(t, nil)
	s := m.New()
	if !s.IsEmpty() {
		t.Error("a new session is not empty")
	}
	s.Set("b", 1)
	s.Set("a", []string{"x"})
	s.Set("b", 2)
	must(s.Update(struct {
		C map[string]int `json:"c"`
	}{map[string]int{"z": 1, "y": 2}}))
	if got := s.Keys(); !reflect.DeepEqual(got, []string{"b", "a", "c"}) {
		t.Errorf("keys %v", got)
	}
	if got := s.Values(); !py.Equal(py.NewList(got...), mustFrom([]any{2, []string{"x"}, map[string]int{"y": 2, "z": 1}})) {
		t.Errorf("values %v", got)
	}
	if v, err := s.Pop("b"); v != int64(2) || err != nil {
		t.Errorf("popped %v, %v", v, err)
	}
	_, err := s.Pop("b")
	mustNot(err)
	if v := s.PopDefault("b", "fallback"); v != "fallback" {
		t.Errorf("popped %v", v)
	}
	if v := s.SetDefault("b", 5); v != int64(5) {
		t.Errorf("default %v", v)
	}
	if v := s.SetDefault("b", 6); v != int64(5) {
		t.Errorf("default %v", v)
	}
	if s.Contains("nothing") || !s.Contains("b") {
		t.Error("Contains is wrong")
	}
	if err := s.Update([]int{1}); err == nil {
		t.Error("a list passes as a dict")
	}
	s.SetTestCookie()
	if !s.TestCookieWorked() {
		t.Error("the test cookie did not work")
	}
	must(s.DeleteTestCookie())
	s.Clear()
	if len(s.Keys()) != 0 || !s.IsEmpty() {
		t.Error("Clear left values")
	}
}

func mustFrom(v any) any {
	p, err := py.From(v)
	must(err)
	return p
}

func TestValuesAreTheCallersOwn(t *testing.T) {
	t.Parallel()
	m, _ := site(t, nil)
	s := m.New()
	in := py.NewList(int64(1))
	s.Set("l", in)
	in.Items[0] = int64(9)
	out, _ := s.Get("l")
	list, _ := out.(*py.List)
	if !py.Equal(out, py.NewList(int64(1))) {
		t.Errorf("the session changed with the list that was set: %v", out)
	}
	list.Items[0] = int64(8)
	if again, _ := s.Get("l"); !py.Equal(again, py.NewList(int64(1))) {
		t.Errorf("a change to the returned list has changed the session: %v", again)
	}
	must(s.Save(t.Context()))
	loaded, err := m.Load(t.Context(), s.Key())
	must(err)
	for range 2 {
		v, _ := loaded.Get("l")
		if !py.Equal(v, py.NewList(int64(1))) {
			t.Errorf("loaded %v", v)
		}
		if l, ok := v.(*py.List); ok {
			l.Items[0] = "changed"
		}
	}
}

func TestUntouchedValuesKeepTheirBytes(t *testing.T) {
	t.Parallel()
	m, e := site(t, nil)
	codec, err := djangosession.NewCodec(m.Settings())
	must(err)
	values := []string{
		"1E5", "-0", "1.10", "12345678901234567890", "NaN", "-Infinity", `"\u0041\ud83d"`, `{"b":1,"a":1.0,"b":2}`, `[ 1 , 2 ]`, "1e400",
	}
	members := make([]string, 0, len(values)+1)
	for i, v := range values {
		members = append(members, fmt.Sprintf("%q:%s", fmt.Sprint("k", i), v))
	}
	d, err := djangosession.JSONSerializer{}.Loads([]byte("{" + strings.Join(members, ",") + "}"))
	must(err)
	text, err := codec.EncodeUncompressed(d)
	must(err)
	e.SetRow("abcdefgh", text, frozen.Add(time.Hour))
	s, err := m.Load(t.Context(), "abcdefgh")
	must(err)
	for range s.Items() { // reading is not a change
		continue
	}
	s.Set("k1", 7)
	s.Set("new", "value")
	must(s.Save(t.Context()))
	members[1] = `"k1":7`
	want := "{" + strings.Join(append(members, `"new":"value"`), ",") + "}"
	stored, _, _ := e.Row("abcdefgh")
	d, err = codec.Decode(stored)
	must(err)
	got, err := djangosession.JSONSerializer{}.Dumps(d)
	must(err)
	if string(got) != want {
		t.Errorf("stored %s\nwant   %s", got, want)
	}
}

func TestScanNamesKeyAndTypes(t *testing.T) {
	t.Parallel()
	m, _ := site(t, func(s *djangosession.Settings) { s.TimeZone = "Europe/Berlin" })
	s := m.New()
	s.Set("cart", map[string]any{"items": []any{map[string]any{"qty": "two"}}})
	s.Set("when", "2023-11-14T23:13:20")
	s.Set("big", new(big.Int).Lsh(big.NewInt(1), 80))
	var cart struct {
		Items []struct {
			Qty int `json:"qty"`
		} `json:"items"`
	}
	err := s.Scan("cart", &cart)
	want := `djangosession: session value "cart": py: Python str does not fit Go int (at items[0].qty)`
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if when, err := djangosession.Value[time.Time](s, "when"); err != nil || !when.Equal(frozen.Truncate(time.Second)) {
		t.Errorf("a time without a zone: %v, %v", when, err)
	}
	if _, err := djangosession.Value[int64](s, "big"); err == nil {
		t.Error("2**80 fits an int64")
	}
	_, err = djangosession.Value[int](s, "nothing")
	mustNot(err)
}

func TestSaveNamesWhatCannotBeStored(t *testing.T) {
	t.Parallel()
	loop := py.NewList()
	loop.Items = append(loop.Items, loop)
	for name, c := range map[string]struct {
		value any
		want  string
	}{
		"no Python form":    {make(chan int), "chan int"},
		"datetime in JSON":  {time.Now(), "datetime"},
		"bytes, deep":       {map[string]any{"items": []any{1, []byte("x")}}, "bytes"},
		"not text":          {"\xff", "str"},
		"contains itself":   {loop, "contains itself"},
		"int without end":   {new(big.Int).Lsh(big.NewInt(1), 20000), "4300"},
		"function in slice": {[]any{func() {}}, "func()"},
	} {
		m, _ := site(t, nil)
		s := m.New()
		s.Set("bad", c.value)
		err := s.Save(t.Context())
		wrong, ok := errors.AsType[*djangosession.ValueError](err)
		if !ok || !strings.Contains(err.Error(), c.want) || wrong.Name != "bad" {
			t.Errorf("%s: error %v, want one with the name and %q", name, err, c.want)
		}
		if s.Key() != "" {
			t.Errorf("%s: it got a key", name)
		}
		s.Set("bad", nil)
		if err := s.Save(t.Context()); err != nil {
			t.Errorf("%s: after mending: %v", name, err)
		}
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
