package auth_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

const (
	hashers        = "django.contrib.auth.hashers."
	argon2Password = "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0$ULh0KtqvabhdBE2i6BV2uQ"
)

func TestUnknownHasherIsNotAWrongPassword(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	site.people.byID["1"].password = argon2Password
	site.people.byID["2"].password = "bcrypt_sha256$$2b$12$x"
	for range 3 {
		for name, hasher := range map[string]string{"anne": "argon2", "bob": "bcrypt_sha256"} {
			u, err := site.auth.Authenticate(t.Context(), name, "x")
			var unknown *auth.HasherError
			if u != nil || !errors.As(err, &unknown) || unknown.Hasher != hasher || errors.Is(err, auth.ErrBadCredentials) ||
				!errors.Is(err, auth.ErrUnknownHasher) || !strings.Contains(err.Error(), `Options.Hashers["`+hasher+`"]`) {
				t.Errorf("%s: %v, %v", name, u, err)
			}
		}
	}
	if log := site.log.String(); strings.Count(log, "level=ERROR") != 2 || strings.Count(log, "hasher=argon2") != 1 ||
		strings.Contains(log, "c2Fsd") {
		t.Errorf("log %q", log)
	}
	if _, err := site.auth.Authenticate(t.Context(), "carl", "x"); !errors.Is(err, auth.ErrBadCredentials) {
		t.Errorf("a name without a user: %v", err)
	}
}

// TestHasherErrorsNameNoPassword uses stored texts that may be passwords that were never
// encoded.
func TestHasherErrorsNameNoPassword(t *testing.T) {
	t.Parallel()
	for encoded, hasher := range map[string]string{
		"":                       "",
		"secret":                 "",
		"sec$ret":                "",
		"my secret$and$more":     "",
		"$$$":                    "",
		argon2Password:           "argon2",
		"bcrypt$x":               "bcrypt",
		"md5$x":                  "md5",
		"sha1$x":                 "sha1",
		"scrypt$x":               "scrypt",
		"crypt$x":                "crypt",
		"bcrypt_sha256$x":        "bcrypt_sha256",
		"own_hasher$1$salt$hash": "own_hasher",
		"own$salt$hash":          "own",
	} {
		_, err := auth.CheckPassword("x", auth.Secret(encoded))
		var unknown *auth.HasherError
		if !errors.As(err, &unknown) || unknown.Hasher != hasher || strings.Contains(err.Error(), "sec") {
			t.Errorf("%q: %v", encoded, err)
		}
	}
}

// TestEmptyPasswordIsNobodys uses a user that was created without a password.
func TestEmptyPasswordIsNobodys(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	site.people.byID["2"].password = ""
	for _, password := range []string{"", "x"} {
		if u, err := site.auth.Authenticate(t.Context(), "bob", password); u != nil || !errors.Is(err, auth.ErrBadCredentials) {
			t.Errorf("%q: %v, %v", password, u, err)
		}
	}
}

// TestRefusalsDoNotTellWhichUsersExist uses a site whose new passwords cannot be checked.
// All refusals must be the same.
func TestRefusalsDoNotTellWhichUsersExist(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", func(s *djangosession.Settings, _ *auth.Options) {
		s.PasswordHashers = []string{hashers + "Argon2PasswordHasher", hashers + "PBKDF2PasswordHasher"}
	})
	if log := site.log.String(); strings.Count(log, "hasher=argon2") != 1 {
		t.Errorf("log %q", log)
	}
	site.people.byID["1"].password = argon2Password
	site.people.byID["3"] = &person{username: "old", password: annesPassword}
	site.people.byID["4"] = &person{username: "locked", password: "!x"}
	site.people.byID["5"] = &person{username: "without"}
	want := (&auth.HasherError{Hasher: "argon2"}).Error()
	for _, name := range []string{"anne", "carl", "old", "locked", "without"} {
		if u, err := site.auth.Authenticate(t.Context(), name, "x"); u != nil || err == nil || err.Error() != want || errors.Is(err, auth.ErrBadCredentials) {
			t.Errorf("%s: %v, %v", name, u, err)
		}
	}
	if u, err := site.auth.Authenticate(t.Context(), "old", "password"); u == nil || err != nil {
		t.Errorf("an earlier password: %v, %v", u, err)
	}
	if n := strings.Count(site.log.String(), "level="); n != 1 {
		t.Errorf("%d lines in the log", n)
	}
}

func TestDefaultHasherIsLookedAtFirst(t *testing.T) {
	t.Parallel()
	verify := func(string, string) (bool, error) { return false, nil }
	known := func(algorithms ...string) map[string]auth.Verifier {
		all := map[string]auth.Verifier{}
		for _, name := range algorithms {
			all[name] = verify
		}
		return all
	}
	for _, c := range []struct {
		name    string
		hashers []string
		options auth.Options
		warning string // expected in the log; "" if nothing is
		unknown string // hasher that refusals name
	}{
		{name: "not exported"},
		{name: "Django's default", hashers: []string{hashers + "PBKDF2PasswordHasher", hashers + "Argon2PasswordHasher"}},
		{name: "argon2", hashers: []string{hashers + "Argon2PasswordHasher"}, warning: "argon2", unknown: "argon2"},
		{name: "bcrypt_sha256", hashers: []string{hashers + "BCryptSHA256PasswordHasher"}, warning: "bcrypt_sha256", unknown: "bcrypt_sha256"},
		{name: "bcrypt", hashers: []string{hashers + "BCryptPasswordHasher"}, warning: "bcrypt", unknown: "bcrypt"},
		{name: "scrypt", hashers: []string{hashers + "ScryptPasswordHasher"}, warning: "scrypt", unknown: "scrypt"},
		{name: "md5", hashers: []string{hashers + "MD5PasswordHasher"}, warning: "md5", unknown: "md5"},
		{name: "sha1", hashers: []string{hashers + "SHA1PasswordHasher"}, warning: "sha1", unknown: "sha1"},
		{name: "crypt", hashers: []string{hashers + "CryptPasswordHasher"}, warning: "crypt", unknown: "crypt"},
		{name: "another SHA-1", hashers: []string{hashers + "PBKDF2SHA1PasswordHasher"}, warning: "SamplePassword"},
		{
			name: "argon2 with a Verifier", hashers: []string{hashers + "Argon2PasswordHasher"},
			options: auth.Options{Hashers: known("argon2")}, warning: "SamplePassword",
		},
		{
			name: "argon2 with a Verifier and a sample", hashers: []string{hashers + "Argon2PasswordHasher"},
			options: auth.Options{Hashers: known("argon2"), SamplePassword: argon2Password},
		},
		{name: "a custom hasher", hashers: []string{"shop.hashers.Slower"}, warning: "shop.hashers.Slower"},
		{
			name: "a custom hasher with a sample", hashers: []string{"shop.hashers.Slower"},
			options: auth.Options{SamplePassword: "pbkdf2_sha256$1$salt$x"},
		},
		{name: "one of another package with the name of Django's", hashers: []string{"shop.Argon2PasswordHasher"}, warning: "shop.Argon2"},
	} {
		site := newSite(t, "5.2.19", func(s *djangosession.Settings, o *auth.Options) {
			s.PasswordHashers, o.Hashers, o.SamplePassword = c.hashers, c.options.Hashers, c.options.SamplePassword
		})
		if log := site.log.String(); (log == "") != (c.warning == "") || !strings.Contains(log, c.warning) {
			t.Errorf("%s: log %q", c.name, log)
		}
		_, err := site.auth.Authenticate(t.Context(), "carl", "x")
		var unknown *auth.HasherError
		if errors.As(err, &unknown) != (c.unknown != "") || unknown != nil && unknown.Hasher != c.unknown ||
			(c.unknown == "") != errors.Is(err, auth.ErrBadCredentials) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
