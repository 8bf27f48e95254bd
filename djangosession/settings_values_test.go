package djangosession_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// TestSettingsAreReadInAllTheirForms has values in all forms that Django accepts, and
// values that are refused with the setting's name.
func TestSettingsAreReadInAllTheirForms(t *testing.T) {
	t.Parallel()
	const refused = "refused"
	for _, c := range []struct {
		name   string
		get    func(s djangosession.Settings) any
		values map[string]any
	}{
		{"SECRET_KEY", func(s djangosession.Settings) any { return s.SecretKey }, map[string]any{
			`"k"`: "k", `{"$bytes": "a2s="}`: "kk", `{"$bytes": "a2s"}`: refused, `{"$bytes": "a2s=*"}`: refused, `7`: refused, `{"$bytes": 7}`: refused, `{}`: refused, `["k"]`: refused,
		}},
		{"SECRET_KEY_FALLBACKS", func(s djangosession.Settings) any { return strings.Join(s.SecretKeyFallbacks, " ") }, map[string]any{
			`[]`: "", `["a", {"$bytes": "a2s="}]`: "a kk", `["a", {"$bytes": "*"}]`: refused, `"a"`: refused, `[7]`: refused, `null`: "",
		}},
		{"SESSION_COOKIE_AGE", func(s djangosession.Settings) any { return s.SessionCookieAge }, map[string]any{
			`60`: time.Minute, `1.5`: 1500 * time.Millisecond, `0`: time.Duration(0), `-60`: -time.Minute, `null`: refused, `"60"`: refused, `1e10`: refused, `-1e10`: refused, `9.2e9`: 9200000000 * time.Second,
			`-9.2e9`: -9200000000 * time.Second, `true`: refused,
		}},
		{"CSRF_COOKIE_AGE", func(s djangosession.Settings) any { return s.CSRFCookieAge }, map[string]any{
			`60`: time.Minute, `null`: time.Duration(0), `0`: refused, `"60"`: refused, `1e10`: refused, `-1`: -time.Second,
		}},
		{"SESSION_COOKIE_DOMAIN", func(s djangosession.Settings) any { return s.SessionCookieDomain }, map[string]any{
			`"a.org"`: "a.org", `null`: "", `false`: "", `""`: "", `true`: refused, `7`: refused,
		}},
		{"SESSION_COOKIE_SAMESITE", func(s djangosession.Settings) any { return s.SessionCookieSameSite }, map[string]any{`"Strict"`: "Strict", `null`: "", `false`: "", `true`: refused}},
		{"SESSION_COOKIE_SECURE", func(s djangosession.Settings) any { return s.SessionCookieSecure }, map[string]any{
			`true`: true, `false`: false, `1`: true, `0`: false, `0.0`: false, `null`: false, `""`: false, `"no"`: true, `[]`: false, `[0]`: true, `{}`: false, `{"a": 1}`: true,
		}},
		{"SESSION_COOKIE_HTTPONLY", func(s djangosession.Settings) any { return s.SessionCookieHTTPOnly }, map[string]any{`null`: false, `1`: true}},
		{"SESSION_COOKIE_PATH", func(s djangosession.Settings) any { return s.SessionCookiePath }, map[string]any{`null`: "", `"/a"`: "/a", `7`: refused}},
		{"SESSION_COOKIE_NAME", func(s djangosession.Settings) any { return s.SessionCookieName }, map[string]any{`null`: refused, `"a"`: "a"}},
		{"PASSWORD_RESET_TIMEOUT", func(s djangosession.Settings) any { return s.PasswordResetTimeout }, map[string]any{
			`60`: time.Minute, `9223372036854775807`: time.Duration(math.MaxInt64), `null`: refused, `"60"`: refused,
		}},
		{"SECURE_PROXY_SSL_HEADER", func(s djangosession.Settings) any { return s.SecureProxySSLHeader }, map[string]any{
			`["a", "b"]`: [2]string{"a", "b"}, `null`: [2]string{}, `[]`: [2]string{}, `["a"]`: refused, `["a", "b", "c"]`: refused, `"ab"`: refused,
		}},
		{"DATA_UPLOAD_MAX_NUMBER_FIELDS", func(s djangosession.Settings) any { return s.DataUploadMaxNumberFields }, map[string]any{
			`5`: int64(5), `0`: int64(0), `-5`: int64(0), `null`: int64(-1), `"5"`: refused, `1.5`: int64(1), `-0.5`: int64(0), `5e6`: int64(5_000_000), `1e30`: int64(-1),
		}},
		{"EXPORTED_AT", func(s djangosession.Settings) any { return s.ExportedAt }, map[string]any{
			`0`: time.Unix(0, 0).UTC(), `1.5`: time.UnixMicro(1_500_000).UTC(), `1700000000.123456`: time.UnixMicro(1_700_000_000_123_456).UTC(), `-1`: refused, `null`: refused, `"1"`: refused,
			`253402300799`: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), `253402300800`: refused,
		}},
		{"TIME_ZONE", func(s djangosession.Settings) any { return s.TimeZone }, map[string]any{`"UTC"`: "UTC", `null`: "", `7`: refused}},
		{"LOGIN_URL", func(s djangosession.Settings) any { return s.LoginURL }, map[string]any{`"/in/"`: "/in/", `7`: refused, `null`: "/accounts/login/"}},
		{"LOGIN_REDIRECT_URL", func(s djangosession.Settings) any { return s.LoginRedirectURL }, map[string]any{`"/in/"`: "/in/", `null`: ""}},
		{"MAX_INFLATED", func(s djangosession.Settings) any { return s.MaxInflated }, map[string]any{`5`: 5, `0`: 0, `"5"`: refused, `-1`: refused, `1073741825`: refused}},
	} {
		for value, want := range c.values {
			text := `{"SECRET_KEY": "k", ` + fmt.Sprintf("%q", c.name) + ": " + value + "}"
			if c.name == "SECRET_KEY" {
				text = `{"SECRET_KEY": ` + value + "}"
			}
			s, err := djangosession.ReadSettings(strings.NewReader(text))
			wrong, ok := errors.AsType[*djangosession.SettingError](err)
			switch {
			case want == refused && (!ok || wrong.Setting != c.name):
				t.Errorf("%s = %s: %v, %v", c.name, value, c.get(s), err)
			case want != refused && (err != nil || c.get(s) != want):
				t.Errorf("%s = %s: %v, %v; want %v", c.name, value, c.get(s), err, want)
			}
		}
	}
}

func TestVendorsOfEngines(t *testing.T) {
	t.Parallel()
	for vendor, names := range map[string][]string{
		"sqlite": {"sqlite3", "spatialite"}, "postgresql": {"postgresql", "postgresql_psycopg2", "postgis"}, "mysql": {"mysql"}, "": {"oracle", "", "sqlite", "dummy", "Mysql"},
	} {
		for _, name := range names {
			for _, family := range []string{"django.db.backends.", "django.contrib.gis.db.backends.", "django_prometheus.db.backends."} {
				if got, known := djangosession.VendorOf(family + name); got != vendor || known != (vendor != "") {
					t.Errorf("%s%s: %q, %v", family, name, got, known)
				}
			}
			for _, family := range []string{"", "shop.", "shop.django.db.backends."} {
				if got, known := djangosession.VendorOf(family + name); got != "" || known {
					t.Errorf("%s%s: %q, %v", family, name, got, known)
				}
			}
		}
	}
}

// reviewed returns the settings of an export.
func reviewed(t *testing.T, changes map[string]any) djangosession.Settings {
	t.Helper()
	s, err := djangosession.ReadSettings(strings.NewReader(changed(t, changes)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDatabasesAndModelsCheckThemselves(t *testing.T) {
	t.Parallel()
	s := reviewed(t, nil)
	if err := errors.Join(s.SessionDatabase.Check("SESSION_DATABASE"), s.UserDatabase.Check("USER_DATABASE"), s.UserModel.Check(nil)); err != nil {
		t.Errorf("a complete export: %v", err)
	}
	for name, c := range map[string]struct {
		err      error
		setting  string
		contains string
	}{
		"no database":   {(&djangosession.Database{}).Check("USER_DATABASE"), "USER_DATABASE", "export the settings"},
		"failed search": {(&djangosession.Database{Error: "E: broken"}).Check("USER_DATABASE"), "USER_DATABASE", "E: broken"},
		"replica": {
			(&djangosession.Database{Alias: "r", WriteAlias: "w", Engine: "django.db.backends.mysql", Vendor: "mysql"}).Check("SESSION_DATABASE"), "SESSION_DATABASE", `"r" for reading and "w"`,
		},
		"engine":        {(&djangosession.Database{Alias: "w", WriteAlias: "w", Engine: "shop", Vendor: "mysql"}).Check("USER_DATABASE"), "USER_DATABASE", "Options.Dialect"},
		"vendor":        {(&djangosession.Database{Alias: "w", WriteAlias: "w", Engine: "django.db.backends.mysql", Vendor: "sqlite"}).Check("USER_DATABASE"), "USER_DATABASE", `vendor "sqlite"`},
		"no user model": {(&djangosession.UserModel{}).Check(nil), "USER_MODEL", "export the settings"},
		"failed model":  {(&djangosession.UserModel{Error: "E: broken"}).Check(nil), "USER_MODEL", "E: broken"},
	} {
		wrong, ok := errors.AsType[*djangosession.SettingError](c.err)
		if !ok || wrong.Setting != c.setting || !strings.Contains(c.err.Error(), c.contains) {
			t.Errorf("%s: %v", name, c.err)
		}
	}
	good := djangosession.Database{Alias: "w", WriteAlias: "w", Engine: "django.db.backends.mysql", Vendor: "mysql"}
	if err := good.Check("USER_DATABASE"); err != nil {
		t.Error(err)
	}
}

func TestModelsMayHaveNeitherHashNorGroups(t *testing.T) {
	t.Parallel()
	null := json.RawMessage("null")
	for name, changes := range map[string]map[string]any{
		"no hash":                  {"USER_MODEL.session_auth_hash": "absent"},
		"neither hash nor column":  {"USER_MODEL.session_auth_hash": "absent", "USER_MODEL.password_column": null},
		"neither groups nor links": {"USER_MODEL.groups": null, "USER_MODEL.user_permissions": null},
	} {
		s := reviewed(t, changes)
		if err := s.UserModel.Check(nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	link := func(other, model, user string) map[string]any {
		return map[string]any{"table": "t", "user_column": user, "other_column": other, "model": model}
	}
	for name, changes := range map[string]map[string]any{
		"column of groups":      {"USER_MODEL.groups": link("g_id", "auth.Group", "user_id")},
		"model of groups":       {"USER_MODEL.groups": link("group_id", "shop.Group", "user_id")},
		"column of permissions": {"USER_MODEL.user_permissions": link("p_id", "auth.Permission", "user_id")},
		"model of permissions":  {"USER_MODEL.user_permissions": link("permission_id", "shop.Permission", "user_id")},
		"two columns of users":  {"USER_MODEL.user_permissions": link("permission_id", "auth.Permission", "member_id")},
		"groups alone":          {"USER_MODEL.user_permissions": null},
		"permissions alone":     {"USER_MODEL.groups": null},
	} {
		s := reviewed(t, changes)
		if err := s.UserModel.Check(nil); err == nil || !strings.Contains(err.Error(), "groups") {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := reviewed(t, map[string]any{"USER_MODEL.groups": link("group_id", "auth.Group", "member_id"), "USER_MODEL.user_permissions": link("permission_id", "auth.Permission", "member_id")})
	if err := other.UserModel.Check(nil); err != nil {
		t.Errorf("another column of users: %v", err)
	}
}

func TestOverridesAreKnownOneByOne(t *testing.T) {
	t.Parallel()
	s := reviewed(t, map[string]any{
		"USER_MODEL.overrides":         map[string]any{"shop.User": []string{"save", "has_perm", "__str__"}, "shop.Base": []string{"check_password"}},
		"USER_MODEL.manager_overrides": map[string]any{"shop.Manager": []string{"create_user", "get_queryset", "save", "normalize_email"}},
	})
	unknown := []string{"shop.Base.check_password", "shop.Manager.get_queryset", "shop.Manager.save", "shop.User.has_perm"}
	if got := s.UserModel.UnknownOverrides(); !slices.Equal(got, unknown) {
		t.Errorf("%q, want %q", got, unknown)
	}
	if err := s.UserModel.Check(unknown); err != nil {
		t.Error(err)
	}
	for i, name := range unknown {
		known := slices.Delete(slices.Clone(unknown), i, i+1)
		if err := s.UserModel.Check(known); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
	s.UserModel.SessionAuthHash = "overridden"
	if err := s.UserModel.Check(slices.Concat(unknown, []string{""})); err == nil || !strings.Contains(err.Error(), "get_session_auth_hash") {
		t.Errorf("the hash counts as known: %v", err)
	}
	_, found, err := djangosession.ReviewSettings(strings.NewReader(changed(t, map[string]any{"USER_MODEL.overrides": map[string]any{"shop.User": []string{"has_perm", "get_group_permissions"}}})))
	if err != nil || len(found) != 2 || found[0].Override != "shop.User.get_group_permissions" || found[1].Override != "shop.User.has_perm" {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestReviewMissesEachFact(t *testing.T) {
	t.Parallel()
	refused := []string{
		"DJANGO_VERSION", "SESSION_ENGINE", "SESSION_STORE_CLASS", "SESSION_DATABASE", "USER_DATABASE", "USER_MODEL", "USE_TZ", "AUTHENTICATION_BACKENDS", "CSRF_USE_SESSIONS", "ALLOWED_HOSTS",
	}
	for _, name := range append([]string{"MIDDLEWARE", "PASSWORD_HASHERS", "EXPORTED_AT", "PYTHON_VERSION", "LOGIN_URL"}, refused...) {
		_, found, err := djangosession.ReviewSettings(strings.NewReader(changed(t, map[string]any{name: nil})))
		is := slices.ContainsFunc(found, func(f djangosession.Finding) bool {
			return f.Kind == djangosession.MissingFinding && f.Setting == name && f.Refused == slices.Contains(refused, name) && strings.Contains(f.Problem, "export the settings") && f.Override == ""
		})
		if err != nil || !is {
			t.Errorf("without %s: %+v, %v", name, found, err)
		}
	}
	for _, empty := range []string{"null", "{}"} {
		_, found, err := djangosession.ReviewSettings(strings.NewReader(changed(t, map[string]any{"SESSION_STORE_CLASS": json.RawMessage(empty)})))
		if err != nil || len(found) == 0 || found[0].Setting != "SESSION_STORE_CLASS" || found[0].Kind != djangosession.MissingFinding {
			t.Errorf("%s: %+v, %v", empty, found, err)
		}
	}
	_, found, err := djangosession.ReviewSettings(strings.NewReader(changed(t, map[string]any{"SECRET_KEYS": 1, "SESSION_X": 1, "SHOP": 1, "CSRF_X": 1})))
	names := map[string]bool{}
	for _, f := range found {
		names[f.Setting] = f.Kind == djangosession.UnknownFinding && !f.Refused && strings.HasPrefix(f.String(), "unknown: "+f.Setting+" ")
	}
	if err != nil || !names["SECRET_KEYS"] || !names["SESSION_X"] || !names["CSRF_X"] {
		t.Errorf("%+v, %v", found, err)
	}
	away := errors.New("away")
	for name, text := range map[string]string{"no object": "[]", "nothing": "", "a wrong setting": `{"SECRET_KEY": 7}`, "an unknown release": `{"DJANGO_VERSION": "x", "SECRET_KEY": "k"}`} {
		if s, found, err := djangosession.ReviewSettings(strings.NewReader(text)); err == nil || len(found) > 0 || s.SecretKey != "" {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
	if _, found, err := djangosession.ReviewSettings(iotest.ErrReader(away)); !errors.Is(err, away) || found != nil {
		t.Errorf("a reader that fails: %v, %v", found, err)
	}
	if _, err := djangosession.ReadSettings(iotest.ErrReader(away)); !errors.Is(err, away) {
		t.Errorf("a reader that fails: %v", err)
	}
}
