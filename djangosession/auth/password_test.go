package auth_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// The encoded passwords were made by Django.
func TestPasswordsAreCheckedAsDjangoChecksThem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, password string
		encoded        auth.Secret
		want           bool
		err            error
	}{
		{"pbkdf2_sha256", "pässword☃", "pbkdf2_sha256$1000$seasalt$fW9r4efQ+KH7efSRrWmd9EbOtr3KLrpwgMl8Nyslks4=", true, nil},
		{"pbkdf2_sha1", "pässword☃", "pbkdf2_sha1$1000$seasalt$vEotZY207dCc2XvX/W19RIcr1Yc=", true, nil},
		{"one iteration", "password", annesPassword, true, nil},
		{"the empty password", "", "pbkdf2_sha256$2$salt$YjhEZiZNqtxBRAGMa9hkZIJys02omA0xUh/8zpKuADs=", true, nil},
		{"with a zero byte", "x\x00y", "pbkdf2_sha1$3$salt$jRJCFV/lFz5Q5+Fvgn6bELRVGlk=", true, nil},
		{"another password", "Password", annesPassword, false, nil},
		{"the encoded text itself", annesPassword, annesPassword, false, nil},
		{"another salt", "password", "pbkdf2_sha256$1$seasalT$YQUqaoGGIdcjQtCPUVvu1oIcyb7WgPW9b7k/hvRudOk=", false, nil},
		{"iterations in another form", "password", "pbkdf2_sha256$01$seasalt$YQUqaoGGIdcjQtCPUVvu1oIcyb7WgPW9b7k/hvRudOk=", false, nil},
		{"without padding", "password", "pbkdf2_sha256$1$seasalt$YQUqaoGGIdcjQtCPUVvu1oIcyb7WgPW9b7k/hvRudOk", false, nil},
		{"an empty hash", "password", "pbkdf2_sha256$1$seasalt$", false, nil},
		{"no iterations", "password", "pbkdf2_sha256$0$seasalt$YQUqaoGGIdcjQtCPUVvu1oIcyb7WgPW9b7k/hvRudOk=", false, nil},
		{"negative iterations", "password", "pbkdf2_sha256$-1$seasalt$YQUqaoGGIdcjQtCPUVvu1oIcyb7WgPW9b7k/hvRudOk=", false, nil},
		{"iterations that are text", "password", "pbkdf2_sha256$one$seasalt$YQUqaoGGIdcjQtCPUVvu1oIcyb7WgPW9b7k/hvRudOk=", false, nil},
		{"endless iterations", "password", "pbkdf2_sha256$9999999999$seasalt$x", false, nil},
		{"no salt", "password", "pbkdf2_sha256$1$$x", false, nil},
		{"truncated", "password", "pbkdf2_sha256$1", false, nil},
		{"unusable", "!abc", "!abc", false, nil},
		{"unusable, but of the usual form", "password", "!" + annesPassword, false, nil},
		{"empty", "", "", false, auth.ErrUnknownHasher},
		{"the password itself", "password", "password", false, auth.ErrUnknownHasher},
		{"argon2", "x", "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0$ULh0KtqvabhdBE2i6BV2uQ", false, auth.ErrUnknownHasher},
		{"md5", "pässword☃", "md5$seasalt$b2a63f0fc699d781905eb123bad53f90", false, auth.ErrUnknownHasher},
	} {
		got, err := auth.CheckPassword(c.password, c.encoded)
		if got != c.want || !errors.Is(err, c.err) || err != nil && strings.Contains(err.Error(), "sal") {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
	}
	site := newSite(t, "5.2.19", func(_ *djangosession.Settings, o *auth.Options) {
		o.Hashers = map[string]auth.Verifier{"md5": auth.VerifyMD5}
	})
	for _, c := range []struct {
		password string
		encoded  auth.Secret
		want     bool
	}{
		{"pässword☃", "md5$seasalt$b2a63f0fc699d781905eb123bad53f90", true},
		{"pw", "md5$s$b8eb3759fdbc886370a1b550e39d1190", true},
		{"p", "md5$s$b8eb3759fdbc886370a1b550e39d1190", false},
		{"p", "md5$s", false},
		{"p", "md5$$b8eb3759fdbc886370a1b550e39d1190", false},
		{"password", annesPassword, true},
	} {
		if got, err := site.auth.CheckPassword(c.password, c.encoded); got != c.want || err != nil {
			t.Errorf("%s: %v, %v", c.encoded, got, err)
		}
	}
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	const custom = "shop.backends.Custom"
	for _, c := range []struct {
		name, username, password string
		change                   func(*djangosession.Settings, *auth.Options)
		person                   func(*memoryUsers)
		backend                  string
		err                      error
	}{
		{"the password", "anne", "password", nil, nil, auth.ModelBackend, nil},
		{"another", "anne", "Password", nil, nil, "", auth.ErrBadCredentials},
		{"an unknown name", "carl", "password", nil, nil, "", auth.ErrBadCredentials},
		{"an inactive user", "anne", "password", nil, func(p *memoryUsers) { p.byID["1"].inactive = true }, "", auth.ErrBadCredentials},
		{"an unusable password", "anne", "!", nil, func(p *memoryUsers) { p.byID["1"].password = "!" }, "", auth.ErrBadCredentials},
		{"an unknown hasher", "anne", "x", nil, func(p *memoryUsers) { p.byID["1"].password = "bcrypt$x" }, "", auth.ErrUnknownHasher},
		{
			"an inactive user where a second backend takes those", "anne", "password", func(s *djangosession.Settings, _ *auth.Options) {
				s.AuthenticationBackends = []string{auth.ModelBackend, auth.AllowAllUsersModelBackend}
			}, func(p *memoryUsers) { p.byID["1"].inactive = true }, auth.AllowAllUsersModelBackend, nil,
		},
		{
			"no backend with passwords", "anne", "password", func(s *djangosession.Settings, _ *auth.Options) {
				s.AuthenticationBackends = []string{custom, auth.RemoteUserBackend}
			}, nil, "", auth.ErrBackend,
		},
		{
			"the site's own backend", "anne", "password", func(s *djangosession.Settings, o *auth.Options) {
				s.AuthenticationBackends, o.PasswordBackends = []string{custom}, []string{custom}
			}, nil, custom, nil,
		},
		{
			"behind a backend that may refuse", "anne", "password", func(s *djangosession.Settings, _ *auth.Options) {
				s.AuthenticationBackends = []string{custom, auth.ModelBackend}
			}, nil, "", auth.ErrBackend,
		},
		{
			"before a backend that may refuse", "anne", "password", func(s *djangosession.Settings, _ *auth.Options) {
				s.AuthenticationBackends = []string{auth.RemoteUserBackend, auth.ModelBackend, custom}
			}, nil, auth.ModelBackend, nil,
		},
		{
			"an inactive user, and a backend that may refuse before the one for those", "anne", "password", func(s *djangosession.Settings, _ *auth.Options) {
				s.AuthenticationBackends = []string{auth.ModelBackend, custom, auth.AllowAllUsersModelBackend}
			}, func(p *memoryUsers) { p.byID["1"].inactive = true }, "", auth.ErrBadCredentials,
		},
		{
			"behind a backend that does not", "anne", "password", func(s *djangosession.Settings, o *auth.Options) {
				s.AuthenticationBackends, o.IgnoredBackends = []string{custom, auth.ModelBackend}, []string{custom}
			}, nil, auth.ModelBackend, nil,
		},
	} {
		site := newSite(t, "5.2.19", c.change)
		if c.person != nil {
			c.person(site.people)
		}
		u, err := site.auth.Authenticate(t.Context(), c.username, c.password)
		if !errors.Is(err, c.err) || (u == nil) != (c.err != nil) || u != nil && u.Backend != c.backend {
			t.Errorf("%s: %+v, %v", c.name, u, err)
		}
	}
	site := newSite(t, "5.2.19", nil)
	site.people.failure = errors.New("the database is away")
	if _, err := site.auth.Authenticate(t.Context(), "anne", "password"); !errors.Is(err, site.people.failure) || errors.Is(err, auth.ErrBadCredentials) {
		t.Error(err)
	}
}

// TestRefusalsTakeAsLongAsAWrongPassword counts the iterations, which must be those of
// each release's own hasher.
func TestRefusalsTakeAsLongAsAWrongPassword(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		django  string
		options auth.Options
		want    int
	}{
		{django: "1.4.22", want: 10_000}, // from the source of each release
		{django: "1.5.12", want: 10_000},
		{django: "1.6.11", want: 12_000},
		{django: "1.7.11", want: 15_000},
		{django: "1.8.19", want: 20_000},
		{django: "1.9.13", want: 24_000},
		{django: "1.10.8", want: 30_000},
		{django: "1.11.29", want: 36_000},
		{django: "2.0.13", want: 100_000},
		{django: "2.1.15", want: 120_000},
		{django: "2.2.28", want: 150_000},
		{django: "3.0.14", want: 180_000},
		{django: "3.1.14", want: 216_000},
		{django: "3.2.25", want: 260_000},
		{django: "4.0.10", want: 320_000},
		{django: "4.1.13", want: 390_000},
		{django: "4.2.30", want: 600_000},
		{django: "5.0.14", want: 720_000},
		{django: "5.1.15", want: 870_000},
		{django: "5.2.19", want: 1_000_000},
		{django: "6.0.5", want: 1_200_000},
		{django: "6.1.3", want: 1_500_000},
		{django: "1.4", want: 10_000},
		{django: "1.5", want: 10_000},
		{django: "1.6", want: 12_000},
		{django: "1.7", want: 15_000},
		{django: "1.8", want: 20_000},
		{django: "1.9", want: 24_000},
		{django: "1.10", want: 30_000},
		{django: "1.11", want: 36_000},
		{django: "2.0", want: 100_000},
		{django: "2.1", want: 120_000},
		{django: "2.2", want: 150_000},
		{django: "3.0", want: 180_000},
		{django: "3.1", want: 216_000},
		{django: "3.2", want: 260_000},
		{django: "4.0", want: 320_000},
		{django: "4.1", want: 390_000},
		{django: "4.2", want: 600_000},
		{django: "5.0", want: 720_000},
		{django: "5.1", want: 870_000},
		{django: "5.2", want: 1_000_000},
		{django: "6.0", want: 1_200_000},
		{django: "6.1", want: 1_500_000},
		{django: "5.2.19", options: auth.Options{Iterations: 77_000}, want: 77_000},
		{django: "5.2.19", options: auth.Options{SamplePassword: "pbkdf2_sha256$88000$salt$x", Iterations: 1}, want: 88_000},
		{django: "5.2.19", options: auth.Options{SamplePassword: "pbkdf2_sha1$99000$salt$x"}, want: 99_000},
	} {
		site := newSite(t, c.django, func(_ *djangosession.Settings, o *auth.Options) {
			o.Iterations, o.SamplePassword = c.options.Iterations, c.options.SamplePassword
		})
		for name, password := range map[string]string{
			"locked": "!x", "foreign": "bcrypt$x", "without": "", "usual": fmt.Sprintf("pbkdf2_sha256$%d$salt$x", c.want),
			"shorter": "pbkdf2_sha256$1000$salt$x", "one less": fmt.Sprintf("pbkdf2_sha256$%d$salt$x", c.want-1),
			"longer": fmt.Sprintf("pbkdf2_sha256$%d$salt$x", c.want+1), "SHA-1": "pbkdf2_sha1$1000$salt$x",
			"broken": "pbkdf2_sha256$0$salt$x",
		} {
			site.people.byID[strconv.Itoa(len(site.people.byID)+1)] = &person{username: name, password: password}
		}
		for name, want := range map[string]int{
			"nobody": c.want, "locked": c.want, "foreign": c.want, "without": c.want, "usual": c.want, "shorter": c.want,
			"one less": c.want, "longer": c.want + 1, "broken": c.want,
			"SHA-1": 1000, // like Django for hashers other than the default one
		} {
			done := 0
			site.auth.CountIterations(func(n int) { done += n })
			if strings.HasPrefix(string(c.options.SamplePassword), "pbkdf2_sha1") && (name == "shorter" || name == "one less") {
				continue // not the default hasher
			}
			u, err := site.auth.Authenticate(t.Context(), name, "x")
			if u != nil || err == nil || done != want {
				t.Errorf("Django %s, %+v, %s: %d iterations, want %d; %v", c.django, c.options, name, done, want, err)
			}
		}
	}
}

// TestFailedVerifierVerifiesNothing uses a Verifier that returns both true and an error.
func TestFailedVerifierVerifiesNothing(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", func(_ *djangosession.Settings, o *auth.Options) {
		o.Hashers = map[string]auth.Verifier{"odd": func(string, string) (bool, error) { return true, errors.New("out of memory") }}
	})
	site.people.byID["2"].password = "odd$x"
	if u, err := site.auth.Authenticate(t.Context(), "bob", "x"); u != nil || err == nil {
		t.Errorf("%v, %v", u, err)
	}
}

// TestFailureToCheckTheSampleIsReported uses a failing Verifier.
func TestFailureToCheckTheSampleIsReported(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", func(_ *djangosession.Settings, o *auth.Options) {
		o.Hashers = map[string]auth.Verifier{"odd": func(string, string) (bool, error) { return false, errAway }}
		o.SamplePassword = "odd$x"
	})
	if u, err := site.auth.Authenticate(t.Context(), "nobody", "x"); u != nil || !errors.Is(err, auth.ErrBadCredentials) || !errors.Is(err, errAway) {
		t.Errorf("%v, %v", u, err)
	}
}

// TestUnknownNamesTakeAsLongWithAnotherHasher uses a Verifier that counts its calls.
func TestUnknownNamesTakeAsLongWithAnotherHasher(t *testing.T) {
	t.Parallel()
	var asked []string
	site := newSite(t, "5.2.19", func(_ *djangosession.Settings, o *auth.Options) {
		o.Hashers = map[string]auth.Verifier{"slow": func(password, encoded string) (bool, error) {
			asked = append(asked, password+" "+encoded)
			return false, nil
		}}
		o.SamplePassword, o.Iterations = "slow$sample", 20_000_000 // would take a minute
	})
	site.people.byID["2"].password = "slow$bob"
	site.people.byID["3"] = &person{username: "locked", password: "!x"}
	for _, name := range []string{"bob", "nobody", "locked", "anne"} {
		if _, err := site.auth.Authenticate(t.Context(), name, name+"s"); err != auth.ErrBadCredentials { //nolint:errorlint // and nothing else
			t.Errorf("%s: %v", name, err)
		}
	}
	if want := []string{"bobs slow$bob", "nobodys slow$sample", "lockeds slow$sample"}; !slices.Equal(asked, want) {
		t.Errorf("asked for %q", asked)
	}
}
