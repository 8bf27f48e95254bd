package hashers_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/hashers"
)

// storedPasswords are encoded passwords by algorithm: weaker than new ones of any
// release, and stronger.
func storedPasswords() map[string][]string {
	const bcryptRest = "$abcdefghijklmnopqrstuu.S5trVADT.fJYobEELpgvqe5UjhIqvu"
	return map[string][]string{
		"pbkdf2_sha256": {"pbkdf2_sha256$1000$salt$x=", "pbkdf2_sha256$99999$salt$x=", "pbkdf2_sha256$3000000$salt$x="},
		"pbkdf2_sha1":   {"pbkdf2_sha1$1000$salt$x=", "pbkdf2_sha1$3000000$salt$x="},
		"argon2": {
			"argon2$argon2i$v=19$m=512,t=2,p=2$c2FsdHNhbHRzYWx0$ULh0KtqvabhdBE2i6BV2uQ",
			"argon2$argon2i$v=19$m=100,t=1,p=8$c2FsdHNhbHRzYWx0$ULh0KtqvabhdBE2i6BV2uQ",
			"argon2$argon2i$v=19$m=204800,t=3,p=8$c2FsdHNhbHRzYWx0$ULh0KtqvabhdBE2i6BV2uQ",
		},
		"bcrypt_sha256": {"bcrypt_sha256$$2b$04" + bcryptRest, "bcrypt_sha256$$2b$11" + bcryptRest, "bcrypt_sha256$$2b$14" + bcryptRest},
		"bcrypt":        {"bcrypt$$2b$10" + bcryptRest, "bcrypt$$2b$14" + bcryptRest},
		"scrypt":        {"scrypt$1024$salt$8$1$x=", "scrypt$16384$salt$8$1$x=", "scrypt$4096$salt$7$3$x=", "scrypt$16384$salt$8$30$x="},
		"md5":           {"md5$salt$x"},
		"sha1":          {"sha1$salt$x"},
		"unsalted_md5":  {strings.Repeat("a", 32), "md5$$" + strings.Repeat("a", 32)},
		"unsalted_sha1": {"sha1$$" + strings.Repeat("a", 40)},
	}
}

// TestRefusalsDoTheWorkOfTheDefaultHasher counts the work of refusals, with each hasher
// as the default one. It must be that of the default hasher, or of the stored password if
// that is more.
func TestRefusalsDoTheWorkOfTheDefaultHasher(t *testing.T) {
	t.Parallel()
	const mostLeft = 2 * time.Millisecond // what is less than one step of bcrypt
	for _, django := range []string{"2.2.28", "3.2.25", "4.2.30", "5.2.19", "6.1.3"} {
		for _, algorithm := range []string{"pbkdf2_sha256", "pbkdf2_sha1", "argon2", "bcrypt_sha256", "bcrypt", "scrypt", "md5"} {
			h := newHashers(t, django, func(s *djangosession.Settings, _ *hashers.Options) {
				first := slices.IndexFunc(s.PasswordHashers, func(name string) bool { return strings.HasPrefix(name, className(algorithm)) })
				s.PasswordHashers[0], s.PasswordHashers[first] = s.PasswordHashers[first], s.PasswordHashers[0]
			})
			var done time.Duration
			h.CountWork(&done)
			want := h.WorkOf(algorithm, "")
			refuse := func(password, encoded string, want, tolerance time.Duration) {
				t.Helper()
				done = 0
				ok, mustUpdate, err := h.Check(t.Context(), password, auth.Secret(encoded))
				if ok || mustUpdate || err != nil && !errors.Is(err, auth.ErrUnknownHasher) || done > want || done < want-tolerance {
					t.Errorf("Django %s with %s: %q: %v, work %v, want %v", django, algorithm, encoded, err, done, want)
				}
			}
			for _, encoded := range []string{
				"", "!", "!x", "x", "own$x$y", "crypt$$x", "pbkdf2_sha256$x", "scrypt$1$1$1", "argon2$argon2id$", "bcrypt$$2b$99$x",
				"pbkdf2_sha256$2000000000$salt$x=",
			} {
				refuse("password", encoded, want, 0)
			}
			for stored, all := range storedPasswords() {
				for _, encoded := range all {
					tolerance := mostLeft
					if stored == algorithm && algorithm != "scrypt" {
						tolerance = 0
					}
					refuse("password", encoded, max(want, h.WorkOf(stored, encoded)), tolerance)
					refuse("\xff", encoded, want, tolerance)
				}
			}
		}
	}
}

// TestRefusalsTakeTimeWithoutTheDefaultHasher counts the work of refusals if the default
// hasher cannot be used. The next one that can be sets the time, so that names without a
// user are not answered faster.
func TestRefusalsTakeTimeWithoutTheDefaultHasher(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*djangosession.Settings, *hashers.Options){
		"unknown": func(s *djangosession.Settings, _ *hashers.Options) { s.Hashers = ownFacts() },
		"too much memory": func(s *djangosession.Settings, o *hashers.Options) {
			s.PasswordHashers, o.MaxMemory = nil, 1<<20
			for _, class := range []string{"Argon2", "Scrypt", "MD5", "PBKDF2", "PBKDF2SHA1"} {
				s.PasswordHashers = append(s.PasswordHashers, module+class+"PasswordHasher")
			}
		},
	} {
		h := newHashers(t, "5.2.19", change)
		var done time.Duration
		h.CountWork(&done)
		want := h.WorkOf("pbkdf2_sha256", "")
		for _, encoded := range []auth.Secret{
			"", "!x", "x", "own$x", "crypt$$x", "pbkdf2_sha256$x", "pbkdf2_sha256$1000$salt$x=", "pbkdf2_sha256$2000000000$salt$x=",
		} {
			done = 0
			if ok, _, err := h.Check(t.Context(), "password", encoded); ok || !errors.Is(err, auth.ErrUnknownHasher) || done != want {
				t.Errorf("%s: %q: %v, %v, work %v, want %v", name, string(encoded), ok, err, done, want)
			}
		}
	}
}

func className(algorithm string) string {
	return module + map[string]string{
		"pbkdf2_sha256": "PBKDF2P", "pbkdf2_sha1": "PBKDF2SHA1", "argon2": "Argon2", "bcrypt_sha256": "BCryptSHA256", "bcrypt": "BCryptP",
		"scrypt": "Scrypt", "md5": "MD5",
	}[algorithm]
}
