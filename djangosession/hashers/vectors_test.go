package hashers_test

import (
	"log/slog"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/hashers"
)

const module = "django.contrib.auth.hashers."

// allClasses are all of Django's hashers that are supported.
func allClasses() []string {
	names := []string{
		"PBKDF2", "PBKDF2SHA1", "Argon2", "BCryptSHA256", "BCrypt", "Scrypt", "MD5", "SHA1", "UnsaltedMD5", "UnsaltedSHA1",
	}
	all := make([]string, 0, len(names))
	for _, name := range names {
		all = append(all, module+name+"PasswordHasher")
	}
	return all
}

func newHashers(t *testing.T, django string, change func(*djangosession.Settings, *hashers.Options)) *hashers.Hashers {
	t.Helper()
	s, err := djangosession.NewSettingsFor(django, "key")
	if err != nil {
		t.Fatal(err)
	}
	o := hashers.Options{Logger: slog.New(slog.DiscardHandler)}
	s.PasswordHashers = allClasses()
	if change != nil {
		change(&s, &o)
	}
	h, err := hashers.New(s, o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// The encoded passwords were made by Django.
func TestPasswordsAreCheckedAsDjangoChecksThem(t *testing.T) {
	t.Parallel()
	const one = "pbkdf2_sha256$1$seasalt$YQUqaoGGIdcjQtCPUVvu1oIcyb7WgPW9b7k/hvRudOk="
	h := newHashers(t, "5.2.19", nil)
	h.Cheapen()
	for _, c := range []struct {
		name, password string
		encoded        auth.Secret
		want           bool
	}{
		{"pbkdf2_sha256", "pässword☃", "pbkdf2_sha256$1000$seasalt$fW9r4efQ+KH7efSRrWmd9EbOtr3KLrpwgMl8Nyslks4=", true},
		{"pbkdf2_sha1", "pässword☃", "pbkdf2_sha1$1000$seasalt$vEotZY207dCc2XvX/W19RIcr1Yc=", true},
		{"one iteration", "password", one, true},
		{"the empty password", "", "pbkdf2_sha256$2$salt$YjhEZiZNqtxBRAGMa9hkZIJys02omA0xUh/8zpKuADs=", true},
		{"with a zero byte", "x\x00y", "pbkdf2_sha1$3$salt$jRJCFV/lFz5Q5+Fvgn6bELRVGlk=", true},
		{"another password", "Password", one, false},
		{"the encoded text itself", one, one, false},
		{"another salt", "password", "pbkdf2_sha256$1$seasalT$YQUqaoGGIdcjQtCPUVvu1oIcyb7WgPW9b7k/hvRudOk=", false},
		{"iterations in another form", "password", "pbkdf2_sha256$01$seasalt$YQUqaoGGIdcjQtCPUVvu1oIcyb7WgPW9b7k/hvRudOk=", false},
		{"without padding", "password", "pbkdf2_sha256$1$seasalt$YQUqaoGGIdcjQtCPUVvu1oIcyb7WgPW9b7k/hvRudOk", false},
		{"an empty hash", "password", "pbkdf2_sha256$1$seasalt$", false},
		{"no iterations", "password", "pbkdf2_sha256$0$seasalt$YQUqaoGGIdcjQtCPUVvu1oIcyb7WgPW9b7k/hvRudOk=", false},
		{"negative iterations", "password", "pbkdf2_sha256$-1$seasalt$YQUqaoGGIdcjQtCPUVvu1oIcyb7WgPW9b7k/hvRudOk=", false},
		{"iterations that are text", "password", "pbkdf2_sha256$one$seasalt$YQUqaoGGIdcjQtCPUVvu1oIcyb7WgPW9b7k/hvRudOk=", false},
		{"no salt", "password", "pbkdf2_sha256$1$$x", false},
		{"truncated", "password", "pbkdf2_sha256$1", false},
		{"unusable", "!abc", "!abc", false},
		{"unusable, but of the usual form", "password", "!" + one, false},
		{"empty", "", "", false},
		{"scrypt", "pässword☃", "scrypt$1024$seasalt$8$1$j764zR5lAJYUUTi8q0eWmJ1D8Oy6CZoLpQxmL0w+YXHMVwezWrYFr27M6e3sy/uyj0pe6QhiFZXq/BksZ7XMoA==", true},
		{"scrypt with blocks of 2", "password", "scrypt$16$seasalt$2$1$DmWbjU2G+89hk9nKo/wrA1fJFXTMr73gdibjhRlqir4YOXnIlGB6vp97zdjRB2liAYbzTdqATwbfMtw4VW5uPg==", true},
		{"scrypt with blocks of 3", "password", "scrypt$16$seasalt$3$1$IkJ7F7S8N45FdrJw1w8wKJDP0JvDiV5p+t9Sf7Jub0DmuQ9jpwQxibKUxmHFQM/cmw/rShS3ANCbsFv6DFRRrw==", true},
		{"scrypt with more blocks than their size allows", "password", "scrypt$65536$seasalt$1$1$x", false},
		{"argon2id", "pässword☃", "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0$ULh0KtqvabhdBE2i6BV2uQ", true},
		{"another argon2id", "pässword", "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0$ULh0KtqvabhdBE2i6BV2uQ", false},
		{"bcrypt_sha256", "pässword☃", "bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuu.S5trVADT.fJYobEELpgvqe5UjhIqvu", true},
		{"bcrypt", "pässword☃", "bcrypt$$2b$04$abcdefghijklmnopqrstuu.Kr0/ksLYYxVwJHz9TJdLi6VmnsX4la", true},
		{"bcrypt as PHP writes it", "pppppppppp", "bcrypt$$2y$04$abcdefghijklmnopqrstuu2zQ2hzFAHcSDcSR8sVm1HwxxqaOH2si", true},
		{"bcrypt with a zero byte", "a\x00b", "bcrypt$$2b$04$abcdefghijklmnopqrstuusjHI0zQHpOe3SFDK1IriYv6N79Gzr32", true},
		{"bcrypt without a password", "", "bcrypt$$2b$04$abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxjiq", true},
		{"md5", "pässword☃", "md5$seasalt$b2a63f0fc699d781905eb123bad53f90", true},
		{"another md5", "pässword", "md5$seasalt$b2a63f0fc699d781905eb123bad53f90", false},
		{"unsalted md5", "password", "5f4dcc3b5aa765d61d8327deb882cf99", true},
		{"unsalted md5 with its prefix", "password", "md5$$5f4dcc3b5aa765d61d8327deb882cf99", true},
		{"unsalted md5 with a salt", "password", "unsalted_md5$x$5f4dcc3b5aa765d61d8327deb882cf99", false},
		{"unsalted md5 with its name", "password", "unsalted_md5$5f4dcc3b5aa765d61d8327deb882cf99", false},
		{"unsalted sha1", "password", "sha1$$5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8", true},
		{"unsalted sha1 with a salt", "password", "unsalted_sha1$x$5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8", false},
		{"unsalted sha1 with its name", "password", "unsalted_sha1$5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8", false},
	} {
		ok, _, err := h.Check(t.Context(), c.password, c.encoded)
		if ok != c.want || err != nil {
			t.Errorf("%s: %v, %v", c.name, ok, err)
		}
	}
}
