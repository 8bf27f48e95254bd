package djangosession_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/signing"
)

// rotated is a shop whose settings were exported at noon. Its Django has had another
// SECRET_KEY since.
type rotated struct {
	*shop
	django func(at time.Time) string // returns a session with n = "django", signed at that time
}

func newRotated(t *testing.T, change func(*djangosession.Settings)) *rotated {
	t.Helper()
	s := &rotated{shop: newShop(t, "6.1", func(s *djangosession.Settings) {
		s.ExportedAt = noon
		if change != nil {
			change(s)
		}
	})}
	s.use(func(o *djangosession.Options) { o.OnLoadError = o.OnError })
	settings := s.Settings()
	settings.SecretKey = "another-secret-key"
	var now time.Time
	settings.Now = func() time.Time { return now }
	codec, err := djangosession.NewCodec(settings)
	must(err)
	s.django = func(at time.Time) string {
		now = at
		d := py.NewDict(0)
		d.Set("n", "django")
		text, err := codec.Encode(d)
		must(err)
		return text
	}
	return s
}

// put stores a text under a new key.
func (s *rotated) put(text string) string {
	key := djangosession.NewKey()
	s.engine.SetRow(key, text, noon.AddDate(1, 0, 0))
	return key
}

// wantKept fails unless this text is still stored under the key.
func (s *rotated) wantKept(key, text string) {
	s.t.Helper()
	if now, _, _ := s.engine.Row(key); now != text {
		s.t.Error("the session was overwritten")
	}
}

func isOutdated(err error) bool {
	_, decodes := errors.AsType[*djangosession.DecodeError](err)
	return errors.Is(err, djangosession.ErrOutdatedSettings) && decodes
}

func TestSessionsOfNewerSettingsAreNotOverwritten(t *testing.T) {
	for _, merge := range []bool{false, true} {
		t.Run(fmt.Sprintf("merge=%v", merge), func(t *testing.T) {
			s := newRotated(t, nil)
			s.use(func(o *djangosession.Options) { o.MergeSaves = merge })
			s.wait(time.Hour)
			text := s.django(noon.Add(time.Minute))
			key := s.put(text)
			session, err := s.Load(t.Context(), key)
			must(err)
			if session.Key() != key || session.Contains("n") || session.Modified() {
				t.Error("not an empty session with its key")
			}
			if errs, _ := s.told(); len(errs) != 1 || !isOutdated(errs[0]) {
				t.Errorf("told of %v", errs)
			}
			if log := s.log.String(); !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "settings outdated") ||
				!strings.Contains(log, "docs/key-rotation.md") || strings.Contains(log, key) {
				t.Errorf("log: %s", log)
			}
			if err := session.Save(t.Context()); !isOutdated(err) {
				t.Errorf("Save: %v", err)
			}
			session.Set("n", "go")
			for name, do := range map[string]func(context.Context) error{"Save": session.Save, "CycleKey": session.CycleKey} {
				if err := do(t.Context()); !isOutdated(err) || session.Key() != key {
					t.Errorf("%s: %v", name, err)
				}
			}
			if err := session.SaveMustCreate(t.Context()); !errors.Is(err, djangosession.ErrKeyTaken) {
				t.Errorf("SaveMustCreate: %v", err)
			}
			s.wantKept(key, text)

			must(session.Create(t.Context())) // like a login
			session.Set("m", 1)
			must(session.Save(t.Context()))
			if n := s.stored(session.Key()); session.Key() == key || n != "go" {
				t.Errorf("the new session has %q", n)
			}
			s.wantKept(key, text)

			session, err = s.Load(t.Context(), key)
			must(err)
			must(session.Flush(t.Context())) // like a logout
			if there, err := s.Exists(t.Context(), key); there || err != nil {
				t.Errorf("after the logout it is there: %v, %v", there, err)
			}
			session.Set("n", "new")
			must(session.Save(t.Context()))
		})
	}
}

// Signatures have their time in whole seconds. One from the second of the export may be
// older than the export.
func TestOlderSessionsThatDoNotDecodeAreOverwrittenAsInDjango(t *testing.T) {
	codec, err := djangosession.NewCodec(djangosession.NewSettings("another-secret-key"))
	must(err)
	short, err := codec.Encode(py.NewDict(0))
	must(err)
	for name, c := range map[string]struct {
		text     func(s *rotated) string
		exported time.Time // noon if zero
		outdated bool
	}{
		"a second later":            {text: func(s *rotated) string { return s.django(noon.Add(time.Second)) }, outdated: true},
		"the same second":           {text: func(s *rotated) string { return s.django(noon) }},
		"within the second":         {text: func(s *rotated) string { return s.django(noon.Add(time.Second)) }, exported: noon.Add(1500 * time.Millisecond)},
		"a second before":           {text: func(s *rotated) string { return s.django(noon.Add(-time.Second)) }},
		"nothing of the kind":       {text: func(*rotated) string { return "garbage" }},
		"no time":                   {text: func(s *rotated) string { return "a" + strings.ReplaceAll(s.django(noon.Add(time.Minute)), ":", "") }},
		"one part too few":          {text: func(*rotated) string { return "1r31eq:signature" }},
		"no number":                 {text: func(*rotated) string { return "value:1r3-eq:signature" }},
		"a number that is too long": {text: func(*rotated) string { return "value:" + strings.Repeat("z", 100) + ":signature" }},
		"years in the future":       {text: func(s *rotated) string { return s.django(noon.AddDate(5, 0, 0)) }},
		"a day ahead":               {text: func(s *rotated) string { return s.django(noon.Add(24 * time.Hour)) }, outdated: true},
		"an empty session today":    {text: func(*rotated) string { return short }}, // years after noon
	} {
		for _, merge := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				s := newRotated(t, func(s *djangosession.Settings) {
					if !c.exported.IsZero() {
						s.ExportedAt = c.exported
					}
				})
				s.use(func(o *djangosession.Options) { o.MergeSaves = merge })
				s.wait(time.Minute)
				key := s.put(c.text(s))
				session, err := s.Load(t.Context(), key)
				must(err)
				session.Set("n", "go")
				if err := session.Save(t.Context()); isOutdated(err) != c.outdated || err != nil && !c.outdated {
					t.Errorf("saved with %v", err)
				}
				if n := s.stored(key); (n == "go") == c.outdated {
					t.Errorf("stored is %q", n)
				}
			})
		}
	}
}

func TestEveryReasonForWhichASessionDoesNotDecodeCounts(t *testing.T) {
	for reason, c := range map[signing.Reason]struct {
		change func(*djangosession.Settings)
		data   string
		broken bool
	}{
		signing.BadSerialization: {data: "\x80\x04}\x94."}, // a pickle
		signing.TooLarge:         {change: func(s *djangosession.Settings) { s.MaxInflated = 100 }, data: strings.Repeat(" ", 1000)},
		signing.BadSignature:     {data: "{}", broken: true},
	} {
		t.Run(string(reason), func(t *testing.T) {
			s := newRotated(t, c.change)
			signer, err := signing.NewTimestampSigner(signing.Options{
				Key: s.Settings().SecretKey, Salt: "django.contrib.sessions.SessionStore", Algorithm: signing.SHA256,
				Compress: true, Now: func() time.Time { return noon.Add(time.Minute) },
			})
			must(err)
			text := signer.SignObject([]byte(c.data))
			if c.broken {
				text += "x"
			}
			key := s.put(text)
			session, err := s.Load(t.Context(), key)
			must(err)
			err = session.Save(t.Context())
			refused, ok := errors.AsType[*djangosession.DecodeError](err)
			if !isOutdated(err) || !ok || refused.Reason != reason || !refused.SignedAt.Equal(noon.Add(time.Minute)) {
				t.Errorf("error %v", err)
			}
			s.wantKept(key, text)
		})
	}
}

// TestSessionsLargerThanMaxInflatedAreNotOverwritten has data that decodes with a larger
// MaxInflated, whenever it was signed. Data with a wrong signature is damaged.
func TestSessionsLargerThanMaxInflatedAreNotOverwritten(t *testing.T) {
	for _, merge := range []bool{false, true} {
		for ending, kept := range map[string]bool{"": true, "x": false} {
			t.Run(fmt.Sprintf("merge=%v,kept=%v", merge, kept), func(t *testing.T) {
				s := newRotated(t, func(s *djangosession.Settings) { s.MaxInflated = 1000 })
				s.use(func(o *djangosession.Options) { o.MergeSaves = merge })
				larger := s.Settings()
				larger.MaxInflated = 0
				larger.Now = func() time.Time { return noon.Add(-time.Hour) }
				codec, err := djangosession.NewCodec(larger)
				must(err)
				d := py.NewDict(1)
				d.Set("n", strings.Repeat("large", 1000))
				text, err := codec.Encode(d)
				must(err)
				key := s.put(text + ending)
				session, err := s.Load(t.Context(), key)
				must(err)
				session.Set("n", "go")
				if err := session.CycleKey(t.Context()); errors.Is(err, djangosession.ErrMaxInflated) != kept {
					t.Errorf("CycleKey: %v", err)
				}
				if err := session.Save(t.Context()); errors.Is(err, djangosession.ErrMaxInflated) != kept || kept && !isOutdated(err) {
					t.Errorf("Save: %v", err)
				}
				if kept {
					s.wantKept(key, text)
				} else if n := s.stored(session.Key()); n != "go" {
					t.Errorf("stored is %q", n)
				}
				if log := s.log.String(); strings.Contains(log, "raise Settings.MaxInflated") != kept || strings.Contains(log, key) {
					t.Errorf("log: %s", log)
				}
			})
		}
	}
}

func TestWithoutTheTimeOfTheExportTheManagersCounts(t *testing.T) {
	s := newRotated(t, func(s *djangosession.Settings) { s.ExportedAt = time.Time{} })
	for text, outdated := range map[string]bool{s.django(noon.Add(time.Second)): true, s.django(noon): false} {
		session, err := s.Load(t.Context(), s.put(text))
		must(err)
		if err := session.Save(t.Context()); isOutdated(err) != outdated {
			t.Errorf("error %v, want ErrOutdatedSettings: %v", err, outdated)
		}
	}
}

// The layout of before 3.1 has no time.
func TestLegacyLayoutProvesNothingAboutSettings(t *testing.T) {
	s := newShop(t, "2.2.28", func(s *djangosession.Settings) { s.ExportedAt = noon.AddDate(-1, 0, 0) })
	s.use(func(o *djangosession.Options) { o.Logger = slog.New(slog.DiscardHandler) })
	s.engine.SetRow("legacylegacylegacylegacylegacy12", legacyText, noon.AddDate(1, 0, 0))
	session, err := s.Load(t.Context(), "legacylegacylegacylegacylegacy12")
	must(err)
	session.Set("n", "go")
	if err := session.Save(t.Context()); err != nil || s.stored(session.Key()) != "go" {
		t.Errorf("error %v", err)
	}
}

// Django has signed the session again since it was loaded.
func TestMergedSaveDoesNotOverwriteWhatNewerSettingsSigned(t *testing.T) {
	s := newRotated(t, nil)
	s.use(func(o *djangosession.Options) { o.MergeSaves = true })
	for name, do := range map[string]func(*djangosession.Session, context.Context) error{
		"Save": (*djangosession.Session).Save, "CycleKey": (*djangosession.Session).CycleKey,
	} {
		old := s.visitor(map[string]any{"n": "old"})
		session, err := s.Load(t.Context(), old)
		must(err)
		session.Set("n", "go")
		text := s.django(noon.Add(time.Minute))
		s.engine.SetRow(old, text, noon.AddDate(1, 0, 0))
		if err := do(session, t.Context()); !isOutdated(err) || session.Key() != old {
			t.Errorf("%s: %v", name, err)
		}
		if errs, _ := s.told(); len(errs) == 0 || !isOutdated(errs[len(errs)-1]) {
			t.Errorf("%s: told of %v", name, errs)
		}
		s.wantKept(old, text)
		must(session.Create(t.Context()))
		s.wantKept(old, text)
		if n := s.stored(session.Key()); session.Key() == old || n != "go" {
			t.Errorf("%s: the new session has %q", name, n)
		}
	}
}

func TestStrictManagersFailForNewerSettingsToo(t *testing.T) {
	s := newRotated(t, nil)
	s.use(func(o *djangosession.Options) { o.StrictLoad = true })
	if _, err := s.Load(t.Context(), s.put(s.django(noon.Add(time.Minute)))); !isOutdated(err) {
		t.Errorf("error %v", err)
	}
}

func TestListedSessionsOfNewerSettingsSaySo(t *testing.T) {
	s := newRotated(t, nil)
	s.put(s.django(noon.Add(time.Minute)))
	for r, err := range s.Records(t.Context()) {
		if err != nil || !isOutdated(r.Err) {
			t.Errorf("%v, %v", r.Err, err)
		}
	}
}

func TestRequestsWithSessionsOfNewerSettings(t *testing.T) {
	for name, c := range map[string]struct {
		every  bool
		renew  float64
		use    func(*djangosession.Session, context.Context) error
		status int
		cookie bool // with a new key
	}{
		"read": {use: func(s *djangosession.Session, _ context.Context) error { s.Get("n"); return nil }, status: 200},
		"read, and saved at every request": {
			every: true, use: func(s *djangosession.Session, _ context.Context) error { s.Get("n"); return nil }, status: 200,
		},
		"untouched, and saved at every request": {every: true, status: 200},
		"read, and renewed": {
			renew: 1, use: func(s *djangosession.Session, _ context.Context) error { s.Get("n"); return nil }, status: 200,
		},
		"changed":                             {use: func(s *djangosession.Session, _ context.Context) error { s.Set("n", "go"); return nil }, status: 500},
		"changed, and saved at every request": {every: true, use: func(s *djangosession.Session, _ context.Context) error { s.Set("n", "go"); return nil }, status: 500},
		"a login":                             {use: (*djangosession.Session).Create, status: 200, cookie: true},
	} {
		for _, merge := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				s := newRotated(t, func(s *djangosession.Settings) { s.SessionSaveEveryRequest = c.every })
				s.use(func(o *djangosession.Options) { o.MergeSaves, o.RenewBelow = merge, c.renew })
				text := s.django(noon.Add(time.Minute))
				key := s.put(text)
				r := s.visit("sessionid="+key, func(_ http.ResponseWriter, r *http.Request) {
					if c.use != nil {
						if err := c.use(s.session(r), r.Context()); err != nil {
							t.Error(err)
						}
					}
				})
				if r.StatusCode != c.status || (r.Header.Get("Set-Cookie") != "") != c.cookie {
					t.Errorf("status %d, %v", r.StatusCode, r.Header)
				}
				errs, _ := s.told()
				want := 1 // number of loads
				if c.status == 500 {
					want = 2
				}
				if len(errs) != want || !isOutdated(errs[len(errs)-1]) {
					t.Errorf("told of %v", errs)
				}
				s.wantKept(key, text)
			})
		}
	}
}
