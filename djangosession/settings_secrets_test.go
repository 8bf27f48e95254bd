package djangosession_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// TestKeysInBase64AreWholeOrRefused checks that no key is cut where its base64 is wrong.
// A shorter or empty key would sign and verify.
func TestKeysInBase64AreWholeOrRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"good":                {text: "c2VjcmV0LWtleQ==", want: "secret-key"},
		"rubbish at the end":  {text: "c2VjcmV0LWtleQ==!"},
		"rubbish inside":      {text: "c2Vj!cmV0LWtleQ=="},
		"rubbish at first":    {text: "!c2VjcmV0LWtleQ=="},
		"no padding":          {text: "c2VjcmV0LWtleQ"},
		"of another alphabet": {text: "_-__"},
		"empty":               {text: ""},
	} {
		s, err := djangosession.ReadSettings(strings.NewReader(`{"SECRET_KEY": {"$bytes": "` + c.text + `"}}`))
		checkSecret(t, name, "SECRET_KEY", err, c.want)
		if s.SecretKey != c.want {
			t.Errorf("%s: key %q", name, s.SecretKey)
		}
		if name == "empty" {
			continue // an empty fallback key is ignored
		}
		s, err = djangosession.ReadSettings(strings.NewReader(
			`{"SECRET_KEY": "k", "SECRET_KEY_FALLBACKS": ["first", {"$bytes": "` + c.text + `"}, "last"]}`))
		checkSecret(t, name, "SECRET_KEY_FALLBACKS", err, c.want)
		if c.want != "" && !slices.Equal(s.SecretKeyFallbacks, []string{"first", c.want, "last"}) {
			t.Errorf("%s: fallbacks %q", name, s.SecretKeyFallbacks)
		}
	}
}

func checkSecret(t *testing.T, name, setting string, err error, want string) {
	t.Helper()
	refused, ok := errors.AsType[*djangosession.SettingError](err)
	if (err == nil) != (want != "") || err != nil && (!ok || refused.Setting != setting) {
		t.Errorf("%s: %s: error %v", name, setting, err)
	}
}

func TestSettingsThatAreNoJSONAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{", "[]", "null", `"SECRET_KEY"`, `{"SECRET_KEY": "k"`, `{"SECRET_KEY": "k"} {}`} {
		if s, err := djangosession.ReadSettings(strings.NewReader(text)); err == nil || s.SecretKey != "" {
			t.Errorf("%q: key %q, %v", text, s.SecretKey, err)
		}
	}
	for _, value := range []string{"5", "true", "[]", "{}"} { // Django also accepts None and False
		_, err := djangosession.ReadSettings(strings.NewReader(`{"SECRET_KEY": "k", "SESSION_COOKIE_DOMAIN": ` + value + `}`))
		if refused, ok := errors.AsType[*djangosession.SettingError](err); !ok || refused.Setting != "SESSION_COOKIE_DOMAIN" {
			t.Errorf("domain %s: %v", value, err)
		}
	}
	for _, value := range []string{"5", "5.2", "[]", "true", "{}"} {
		_, err := djangosession.ReadSettings(strings.NewReader(`{"SECRET_KEY": "k", "DJANGO_VERSION": ` + value + `}`))
		if refused, ok := errors.AsType[*djangosession.SettingError](err); !ok || refused.Setting != "DJANGO_VERSION" {
			t.Errorf("release %s: %v", value, err)
		}
	}
	for _, value := range []string{"null", "false", `""`} {
		s, err := djangosession.ReadSettings(strings.NewReader(`{"SECRET_KEY": "k", "SESSION_COOKIE_SAMESITE": ` + value + `}`))
		if err != nil || s.SessionCookieSameSite != "" {
			t.Errorf("SameSite %s: %q, %v", value, s.SessionCookieSameSite, err)
		}
	}
}

// TestSignersNeedCompleteSettings has settings that no constructor created, and some with
// an invalid value.
func TestSignersNeedCompleteSettings(t *testing.T) {
	t.Parallel()
	wrong := djangosession.NewSettings("k")
	wrong.TimeZone = "Mars/Olympus"
	for name, s := range map[string]djangosession.Settings{"incomplete": {SecretKey: "k"}, "wrong": wrong, "no key": djangosession.NewSettings("")} {
		cookie, cookieErr := s.SignedCookie("name", "salt")
		o, optionsErr := s.SigningOptions()
		codec, codecErr := djangosession.NewCodec(s)
		if cookie != nil || o.Key != "" || codec != nil {
			t.Errorf("%s: a signer was created", name)
		}
		for _, err := range []error{cookieErr, optionsErr, codecErr, s.Check()} {
			_, isSetting := errors.AsType[*djangosession.SettingError](err)
			if isSetting == errors.Is(err, djangosession.ErrIncompleteSettings) {
				t.Errorf("%s: error %v", name, err)
			}
		}
	}
	good := djangosession.NewSettings("k")
	if err := good.Check(); err != nil {
		t.Error(err)
	}
}
