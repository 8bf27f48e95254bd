package djangosession_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

func TestReadSettingsReadsTheExport(t *testing.T) {
	t.Parallel()
	s, err := djangosession.ReadSettings(strings.NewReader(`{
		"SECRET_KEY": "k", "EXPORTED_AT": 1700000000.123456, "MIDDLEWARE": ["a.M"], "PASSWORD_HASHERS": ["a.H"],
		"PYTHON_VERSION": "3.13.0", "SESSION_STORE_CLASS": {
			"mro": ["a.S"], "overrides": {"a.S": ["load"]}, "cache_key_prefix": null, "model": "a.Session",
			"table": "a_session", "columns": [{"name": "ip", "type": "CharField", "null": true, "has_default": true, "auto_now": true,
			"auto_now_add": true, "primary_key": true}], "model_overrides": {"a.Session": ["save"]},
			"manager_overrides": {"a.Manager": ["get"]}, "error": "E", "of a later version": 1},
			"SESSION_CACHE": {"alias": "s", "backend": "a.Cache", "location": ["redis://h:6379/1"], "options": {"PASSWORD": "p"}, "settings": {"CACHE_HERD_TIMEOUT": 9},
			"key_prefix": "p", "version": "3", "key_function": "a.key", "timeout": 60.5, "error": "E"},
			"SESSION_REDIS": {"host": "h", "port": 6380}, "MESSAGE_STORAGE": "a.Storage", "LOGIN_RECEIVERS": ["a.receiver"]}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Unix(1700000000, 123456000); !s.ExportedAt.Equal(want) {
		t.Errorf("ExportedAt is %v, want %v", s.ExportedAt, want)
	}
	if !reflect.DeepEqual(s.Middleware, []string{"a.M"}) || !reflect.DeepEqual(s.PasswordHashers, []string{"a.H"}) ||
		s.PythonVersion != "3.13.0" {
		t.Errorf("read %+v", s)
	}
	timeout := 60.5
	wantCache := djangosession.SessionCache{
		Alias: "s", Backend: "a.Cache", Location: []string{"redis://h:6379/1"}, Options: map[string]any{"PASSWORD": "p"},
		Settings: map[string]any{"CACHE_HERD_TIMEOUT": 9.0}, KeyPrefix: "p",
		Version: "3", KeyFunction: "a.key", Timeout: &timeout, Error: "E",
	}
	if !reflect.DeepEqual(s.SessionCache, wantCache) || len(s.SessionRedis) != 2 || s.SessionRedis["host"] != "h" || s.MessageStorage != "a.Storage" ||
		!reflect.DeepEqual(s.LoginReceivers, []string{"a.receiver"}) {
		t.Errorf("read %+v", s)
	}
	want := djangosession.SessionStoreClass{
		MRO: []string{"a.S"}, Overrides: map[string][]string{"a.S": {"load"}}, Model: "a.Session",
		Table: "a_session", Columns: []djangosession.SessionStoreColumn{
			{Name: "ip", Type: "CharField", Null: true, HasDefault: true, AutoNow: true, AutoNowAdd: true, PrimaryKey: true},
		},
		ModelOverrides: map[string][]string{"a.Session": {"save"}}, ManagerOverrides: map[string][]string{"a.Manager": {"get"}}, Error: "E",
	}
	if !reflect.DeepEqual(s.SessionStoreClass, want) {
		t.Errorf("read %+v\nwant %+v", s.SessionStoreClass, want)
	}
}

func TestReadSettingsWithoutTheExportLeavesItUnknown(t *testing.T) {
	t.Parallel()
	s, err := djangosession.ReadSettings(strings.NewReader(`{"SECRET_KEY": "k"}`))
	if err != nil {
		t.Fatal(err)
	}
	if !s.ExportedAt.IsZero() || s.Middleware != nil || s.PasswordHashers != nil || s.PythonVersion != "" ||
		!reflect.DeepEqual(s.SessionStoreClass, djangosession.SessionStoreClass{}) {
		t.Errorf("read %+v", s)
	}
}

func TestReadSettingsRefusesTimesThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"null", `"yesterday"`, "-1", "253402300800", "1e300", "true"} {
		_, err := djangosession.ReadSettings(strings.NewReader(`{"SECRET_KEY": "k", "EXPORTED_AT": ` + text + `}`))
		if e, ok := errors.AsType[*djangosession.SettingError](err); !ok || e.Setting != "EXPORTED_AT" {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestSettingsScriptIsOneStatement checks the requirements of an interactive Python and
// of shells: PowerShell changes characters outside ASCII.
func TestSettingsScriptIsOneStatement(t *testing.T) {
	t.Parallel()
	script, open := strings.CutPrefix(djangosession.SettingsScript, "exec(r'''\n")
	script, closed := strings.CutSuffix(script, "\n''', {})\n")
	isForbidden := func(r rune) bool { return r == '\'' || r != '\n' && r < ' ' || r > '~' }
	if !open || !closed || strings.ContainsFunc(script, isForbidden) || !strings.Contains(script, `USER_MODEL=`) {
		t.Errorf("%s", djangosession.SettingsScript)
	}
}
