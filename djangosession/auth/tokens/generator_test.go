package tokens_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/auth/tokens"
)

// vectors is testdata/tokens.json, which tokens.py writes from real releases of Django.
type vectors struct {
	Users []struct {
		ID        string   `json:"id"`
		Password  string   `json:"password"`
		Email     string   `json:"email"`
		LastLogin *float64 `json:"last_login"`
	} `json:"users"`
	UIDs  map[string]*string `json:"uids"` // the ids in them; null if Django refuses them
	Sites []site             `json:"sites"`
}

type site struct {
	Django string `json:"django"`
	Site   struct {
		TimeZone     string   `json:"time_zone"`
		UseTZ        bool     `json:"use_tz"`
		DatabaseZone string   `json:"database_zone"`
		Hashing      string   `json:"hashing"`
		Fallbacks    []string `json:"fallbacks"`
	} `json:"site"`
	Timeout int64 `json:"timeout"`
	Cases   []struct {
		Generator struct {
			KeySalt         string        `json:"key_salt"`
			Secret          auth.Secret   `json:"secret"`
			SecretFallbacks []auth.Secret `json:"secret_fallbacks"`
			Algorithm       string        `json:"algorithm"`
		} `json:"generator"`
		User    int       `json:"user"`
		Token   string    `json:"token"`
		Made    float64   `json:"made"` // when Django made it; 0 if Django did not
		Valid   []float64 `json:"valid"`
		Invalid []float64 `json:"invalid"`
	} `json:"cases"`
}

func readVectors(t *testing.T) vectors {
	t.Helper()
	b, err := os.ReadFile("testdata/tokens.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// unix returns a time of time.time() in Python.
func unix(seconds float64) time.Time {
	whole, rest := math.Modf(seconds)
	return time.Unix(int64(whole), int64(math.Round(rest*1e6))*1000)
}

func (v *vectors) user(i int) *auth.User {
	row := v.Users[i]
	u := &auth.User{ID: row.ID, Password: auth.Secret(row.Password), Email: row.Email}
	if row.LastLogin != nil {
		u.LastLogin = unix(*row.LastLogin)
	}
	return u
}

func (s *site) settings(t *testing.T, now *float64) djangosession.Settings {
	t.Helper()
	settings, err := djangosession.NewSettingsFor(s.Django, "secret")
	if err != nil {
		t.Fatal(err)
	}
	settings.TimeZone, settings.UseTZ, settings.UserDatabase.TimeZone = s.Site.TimeZone, s.Site.UseTZ, s.Site.DatabaseZone
	settings.SecretKeyFallbacks = s.Site.Fallbacks
	settings.PasswordResetTimeout = time.Duration(s.Timeout) * time.Second
	if s.Site.Hashing != "" {
		settings.DefaultHashingAlgorithm = s.Site.Hashing
	}
	settings.Now = func() time.Time { return unix(*now) }
	return settings
}

func TestTokensAreThoseOfDjango(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	made, valid, invalid := 0, 0, 0
	for _, site := range v.Sites {
		var now float64
		settings := site.settings(t, &now)
		for _, c := range site.Cases {
			g := c.Generator
			o := tokens.Options{KeySalt: g.KeySalt, Secret: g.Secret, SecretFallbacks: g.SecretFallbacks, Algorithm: g.Algorithm}
			generator, err := tokens.New(settings, o)
			if err != nil {
				t.Fatal(err)
			}
			user := v.user(c.User)
			if now = c.Made; c.Made != 0 {
				made++
				if token, err := generator.Make(user); err != nil || token != c.Token {
					t.Errorf("%s, %+v: Make at %v: %q, %v; Django makes %q", site.Django, site.Site, now, token, err, c.Token)
				}
			}
			for _, now = range slices.Concat(c.Valid, c.Invalid) {
				want := slices.Contains(c.Valid, now)
				if generator.Check(user, c.Token) != want {
					t.Errorf("%s, %+v, user %d: Check(%q) at %v is not %v", site.Django, site.Site, c.User, c.Token, now, want)
				}
			}
			valid, invalid = valid+len(c.Valid), invalid+len(c.Invalid)
		}
	}
	if made < 800 || valid < 4000 || invalid < 4000 {
		t.Errorf("%d tokens made, %d valid and %d invalid checks: too few", made, valid, invalid)
	}
}

// Django takes an empty fallback for a key, and everybody knows that key.
func TestEmptyFallbackKeyMakesNoToken(t *testing.T) {
	t.Parallel()
	settings := djangosession.NewSettings("secret")
	user := &auth.User{ID: "7", Password: "x"}
	at := settings.Clock().Unix() - time.Date(2001, time.January, 1, 0, 0, 0, 0, time.UTC).Unix()
	settings.TimeZone = "UTC"
	key := sha256.Sum256([]byte("django.contrib.auth.tokens.PasswordResetTokenGenerator"))
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte(user.ID + string(user.Password) + strconv.FormatInt(at, 10)))
	forged := append(strconv.AppendInt(nil, at, 36), '-')
	for i, digit := range hex.AppendEncode(nil, mac.Sum(nil)) {
		if i%2 == 0 {
			forged = append(forged, digit)
		}
	}
	own, err := tokens.New(settings, tokens.Options{SecretFallbacks: []auth.Secret{"", "old"}})
	if err != nil {
		t.Fatal(err)
	}
	settings.SecretKeyFallbacks = []string{"", "old"}
	site, err := tokens.New(settings, tokens.Options{})
	if err != nil {
		t.Fatal(err)
	}
	before, err := tokens.New(settings, tokens.Options{Secret: "old"})
	if err != nil {
		t.Fatal(err)
	}
	good, err := before.Make(user)
	if err != nil {
		t.Fatal(err)
	}
	for name, generator := range map[string]*tokens.Generator{"SecretFallbacks": own, "SECRET_KEY_FALLBACKS": site} {
		if generator.Check(user, string(forged)) {
			t.Errorf("%s: a token that anybody can make is valid", name)
		}
		if !generator.Check(user, good) {
			t.Errorf("%s: a token of the key after the empty one is invalid", name)
		}
	}
}

func TestOwnHashValue(t *testing.T) {
	t.Parallel()
	settings := djangosession.NewSettings("secret")
	activation, err := tokens.New(settings, tokens.Options{
		KeySalt: "shop.activation",
		HashValue: func(u *auth.User, timestamp int64) string {
			return u.ID + time.Duration(timestamp).String() + map[bool]string{true: "True", false: "False"}[u.IsActive]
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	user := &auth.User{ID: "7"}
	token, err := activation.Make(user)
	if err != nil || !activation.Check(user, token) {
		t.Fatalf("the token %q is not valid: %v", token, err)
	}
	user.Password = "another"
	if !activation.Check(user, token) {
		t.Error("the value does not contain the password, but the token depends on it")
	}
	user.IsActive = true
	if activation.Check(user, token) {
		t.Error("the token is valid after its use")
	}
}

func TestNoTokenWithoutAUser(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2.2.28", "6.1.3"} {
		settings, err := djangosession.NewSettingsFor(version, "secret")
		if err != nil {
			t.Fatal(err)
		}
		settings.TimeZone = "UTC"
		settings.Now = func() time.Time { return time.Date(2000, 12, 31, 12, 0, 0, 0, time.UTC) }
		generator, err := tokens.New(settings, tokens.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if token, err := generator.Make(nil); err == nil || generator.Check(nil, "1-1") {
			t.Errorf("%s: a token for no user: %q", version, token)
		}
		if token, err := generator.Make(&auth.User{ID: "1"}); err == nil {
			t.Errorf("%s: a token from before 2001: %q", version, token)
		}
	}
}

// Tokens without the address, or with another, would be those of no user.
func TestSettingsMustDescribeTheAddress(t *testing.T) {
	t.Parallel()
	email := []djangosession.UserField{{Name: "email", Column: "email", Type: "CharField"}}
	for _, c := range []struct {
		version string
		model   djangosession.UserModel
		works   bool
		says    string
	}{
		{version: "6.1", model: djangosession.UserModel{Model: "auth.User"}, says: "export them again"},
		{version: "6.1", model: djangosession.UserModel{Model: "auth.User", Fields: []djangosession.UserField{}}, works: true},
		{version: "6.1", model: djangosession.UserModel{Model: "auth.User", EmailField: "email", Fields: email}, works: true},
		{version: "6.1", model: djangosession.UserModel{Model: "a.User", EmailField: "email", Fields: email, EmailComputed: true}, says: "HashValue"},
		{version: "6.1", model: djangosession.UserModel{Model: "a.User", Fields: email, EmailComputed: true}, says: "HashValue"},
		{version: "6.1", model: djangosession.UserModel{Model: "a.User", EmailField: "mail", Fields: email}, says: "HashValue"}, // in another table
		{version: "2.2.28", model: djangosession.UserModel{Model: "a.User", Fields: email, EmailComputed: true}, works: true},
		{version: "6.1", works: true}, // users of the caller
		{version: "2.2.28", model: djangosession.UserModel{Model: "auth.User"}, works: true},
	} {
		s, err := djangosession.NewSettingsFor(c.version, "secret")
		if err != nil {
			t.Fatal(err)
		}
		s.UserModel = djangosession.UserModel{}
		reference, err := tokens.New(s, tokens.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s.UserModel = c.model
		generator, err := tokens.New(s, tokens.Options{})
		if err != nil {
			t.Fatal(err)
		}
		user := &auth.User{ID: "1"}
		token, err := reference.Make(user)
		if err != nil {
			t.Fatal(err)
		}
		_, err = generator.Make(user)
		if (err == nil) != c.works || err != nil && !strings.Contains(err.Error(), c.says) || generator.Check(user, token) != c.works {
			t.Errorf("%s, %+v: Make: %v", c.version, c.model, err)
		}
		own, err := tokens.New(s, tokens.Options{HashValue: func(user *auth.User, _ int64) string { return user.ID }})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := own.Make(user); err != nil {
			t.Errorf("%s, %+v: with HashValue: %v", c.version, c.model, err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		django  string
		change  func(s *djangosession.Settings)
		options tokens.Options
		says    string
	}{
		"algorithm before 3.1": {django: "2.2.28", options: tokens.Options{Algorithm: "sha256"}, says: "3.1"},
		"unknown algorithm":    {django: "6.1", options: tokens.Options{Algorithm: "crc32"}, says: "crc32"},
		"no SECRET_KEY":        {django: "6.1", change: func(s *djangosession.Settings) { s.SecretKey = "" }, says: "SECRET_KEY"},
		"unknown zone":         {django: "6.1", change: func(s *djangosession.Settings) { s.UserDatabase.TimeZone = "Mars/Base" }, says: "USER_DATABASE"},
		"incomplete settings":  {django: "6.1", change: func(s *djangosession.Settings) { *s = djangosession.Settings{SecretKey: "x"} }, says: "incomplete"},
	} {
		s, err := djangosession.NewSettingsFor(c.django, "secret")
		if err != nil {
			t.Fatal(err)
		}
		if c.change != nil {
			c.change(&s)
		}
		if _, err := tokens.New(s, c.options); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v does not mention %q", name, err, c.says)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, token := range []string{"", "-", "1-1", "zzzzzzzzzzzzz-0", "1y2p0ij32e8e7-0", "bxodq8-44f36f50faa29df77835ebd13c029e97", "\xff-\x00"} {
		f.Add(token)
	}
	versions := []string{"2.2.28", "3.2.25", "6.1.3"}
	generators := make([]*tokens.Generator, 0, len(versions))
	for _, version := range versions {
		s, err := djangosession.NewSettingsFor(version, "secret")
		if err != nil {
			f.Fatal(err)
		}
		g, err := tokens.New(s, tokens.Options{})
		if err != nil {
			f.Fatal(err)
		}
		generators = append(generators, g)
	}
	f.Fuzz(func(t *testing.T, token string) {
		for _, g := range generators {
			if g.Check(&auth.User{ID: "1"}, token) {
				t.Errorf("%q is valid", token)
			}
		}
		if id, ok := tokens.DecodeUID(token); ok {
			if again, ok := tokens.DecodeUID(tokens.EncodeUID(id)); !ok || again != id {
				t.Errorf("%q becomes %q", id, again)
			}
		}
	})
}
