package hashers_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/hashers"
)

func TestWeakHashersOnlyCheck(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"MD5", "SHA1", "UnsaltedMD5", "UnsaltedSHA1"} {
		h := newHashers(t, "4.2.30", func(s *djangosession.Settings, _ *hashers.Options) {
			s.PasswordHashers = []string{module + name + "PasswordHasher", module + "PBKDF2PasswordHasher"}
		})
		if _, err := h.Make(t.Context(), "password"); !errors.Is(err, auth.ErrUnknownHasher) || !strings.Contains(err.Error(), "too weak") {
			t.Errorf("%s: %v", name, err)
		}
		ok, mustUpdate, err := h.Check(t.Context(), "password", "pbkdf2_sha256$1$seasalt$YQUqaoGGIdcjQtCPUVvu1oIcyb7WgPW9b7k/hvRudOk=")
		if !ok || mustUpdate || err != nil {
			t.Errorf("%s: %v, update %v, %v", name, ok, mustUpdate, err)
		}
	}
}

func TestCostlyPasswordsAreRefused(t *testing.T) {
	t.Parallel()
	h := newHashers(t, "5.2.19", nil)
	var done time.Duration
	h.CountWork(&done)
	for encoded, problem := range map[auth.Secret]string{
		"pbkdf2_sha256$20000001$salt$x": "too much time",
		"argon2$argon2id$v=19$m=262145,t=1,p=1$c2FsdHNhbHRzYWx0$ULh0KtqvabhdBE2i6BV2uQ":              "MaxMemory",
		"argon2$argon2id$v=19$m=2147483647,t=2147483647,p=8$c2FsdHNhbHRzYWx0$ULh0KtqvabhdBE2i6BV2uQ": "MaxMemory",
		"argon2$argon2id$v=19$m=102400,t=2000,p=8$c2FsdHNhbHRzYWx0$ULh0KtqvabhdBE2i6BV2uQ":           "too much time",
		"argon2$argon2id$v=19$m=4096,t=1,p=256$c2FsdHNhbHRzYWx0$ULh0KtqvabhdBE2i6BV2uQ":              "lanes",
		"scrypt$32768$salt$8$1$x":                                             "maxmem",
		"scrypt$2$salt$1$262143$x":                                            "maxmem",
		"scrypt$1073741824$salt$536870912$1$x":                                "maxmem",
		"bcrypt$$2b$17$abcdefghijklmnopqrstuu.Kr0/ksLYYxVwJHz9TJdLi6VmnsX4la": "too much time",
		"bcrypt$$2b$31$abcdefghijklmnopqrstuu.Kr0/ksLYYxVwJHz9TJdLi6VmnsX4la": "too much time",
	} {
		done = 0
		ok, _, err := h.Check(t.Context(), "password", encoded)
		if ok || !errors.Is(err, auth.ErrUnknownHasher) || !strings.Contains(err.Error(), problem) || done != h.WorkOf("pbkdf2_sha256", "") {
			t.Errorf("%s: %v, %v, work %v", string(encoded), ok, err, done)
		}
	}
}

// A single stored password that demands too much says nothing about its hasher.
func TestCostlyPasswordIsNotLoggedAsAnUnknownHasher(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := newHashers(t, "5.2.19", func(s *djangosession.Settings, o *hashers.Options) {
		s.PasswordHashers = []string{module + "PBKDF2PasswordHasher"}
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	h.SkipRefusals()
	const all = "users whose passwords were encoded by this hasher cannot log in"
	for range 2 {
		if _, _, err := h.Check(t.Context(), "x", "pbkdf2_sha256$20000001$salt$x"); !errors.Is(err, auth.ErrUnknownHasher) {
			t.Error(err)
		}
	}
	if text := log.String(); strings.Count(text, "level=ERROR") != 1 || strings.Contains(text, all) || !strings.Contains(text, "a user cannot log in") {
		t.Errorf("log: %s", text)
	}
	for range 2 {
		if _, _, err := h.Check(t.Context(), "x", "bcrypt$$2b$04$x"); !errors.Is(err, auth.ErrUnknownHasher) {
			t.Error(err)
		}
	}
	if text := log.String(); strings.Count(text, "level=ERROR") != 2 || !strings.Contains(text, all) {
		t.Errorf("log: %s", text)
	}
}

// own is a hasher of a site.
type own struct {
	update  bool
	failure error
	calls   *atomic.Int32
}

func (o own) Verify(password, encoded string) (bool, error) {
	o.calls.Add(1)
	return encoded == "own$"+password, o.failure
}

func (o own) Encode(password string) (string, error) {
	o.calls.Add(1)
	return "own$" + password, o.failure
}
func (o own) MustUpdate(string) bool { return o.update }

func ownFacts() []djangosession.PasswordHasher {
	return []djangosession.PasswordHasher{
		{Class: "shop.Own", Algorithm: "own", MRO: []string{"shop.Own", module + "BasePasswordHasher"}, Overrides: map[string][]string{"shop.Own": {"encode"}}},
		{Class: module + "PBKDF2PasswordHasher", Algorithm: "pbkdf2_sha256", MRO: []string{module + "PBKDF2PasswordHasher"}},
	}
}

func TestHashersOfTheSite(t *testing.T) {
	t.Parallel()
	o := own{calls: &atomic.Int32{}}
	h := newHashers(t, "5.2.19", func(s *djangosession.Settings, options *hashers.Options) {
		s.Hashers, options.Own = ownFacts(), map[string]hashers.Hasher{"own": o}
	})
	encoded, err := h.Make(t.Context(), "x")
	if encoded != "own$x" || err != nil {
		t.Errorf("%v, %v", encoded, err)
	}
	for _, c := range []struct {
		encoded    auth.Secret
		ok, update bool
		calls      int32
	}{
		{"own$x", true, false, 1},
		{"own$y", false, false, 1},
		{"!", false, false, 1},
		{"pbkdf2_sha256$1$seasalt$x", false, false, 1},
		{"pbkdf2_sha256$1$salt$rsGCyUyIhZcLVXUuoLaLAt04W66ncApaeItlpL9QvAg=", false, false, 1},
	} {
		o.calls.Store(0)
		if ok, update, err := h.Check(t.Context(), "x", c.encoded); ok != c.ok || update != c.update || err != nil || o.calls.Load() != c.calls {
			t.Errorf("%s: %v, %v, %v, %d calls", string(c.encoded), ok, update, err, o.calls.Load())
		}
	}
	failing := newHashers(t, "5.2.19", func(s *djangosession.Settings, options *hashers.Options) {
		s.Hashers, options.Own = ownFacts(), map[string]hashers.Hasher{"own": own{calls: o.calls, failure: errors.ErrUnsupported}}
	})
	for _, encoded := range []auth.Secret{"own$x", "", "!"} {
		if ok, _, err := failing.Check(t.Context(), "x", encoded); ok || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%q: %v, %v", string(encoded), ok, err)
		}
	}
}

// TestUnknownDefaultHasherIsNamed uses a site whose new passwords cannot be checked. All
// refusals must be the same, and must not reveal which users exist.
func TestUnknownDefaultHasherIsNamed(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := newHashers(t, "5.2.19", func(s *djangosession.Settings, o *hashers.Options) {
		s.Hashers, o.Logger = ownFacts(), slog.New(slog.NewTextHandler(&log, nil))
	})
	h.SkipRefusals()
	const want = `the password hasher "own" is shop.Own, which is not Django's`
	for _, encoded := range []auth.Secret{"", "!x", "own$x", "pbkdf2_sha256$1$salt$x"} {
		if _, _, err := h.Check(t.Context(), "x", encoded); !errors.Is(err, auth.ErrUnknownHasher) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", string(encoded), err)
		}
	}
	ok, update, err := h.Check(t.Context(), "password", "pbkdf2_sha256$1$seasalt$YQUqaoGGIdcjQtCPUVvu1oIcyb7WgPW9b7k/hvRudOk=")
	if !ok || update || err != nil {
		t.Errorf("an earlier password: %v, update %v, %v", ok, update, err)
	}
	if _, err := h.Make(t.Context(), "x"); !errors.Is(err, auth.ErrUnknownHasher) {
		t.Error(err)
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
		t.Errorf("%d lines in the log: %s", n, log.String())
	}
}

func TestSubclassesMayOnlyChangeParameters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		changes []string
		ok      bool
	}{
		{"iterations and the name", []string{"algorithm", "iterations"}, true},
		{"nothing", nil, true},
		{"the digest", []string{"digest"}, false},
		{"encode", []string{"iterations", "encode"}, false},
		{"must_update", []string{"must_update"}, false},
		{"a parameter that is computed", []string{"salt_entropy"}, false},
	} {
		h := newHashers(t, "5.2.19", func(s *djangosession.Settings, _ *hashers.Options) {
			s.Hashers = []djangosession.PasswordHasher{{
				Class: "shop.Slow", Algorithm: "slow", MRO: []string{"shop.Slow", module + "PBKDF2PasswordHasher"},
				Overrides: map[string][]string{"shop.Slow": c.changes}, Parameters: map[string]int{"iterations": 3},
			}}
		})
		encoded, err := h.Make(t.Context(), "x")
		if (err == nil) != c.ok || c.ok && !strings.HasPrefix(string(encoded), "slow$3$") {
			t.Errorf("%s: %q, %v", c.name, string(encoded), err)
		}
	}
}

// The site has raised the iterations as Django's documentation proposes, or has a class
// that checks in another way. Django checks with the last hasher of an algorithm.
func TestTwoHashersOfAnAlgorithm(t *testing.T) {
	t.Parallel()
	const encoded = "pbkdf2_sha256$1$seasalt$YQUqaoGGIdcjQtCPUVvu1oIcyb7WgPW9b7k/hvRudOk=" // "password"
	django := djangosession.PasswordHasher{
		Class: module + "PBKDF2PasswordHasher", Algorithm: "pbkdf2_sha256", MRO: []string{module + "PBKDF2PasswordHasher"},
		Parameters: map[string]int{"iterations": 1},
	}
	site := func(changes string) djangosession.PasswordHasher {
		return djangosession.PasswordHasher{
			Class: "shop.Hasher", Algorithm: "pbkdf2_sha256", MRO: []string{"shop.Hasher", module + "PBKDF2PasswordHasher"},
			Overrides: map[string][]string{"shop.Hasher": {changes}}, Parameters: map[string]int{"iterations": 3},
		}
	}
	for name, c := range map[string]struct {
		hashers []djangosession.PasswordHasher
		update  bool
		err     error
	}{
		"more iterations":       {hashers: []djangosession.PasswordHasher{site("iterations"), django}, update: true},
		"more iterations, last": {hashers: []djangosession.PasswordHasher{django, site("iterations")}, update: true}, // the salt is short
		"another check":         {hashers: []djangosession.PasswordHasher{django, site("verify")}, err: auth.ErrUnknownHasher},
	} {
		h := newHashers(t, "5.2.19", func(s *djangosession.Settings, _ *hashers.Options) { s.Hashers = c.hashers })
		ok, update, err := h.Check(t.Context(), "password", encoded)
		if ok != (c.err == nil) || update != c.update || !errors.Is(err, c.err) {
			t.Errorf("%s: %v, update %v, %v", name, ok, update, err)
		}
	}
}

// TestHasherErrorsNameNoPassword uses stored texts that may be passwords that were never
// encoded.
func TestHasherErrorsNameNoPassword(t *testing.T) {
	t.Parallel()
	h := newHashers(t, "5.2.19", func(s *djangosession.Settings, _ *hashers.Options) {
		s.PasswordHashers = []string{module + "PBKDF2PasswordHasher"}
	})
	h.Cheapen()
	for encoded, hasher := range map[auth.Secret]string{
		"secret":                           "",
		"sec$ret":                          "",
		"my secret$and$more":               "",
		"$$$":                              "",
		"my secret of thirty-two characte": "",
		"bcrypt$x":                         "bcrypt",
		"md5$x":                            "md5",
		"crypt$x":                          "crypt",
		"own_hasher$1$salt$hash":           "own_hasher",
	} {
		_, _, err := h.Check(t.Context(), "x", encoded)
		var unknown *auth.HasherError
		if !errors.As(err, &unknown) || unknown.Hasher != hasher || strings.Contains(err.Error(), "sec") {
			t.Errorf("%q: %v", string(encoded), err)
		}
	}
}

// TestOnlySomeCallsWorkAtATime starts more calls than Concurrency allows.
func TestOnlySomeCallsWorkAtATime(t *testing.T) {
	t.Parallel()
	gate, started := make(chan struct{}), make(chan struct{}, 2)
	h := newHashers(t, "5.2.19", func(s *djangosession.Settings, o *hashers.Options) {
		s.Hashers, o.Own, o.Concurrency = ownFacts(), map[string]hashers.Hasher{"own": blocking{gate, started}}, 2
	})
	done := make(chan error, 2)
	for range 2 {
		go func() { _, err := h.Make(context.Background(), "x"); done <- err }()
		<-started
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := h.Make(ctx, "x"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a third call: %v", err)
	}
	close(gate)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if _, err := h.Make(t.Context(), "x"); err != nil {
		t.Error(err)
	}
}

type blocking struct{ gate, started chan struct{} }

func (b blocking) Encode(string) (string, error) {
	select {
	case b.started <- struct{}{}:
	default:
	}
	<-b.gate
	return "own$x", nil
}
func (b blocking) Verify(string, string) (bool, error) { return false, nil }
func (b blocking) MustUpdate(string) bool              { return false }

func TestPasswordsThatDjangoCouldNotCheckAreNotMade(t *testing.T) {
	t.Parallel()
	h := newHashers(t, "5.2.19", func(s *djangosession.Settings, _ *hashers.Options) {
		const class = module + "BCryptPasswordHasher"
		s.Hashers = []djangosession.PasswordHasher{{Class: class, Algorithm: "bcrypt", MRO: []string{class}, Parameters: map[string]int{"rounds": 4}}}
	})
	long := strings.Repeat("x", 73)
	for password, want := range map[string]error{"\xff": hashers.ErrNotUTF8, long: hashers.ErrPasswordTooLong, long[1:]: nil} {
		if _, err := h.Make(t.Context(), password); !errors.Is(err, want) {
			t.Errorf("%q: %v", password, err)
		}
	}
	ok, update, err := h.Check(t.Context(), long, "bcrypt$$2b$05$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i")
	if ok || update || err != nil {
		t.Errorf("%v, %v, %v", ok, update, err)
	}
	ok, update, err = h.Check(t.Context(), long, "bcrypt$$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i")
	if !ok || update || err != nil {
		t.Errorf("%v, %v, %v", ok, update, err)
	}
}

// Django counts the bytes of a salt, because it decodes them as Latin-1.
func TestLengthOfAnArgon2SaltIsInBytes(t *testing.T) {
	t.Parallel()
	const class = module + "Argon2PasswordHasher"
	h := newHashers(t, "4.2.30", func(s *djangosession.Settings, _ *hashers.Options) {
		s.Hashers = []djangosession.PasswordHasher{{
			Class: class, Algorithm: "argon2", MRO: []string{class}, Parameters: map[string]int{"time_cost": 1, "memory_cost": 64, "parallelism": 1},
		}}
	})
	for encoded, want := range map[auth.Secret]bool{ // must_update in Django 4.2.30
		"argon2$argon2id$v=19$m=64,t=1,p=1$w6nDqcOpw6nDqcOpw6nDqcOpw6nDqQ$wz8XbrX5PgahcBu/j4bcehmuILJkSBsh2vM4QdfsQsk": false, // 22 bytes
		"argon2$argon2id$v=19$m=64,t=1,p=1$w6nDqcOpw6nDqcOpw6nDqcOpw6k$vAhcoTX3suz0RoZVC3bw93qW/s6F0bjjeOMxkEl35Ds":    true,  // 20 bytes
	} {
		if ok, update, err := h.Check(t.Context(), "password", encoded); !ok || update != want || err != nil {
			t.Errorf("%s: %v, update %v, %v", string(encoded), ok, update, err)
		}
	}
}
