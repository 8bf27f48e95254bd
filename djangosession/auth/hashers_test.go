package auth_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

func TestUnknownHasherIsNotAWrongPassword(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	site.people.byID["1"].password = "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0$ULh0KtqvabhdBE2i6BV2uQ"
	u, err := site.auth.Authenticate(t.Context(), "anne", "x")
	var unknown *auth.HasherError
	if u != nil || !errors.As(err, &unknown) || unknown.Hasher != "argon2" || errors.Is(err, auth.ErrBadCredentials) ||
		!errors.Is(err, auth.ErrUnknownHasher) || !strings.Contains(err.Error(), "PASSWORD_HASHERS") {
		t.Errorf("%v, %v", u, err)
	}
	if _, err := site.auth.Authenticate(t.Context(), "carl", "x"); !errors.Is(err, auth.ErrBadCredentials) {
		t.Errorf("a name without a user: %v", err)
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

func TestHashersAreRequiredOnlyForPasswords(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	site.options.Hashers = nil
	site.with(t, djangosession.Options{})
	anne := site.people.user("1")
	for name, call := range map[string]func() error{
		"Authenticate":  func() error { _, err := site.auth.Authenticate(t.Context(), "anne", "password"); return err },
		"CheckPassword": func() error { _, err := site.auth.CheckPassword(t.Context(), anne, "password"); return err },
		"SetPassword":   func() error { return site.auth.SetPassword(t.Context(), anne, "password") },
		"MakePassword":  func() error { _, err := site.auth.MakePassword(t.Context(), "password"); return err },
	} {
		if err := call(); !errors.Is(err, auth.ErrNoHashers) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := site.auth.SetUnusablePassword(t.Context(), anne); err != nil || anne.HasUsablePassword() {
		t.Errorf("%v, %q", err, string(anne.Password))
	}
}
