package djangosession_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/py"
)

func TestDefaultsFollowTheRelease(t *testing.T) {
	t.Parallel()
	for release, c := range map[string]struct{ useTZ, oldCookieSalt bool }{
		"2.2.28": {false, true}, "4.2": {false, true}, "5.0": {true, true}, "5.2.19": {true, true}, "6.0.6": {true, true}, "6.1": {true, false}, "6.2.dev20261101120000": {true, false}, "6.1a1": {true, false},
		"": {true, false},
	} {
		s, err := djangosession.NewSettingsFor(release, "k")
		if err != nil || s.UseTZ != c.useTZ || s.SignedCookieLegacySaltFallback != c.oldCookieSalt {
			t.Errorf("%s: USE_TZ %v, SIGNED_COOKIE_LEGACY_SALT_FALLBACK %v, %v", release, s.UseTZ, s.SignedCookieLegacySaltFallback, err)
		}
		if s.SessionCookieName != "sessionid" || s.SessionCookieAge != 1209600*time.Second || s.SessionCookiePath != "/" ||
			s.SessionCookieSecure || !s.SessionCookieHTTPOnly || s.SessionCookieSameSite != "Lax" {
			t.Errorf("%s: %+v", release, s)
		}
	}
}

func TestSettingsAreReadFromJSON(t *testing.T) {
	t.Parallel()
	s, err := djangosession.ReadSettings(strings.NewReader(`{
		"DJANGO_VERSION": "4.2.7", "SECRET_KEY": {"$bytes": "/wA="}, "SECRET_KEY_FALLBACKS": ["a", {"$bytes": "/g=="}],
		"SESSION_COOKIE_AGE": 60.5, "SESSION_COOKIE_DOMAIN": null, "SESSION_COOKIE_SAMESITE": false, "SESSION_COOKIE_HTTPONLY": false,
		"USE_TZ": true, "TIME_ZONE": "Europe/Berlin", "SESSION_STORE": "Outer.Store", "SESSION_UNKNOWN": [1]}`))
	if err != nil {
		t.Fatal(err)
	}
	want, err := djangosession.NewSettingsFor("4.2.7", "\xff\x00")
	must(err)
	want.SecretKeyFallbacks = []string{"a", "\xfe"}
	want.SessionCookieAge, want.SessionCookieSameSite, want.SessionCookieHTTPOnly = 60500*time.Millisecond, "", false
	want.UseTZ, want.TimeZone, want.SessionStore = true, "Europe/Berlin", "Outer.Store"
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
}

func TestLoginSettingsAreReadFromJSON(t *testing.T) {
	t.Parallel()
	model := []string{"django.contrib.auth.backends.ModelBackend"}
	for _, c := range []struct {
		text, loginURL string
		backends       []string
		wrong          string // the setting that is refused
	}{
		{text: `"AUTHENTICATION_BACKENDS":["a.B","c.D"],"LOGIN_URL":"/in/"`, loginURL: "/in/", backends: []string{"a.B", "c.D"}},
		{text: `"DEBUG":false`, loginURL: "/accounts/login/", backends: model},
		{text: `"AUTHENTICATION_BACKENDS":[]`, loginURL: "/accounts/login/", backends: []string{}},
		{text: `"LOGIN_URL":1`, wrong: "LOGIN_URL"},
		{text: `"AUTHENTICATION_BACKENDS":"hidden"`, wrong: "AUTHENTICATION_BACKENDS"},
	} {
		s, err := djangosession.ReadSettings(strings.NewReader(`{"SECRET_KEY":"hidden",` + c.text + `}`))
		if s.LoginURL != c.loginURL || !slices.Equal(s.AuthenticationBackends, c.backends) {
			t.Errorf("%s: %q, %q", c.text, s.LoginURL, s.AuthenticationBackends)
		}
		wrong, ok := errors.AsType[*djangosession.SettingError](err)
		if ok != (c.wrong != "") || ok && (wrong.Setting != c.wrong || strings.Contains(err.Error(), "hidden")) || !ok && err != nil {
			t.Errorf("%s: %v, want an error about %q", c.text, err, c.wrong)
		}
	}
}

// TestSitesMayHaveUnusableSettingsOfOtherPackages is for services without CSRF protection
// and logins.
func TestSitesMayHaveUnusableSettingsOfOtherPackages(t *testing.T) {
	t.Parallel()
	s, err := djangosession.ReadSettings(strings.NewReader(`{"SECRET_KEY":"k","DJANGO_VERSION":"1.9","CSRF_COOKIE_NAME":"a=b",
		"CSRF_COOKIE_SAMESITE":"Loose","CSRF_HEADER_NAME":"","CSRF_TRUSTED_ORIGINS":["shop.test"],"AUTHENTICATION_BACKENDS":[],
		"LOGIN_URL":"login"}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
}

func TestUnusableSettingsAreNamed(t *testing.T) {
	t.Parallel()
	const secret = "a-secret-that-nobody-may-see"
	for name, c := range map[string]struct{ json, setting string }{
		"no key":             {`{}`, "SECRET_KEY"},
		"empty key":          {`{"SECRET_KEY": ""}`, "SECRET_KEY"},
		"key is a number":    {`{"SECRET_KEY": 5}`, "SECRET_KEY"},
		"key bytes":          {`{"SECRET_KEY": {"$bytes": "!"}}`, "SECRET_KEY"},
		"fallbacks":          {`{"SECRET_KEY": "` + secret + `", "SECRET_KEY_FALLBACKS": "` + secret + `"}`, "SECRET_KEY_FALLBACKS"},
		"version":            {`{"SECRET_KEY": "k", "DJANGO_VERSION": "five"}`, "DJANGO_VERSION"},
		"old version":        {`{"SECRET_KEY": "k", "DJANGO_VERSION": "1.3"}`, "DJANGO_VERSION"},
		"zone":               {`{"SECRET_KEY": "k", "TIME_ZONE": "Mars/Olympus"}`, "TIME_ZONE"},
		"no zone":            {`{"SECRET_KEY": "k", "USE_TZ": false, "TIME_ZONE": null}`, "TIME_ZONE"},
		"empty zone":         {`{"SECRET_KEY": "k", "USE_TZ": false, "TIME_ZONE": ""}`, "TIME_ZONE"},
		"zone is the host's": {`{"SECRET_KEY": "k", "TIME_ZONE": "Local"}`, "TIME_ZONE"},
		"same site":          {`{"SECRET_KEY": "k", "SESSION_COOKIE_SAMESITE": "lax-ish"}`, "SESSION_COOKIE_SAMESITE"},
		"cookie's name":      {`{"SECRET_KEY": "k", "SESSION_COOKIE_NAME": "a b"}`, "SESSION_COOKIE_NAME"},
		"cookie's domain":    {`{"SECRET_KEY": "k", "SESSION_COOKIE_DOMAIN": "a.test; Path=/b"}`, "SESSION_COOKIE_DOMAIN"},
		"cookie's path":      {`{"SECRET_KEY": "k", "SESSION_COOKIE_PATH": "/\r\nX: y"}`, "SESSION_COOKIE_PATH"},
		"age":                {`{"SECRET_KEY": "k", "SESSION_COOKIE_AGE": "long"}`, "SESSION_COOKIE_AGE"},
		"no age":             {`{"SECRET_KEY": "k", "SESSION_COOKIE_AGE": null}`, "SESSION_COOKIE_AGE"},
		"age of 292 years":   {`{"SECRET_KEY": "k", "SESSION_COOKIE_AGE": 9223372036.854776}`, "SESSION_COOKIE_AGE"},
		"endless age":        {`{"SECRET_KEY": "k", "SESSION_COOKIE_AGE": 1e300}`, "SESSION_COOKIE_AGE"},
		"serializer":         {`{"SECRET_KEY": "k", "SESSION_SERIALIZER": 5}`, "SESSION_SERIALIZER"},
		"protocol":           {`{"SECRET_KEY": "k", "PICKLE_PROTOCOL": "five"}`, "PICKLE_PROTOCOL"},
		"hashing":            {`{"SECRET_KEY": "k", "DJANGO_VERSION": "3.2", "DEFAULT_HASHING_ALGORITHM": "md5"}`, "DEFAULT_HASHING_ALGORITHM"},
	} {
		_, err := djangosession.ReadSettings(strings.NewReader(c.json))
		wrong, ok := errors.AsType[*djangosession.SettingError](err)
		if !ok || wrong.Setting != c.setting || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: error %v, want one about %s", name, err, c.setting)
		}
	}
	for name, json := range map[string]string{
		"no JSON": secret, "a list": `["` + secret + `"]`, "two": `{"SECRET_KEY": "` + secret + `"} {}`, "nothing": "",
		"cut off": `{"SECRET_KEY": "` + secret,
	} {
		if _, err := djangosession.ReadSettings(strings.NewReader(json)); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestSerializerThatIsNotKnownIsRefusedWhenTheSettingsAreUsed(t *testing.T) {
	t.Parallel()
	s, err := djangosession.ReadSettings(strings.NewReader(`{"SECRET_KEY": "k", "SESSION_SERIALIZER": "shop.PickleSerializer"}`))
	must(err) // so that the field Serializer can be set
	if o, err := s.SigningOptions(); err != nil || o.Key != s.SecretKey {
		t.Errorf("signing needs no serializer: %v", err)
	}
	_, codecErr := djangosession.NewCodec(s)
	_, managerErr := djangosession.NewManager(&memory.Engine{}, s, djangosession.Options{})
	for _, err := range []error{codecErr, managerErr, s.Check()} {
		if wrong, ok := errors.AsType[*djangosession.SettingError](err); !ok || wrong.Setting != "SESSION_SERIALIZER" {
			t.Errorf("error %v", err)
		}
	}
	s.Serializer = djangosession.PickleSerializer{}
	must(s.Check())
}

// A site whose sessions are in a cache works in Django with any class that can be
// imported, such as one whose methods raise an exception: Django 2.2, 5.2 and 6.1 save
// and load the session. They raise ImportError for a class that does not exist.
func TestSerializersThatACacheIgnoresAreAccepted(t *testing.T) {
	t.Parallel()
	const backends = "django.contrib.sessions.backends."
	for _, test := range []struct {
		engine, serializer string
		refused            bool
	}{
		{engine: "cache", serializer: "shop.S"},
		{engine: "cache", serializer: "django.contrib.sessions.serializers.PickleSerializer", refused: true}, // ImportError since 5.0
		{engine: "cached_db", serializer: "shop.S", refused: true},
		{engine: "file", serializer: "shop.S", refused: true},
		{engine: "signed_cookies", serializer: "shop.S", refused: true},
	} {
		s := djangosession.NewSettings("test-secret-key")
		s.SessionEngine, s.SessionSerializer = backends+test.engine, test.serializer
		_, err := djangosession.NewManager(&memory.Engine{}, s, djangosession.Options{})
		wrong, is := errors.AsType[*djangosession.SettingError](err)
		if is != test.refused || is && wrong.Setting != "SESSION_SERIALIZER" || !is && err != nil {
			t.Errorf("%s with %s: %v", test.engine, test.serializer, err)
		}
		if is {
			continue
		}
		codec, err := djangosession.NewCodec(s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := codec.Encode(py.NewDict(0)); err == nil || !strings.Contains(err.Error(), "SESSION_SERIALIZER") {
			t.Errorf("the serializer that is not known writes: %v", err)
		}
	}
}

func TestSettingsThatNoConstructorMadeAreRefused(t *testing.T) {
	t.Parallel()
	s := djangosession.Settings{SecretKey: "k"}
	_, codecErr := djangosession.NewCodec(s)
	_, managerErr := djangosession.NewManager(&memory.Engine{}, s, djangosession.Options{})
	if !errors.Is(codecErr, djangosession.ErrIncompleteSettings) || !errors.Is(managerErr, djangosession.ErrIncompleteSettings) {
		t.Errorf("errors %v, %v", codecErr, managerErr)
	}
}

func TestSettingsFile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "settings.json")
	must(os.WriteFile(name, []byte(`{"SECRET_KEY": "k"}`), 0o600))
	if s, err := djangosession.ReadSettingsFile(name); err != nil || s.SecretKey != "k" {
		t.Errorf("%v", err)
	}
	if _, err := djangosession.ReadSettingsFile(name + "x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func TestSignedCookiesFollowTheRelease(t *testing.T) {
	t.Parallel()
	// set_signed_cookie("foo", "bar", salt="s") in both forms, by Django.
	const joined, v2 = "bar:1r31eq:a9UyTeeXVVY_u9SW8oabJ6iRh6TS6dZxRM7gwyjK9aQ", "bar:1r31eq:_BLssNoK9VyxXIZo1BH-94S9l1Yw_RURTOWayPueIAo"
	for release, c := range map[string]struct {
		writes    string
		readsBoth bool
	}{
		"4.2.30": {joined, false}, "5.2.14": {joined, false}, "5.2.15": {v2, true}, "6.0.5": {joined, false}, "6.0.6": {v2, true}, "6.1": {v2, false},
	} {
		s, err := djangosession.NewSettingsFor(release, "test-secret-key")
		must(err)
		s.Now = func() time.Time { return frozen }
		cookie, err := s.SignedCookie("foo", "s")
		must(err)
		if got := cookie.Sign("bar"); got != c.writes {
			t.Errorf("%s writes %s", release, got)
		}
		for _, text := range []string{joined, v2} {
			if value, err := cookie.Unsign(text); (err == nil) != (text == c.writes || c.readsBoth) || err == nil && value != "bar" {
				t.Errorf("%s reads %s: %q, %v", release, text, value, err)
			}
		}
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
