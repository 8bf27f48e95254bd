package djangosession_test

import (
	"context"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

func TestLegacyLayoutKnowsNoKeySalt(t *testing.T) {
	t.Parallel()
	// What a class named Store with key_salt = "my.salt" wrote on Django 3.2 with DEFAULT_HASHING_ALGORITHM = "sha1".
	const text = "ZDY1ZDI4ZjQyYWQxYWJlNDQ3ODAzYTNiZDFlYTRlODg4ZGNmMmYyMzp7ImEiOjF9"
	s, err := djangosession.NewSettingsFor("3.2.25", "test-secret-key")
	must(err)
	s.SessionStore, s.KeySalt, s.DefaultHashingAlgorithm = "Store", "my.salt", "sha1"
	codec, err := djangosession.NewCodec(s)
	must(err)
	d := py.NewDict(0)
	d.Set("a", int64(1))
	if got, err := codec.Encode(d); got != text || err != nil {
		t.Errorf("wrote %s, %v", got, err)
	}
	if got, err := codec.Decode(text); err != nil || !py.Equal(got, d) {
		t.Errorf("not read: %v", err)
	}
}

func TestReleasesReadTheLayoutsThatTheyReadInDjango(t *testing.T) {
	t.Parallel()
	for release, c := range map[string]struct{ plain, sha1, legacy bool }{
		"2.2.28": {false, false, true}, "3.2.25": {true, true, true}, "4.0": {true, false, false}, "6.1": {true, false, false},
	} {
		for _, both := range []bool{false, true} {
			s, err := djangosession.NewSettingsFor(release, "test-secret-key")
			must(err)
			s.AcceptLegacyLayout = both
			codec, err := djangosession.NewCodec(s)
			must(err)
			for text, want := range map[string]bool{plainText: c.plain, sha1Text: c.sha1, legacyText: c.legacy} {
				if _, err := codec.Decode(text); (err == nil) != (want || both) {
					t.Errorf("%s, both %v: %.20s...: %v", release, both, text, err)
				}
				if e := codec.Explain(text, djangosession.Candidates{}); e.SignedWith == nil || !e.Decodes && len(e.Hints) == 0 {
					t.Errorf("%s, both %v: no help with %.20s...", release, both, text)
				}
			}
		}
	}
}

func TestFallbackKeysThatTheReleaseIgnoresAreExplained(t *testing.T) {
	t.Parallel()
	s, err := djangosession.NewSettingsFor("4.0", "new")
	must(err)
	s.SecretKeyFallbacks = []string{"test-secret-key"}
	codec, err := djangosession.NewCodec(s)
	must(err)
	if _, err := codec.Decode(plainText); err == nil {
		t.Error("Django 4.0 has no fallback keys")
	}
	if words := codec.Explain(plainText, djangosession.Candidates{}).String(); !strings.Contains(words, "does not use SECRET_KEY_FALLBACKS") {
		t.Errorf("in words:\n%s", words)
	}
}

func TestDecodeMaxAge(t *testing.T) {
	t.Parallel()
	s := djangosession.NewSettings("test-secret-key")
	s.Now = func() time.Time { return frozen.Add(time.Minute) }
	s.AcceptLegacyLayout = true
	codec, err := djangosession.NewCodec(s)
	must(err)
	if _, err := codec.DecodeMaxAge(plainText, 2*time.Minute); err != nil {
		t.Error(err)
	}
	for text, want := range map[string]string{plainText: "signature_expired", legacyText: "malformed"} {
		_, err := codec.DecodeMaxAge(text, time.Minute)
		if refused, ok := errors.AsType[*djangosession.DecodeError](err); !ok || string(refused.Reason) != want {
			t.Errorf("error %v, want the reason %s", err, want)
		}
	}
}

func TestBigIntegersAreTheCallersOwnToo(t *testing.T) {
	t.Parallel()
	m, _ := site(t, nil)
	s := m.New()
	in := new(big.Int).Lsh(big.NewInt(1), 80)
	s.Set("b", in)
	s.Set("l", py.NewList(new(big.Int).Set(in)))
	want := new(big.Int).Set(in)
	in.SetInt64(1)
	out, _ := s.Get("b")
	out.(*big.Int).SetInt64(2)
	list, _ := s.Get("l")
	list.(*py.List).Items[0].(*big.Int).SetInt64(3)
	var scanned []any
	must(s.Scan("l", &scanned))
	scanned[0].(*big.Int).SetInt64(4)
	if got, _ := s.Get("b"); !py.Equal(got, want) {
		t.Errorf("b has become %v", got)
	}
	if got, _ := s.Get("l"); !py.Equal(got, py.NewList(want)) {
		t.Errorf("l has become %v", got)
	}
}

func TestDatesPastTheCalendarAreRefused(t *testing.T) {
	t.Parallel()
	for _, expiry := range []string{"9999-12-31T23:59:59.999999-05:00", "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59"} {
		m, _ := site(t, nil) // TIME_ZONE is Chicago, where the last reading is in the year 10000 of UTC
		s := m.New()
		s.Set(djangosession.ExpiryName, expiry)
		if err := s.Save(t.Context()); err == nil {
			t.Errorf("%s is saved", expiry)
		} else if _, ok := errors.AsType[*djangosession.ValueError](err); !ok {
			t.Errorf("%s: error %v", expiry, err)
		}
	}
}

func TestIntegerKeysSurviveJSON(t *testing.T) {
	t.Parallel()
	m, _ := site(t, nil)
	s := m.New()
	s.Set("m", map[int]string{1: "a", -20: "b"})
	must(s.Save(t.Context()))
	s, err := m.Load(t.Context(), s.Key())
	must(err)
	if got, err := djangosession.Value[map[int]string](s, "m"); err != nil || got[1] != "a" || got[-20] != "b" {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := djangosession.Value[map[uint]string](s, "m"); err == nil {
		t.Error("-20 is no uint")
	}
}

// slowEngine waits for its context in Save.
type slowEngine struct{ djangosession.Engine }

func (slowEngine) Save(ctx context.Context, _ *djangosession.Record) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestWaitingForAnotherCallEndsWithTheContext(t *testing.T) {
	t.Parallel()
	fast, e := site(t, nil)
	m, err := djangosession.NewManager(slowEngine{e}, fast.Settings(), djangosession.Options{})
	must(err)
	s := m.New()
	must(s.Save(t.Context())) // it is created
	long, cancelLong := context.WithCancel(t.Context())
	defer cancelLong()
	done := make(chan error)
	go func() { done <- s.Save(long) }()
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Save(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	cancelLong()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestDeleteStoredLeavesTheValues(t *testing.T) {
	t.Parallel()
	m, _ := site(t, nil)
	s := m.New()
	must(s.DeleteStored(t.Context())) // nothing is stored
	s.Set("a", 1)
	must(s.Save(t.Context()))
	must(s.DeleteStored(t.Context()))
	if !s.Contains("a") || s.Key() == "" {
		t.Error("the values or the key are gone")
	}
	if err := s.Save(t.Context()); !errors.Is(err, djangosession.ErrSessionGone) {
		t.Errorf("error %v, want ErrSessionGone", err)
	}
}

func TestSigningBackendsOfTheSiteAreNotGuessed(t *testing.T) {
	t.Parallel()
	s := djangosession.NewSettings("k")
	s.SigningBackend = "shop.signing.Signer"
	_, err := s.SignedCookie("a", "")
	if wrong, ok := errors.AsType[*djangosession.SettingError](err); !ok || wrong.Setting != "SIGNING_BACKEND" {
		t.Errorf("error %v", err)
	}
}
