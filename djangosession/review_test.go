package djangosession_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// exported is a shortened output of SettingsScript on Django 5.2 for a new project.
const exported = `{"DJANGOBRIDGE_SETTINGS": 2, "DJANGO_VERSION": "5.2.19", "SECRET_KEY": "hush", "USE_TZ": true,
	"SESSION_ENGINE": "django.contrib.sessions.backends.db", "AUTHENTICATION_BACKENDS": ["django.contrib.auth.backends.ModelBackend"],
	"CSRF_USE_SESSIONS": false, "ALLOWED_HOSTS": [], "MIDDLEWARE": [], "PASSWORD_HASHERS": [], "HASHERS": [], "EXPORTED_AT": 1, "PYTHON_VERSION": "3.13.0",
	"LOGIN_URL": "/in/", "LOGIN_REDIRECT_URL": "/", "PASSWORD_RESET_TIMEOUT": 259200, "MESSAGE_LEVEL": 20, "MESSAGE_STORAGE": "django.contrib.messages.storage.fallback.FallbackStorage", "SESSION_CACHE": null,
	"LOGIN_RECEIVERS": ["django.contrib.auth.models.update_last_login"], "SESSION_STORE_CLASS": {"mro": ["django.contrib.sessions.backends.db.SessionStore",
	"django.contrib.sessions.backends.base.SessionBase", "builtins.object"]},
	"SESSION_DATABASE": {"alias": "default", "write_alias": "default", "engine": "django.db.backends.sqlite3", "vendor": "sqlite", "time_zone": null},
	"USER_DATABASE": {"alias": "default", "write_alias": "default", "engine": "django.db.backends.sqlite3", "vendor": "sqlite", "time_zone": null},
	"USER_MODEL": {"model": "auth.User", "table": "auth_user", "id_column": "id", "id_type": "integer",
	"id_field": "django.db.models.fields.AutoField", "username_column": "username", "password_column": "password",
	"last_login_column": "last_login", "is_active_column": "is_active", "is_staff_column": "is_staff",
	"is_superuser_column": "is_superuser", "groups": {"table": "auth_user_groups", "user_column": "user_id",
	"other_column": "group_id", "model": "auth.Group"}, "user_permissions": {"table": "auth_user_user_permissions",
	"user_column": "user_id", "other_column": "permission_id", "model": "auth.Permission"}, "computed": [],
	"session_auth_hash": "django", "overrides": {}, "manager_overrides": {}, "other_tables": []}}`

// changed returns exported with changed values. A dot separates a setting from a field of
// its object, and nil removes.
func changed(t *testing.T, changes map[string]any) string {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal([]byte(exported), &all); err != nil {
		t.Fatal(err)
	}
	for name, value := range changes {
		in := all
		if object, field, is := strings.Cut(name, "."); is {
			in, name = all[object].(map[string]any), field
		}
		in[name] = value
		if value == nil {
			delete(in, name)
		}
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestReviewFindsNothingInACompleteExport(t *testing.T) {
	t.Parallel()
	_, found, err := djangosession.ReviewSettings(strings.NewReader(strings.ReplaceAll(exported, "\n", " ")))
	if err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
}

func TestReviewNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	const missing, unknown, contradictory = djangosession.MissingFinding, djangosession.UnknownFinding, djangosession.ContradictoryFinding
	for name, c := range map[string]struct {
		changes map[string]any
		kind    djangosession.FindingKind
		setting string
		refused bool
		says    string // part of the problem
	}{
		"no release":       {changes: map[string]any{"DJANGO_VERSION": nil}, kind: missing, setting: "DJANGO_VERSION", refused: true},
		"no user model":    {changes: map[string]any{"USER_MODEL": nil}, kind: missing, setting: "USER_MODEL", refused: true},
		"no database":      {changes: map[string]any{"SESSION_DATABASE": nil}, kind: missing, setting: "SESSION_DATABASE", refused: true},
		"null database":    {changes: map[string]any{"SESSION_DATABASE": json.RawMessage("null")}, kind: missing, setting: "SESSION_DATABASE", refused: true},
		"no middleware":    {changes: map[string]any{"MIDDLEWARE": nil}, kind: missing, setting: "MIDDLEWARE"},
		"no storage":       {changes: map[string]any{"MESSAGE_STORAGE": nil}, kind: missing, setting: "MESSAGE_STORAGE"},
		"own storage":      {changes: map[string]any{"MESSAGE_STORAGE": "shop.Storage"}, kind: unknown, setting: "MESSAGE_STORAGE"},
		"no level":         {changes: map[string]any{"MESSAGE_LEVEL": nil}, kind: missing, setting: "MESSAGE_LEVEL"},
		"no timeout":       {changes: map[string]any{"PASSWORD_RESET_TIMEOUT": nil}, kind: missing, setting: "PASSWORD_RESET_TIMEOUT"},
		"no hasher facts":  {changes: map[string]any{"HASHERS": nil}, kind: missing, setting: "HASHERS"},
		"no redirect":      {changes: map[string]any{"LOGIN_REDIRECT_URL": nil}, kind: missing, setting: "LOGIN_REDIRECT_URL"},
		"no cache facts":   {changes: map[string]any{"SESSION_CACHE": nil}, kind: missing, setting: "SESSION_CACHE"},
		"no receivers":     {changes: map[string]any{"LOGIN_RECEIVERS": nil}, kind: missing, setting: "LOGIN_RECEIVERS"},
		"no engine":        {changes: map[string]any{"SESSION_ENGINE": nil}, kind: missing, setting: "SESSION_ENGINE", refused: true},
		"no store class":   {changes: map[string]any{"SESSION_STORE_CLASS": nil}, kind: missing, setting: "SESSION_STORE_CLASS", refused: true},
		"no user database": {changes: map[string]any{"USER_DATABASE": nil}, kind: missing, setting: "USER_DATABASE", refused: true},
		"no USE_TZ":        {changes: map[string]any{"USE_TZ": nil}, kind: missing, setting: "USE_TZ", refused: true},
		"no backends":      {changes: map[string]any{"AUTHENTICATION_BACKENDS": nil}, kind: missing, setting: "AUTHENTICATION_BACKENDS", refused: true},
		"no CSRF settings": {changes: map[string]any{"CSRF_USE_SESSIONS": nil}, kind: missing, setting: "CSRF_USE_SESSIONS", refused: true},
		"no hosts":         {changes: map[string]any{"ALLOWED_HOSTS": nil}, kind: missing, setting: "ALLOWED_HOSTS", refused: true},
		"no hashers":       {changes: map[string]any{"PASSWORD_HASHERS": nil}, kind: missing, setting: "PASSWORD_HASHERS"},
		"no time":          {changes: map[string]any{"EXPORTED_AT": nil}, kind: missing, setting: "EXPORTED_AT"},
		"no Python":        {changes: map[string]any{"PYTHON_VERSION": nil}, kind: missing, setting: "PYTHON_VERSION"},
		"no login URL":     {changes: map[string]any{"LOGIN_URL": nil}, kind: missing, setting: "LOGIN_URL"},
		"newer export":     {changes: map[string]any{"DJANGOBRIDGE_SETTINGS": 3}, kind: unknown, setting: "DJANGOBRIDGE_SETTINGS"},
		"other version":    {changes: map[string]any{"DJANGOBRIDGE_SETTINGS": "new"}, kind: unknown, setting: "DJANGOBRIDGE_SETTINGS"},
		"any other name":   {changes: map[string]any{"LOGIN_URLS": "/in/"}, kind: unknown, setting: "LOGIN_URLS"},
		"of a package":     {changes: map[string]any{"SESSION_SECURITY_WARN_AFTER": json.RawMessage("null")}, kind: unknown, setting: "SESSION_SECURITY_WARN_AFTER"},
		"cache's error":    {changes: map[string]any{"SESSION_CACHE": map[string]any{"error": "E"}}, kind: unknown, setting: "SESSION_CACHE"},
		"path of users":    {changes: map[string]any{"USER_DATABASE.search_path": "shop"}, kind: unknown, setting: "USER_DATABASE"},
		"empty model":      {changes: map[string]any{"USER_MODEL": map[string]any{}}, kind: missing, setting: "USER_MODEL", refused: true},
		"group model": {
			changes: map[string]any{"USER_MODEL.groups": link("auth_user_groups", "group_id", "shop.Group")},
			kind:    unknown, setting: "USER_MODEL", refused: true, says: "PermissionsMixin",
		},
		"permission column": {
			changes: map[string]any{"USER_MODEL.user_permissions": link("auth_user_user_permissions", "right_id", "auth.Permission")},
			kind:    unknown, setting: "USER_MODEL", refused: true, says: "PermissionsMixin",
		},
		"login redirect":   {changes: map[string]any{"LOGIN_REDIRECT_URL": "home"}, kind: unknown, setting: "LOGIN_REDIRECT_URL", says: "name of a view"},
		"logout redirect":  {changes: map[string]any{"LOGOUT_REDIRECT_URL": "NoReverseMatch"}, kind: unknown, setting: "LOGOUT_REDIRECT_URL", says: "exception"},
		"search path":      {changes: map[string]any{"SESSION_DATABASE.search_path": "shop"}, kind: unknown, setting: "SESSION_DATABASE"},
		"login receiver":   {changes: map[string]any{"LOGIN_RECEIVERS": []string{"shop.signals.merge"}}, kind: unknown, setting: "LOGIN_RECEIVERS"},
		"misspelled":       {changes: map[string]any{"SESSION_COOKE_AGE": 1}, kind: unknown, setting: "SESSION_COOKE_AGE"},
		"serializer":       {changes: map[string]any{"SESSION_SERIALIZER": "shop.S"}, kind: unknown, setting: "SESSION_SERIALIZER", refused: true},
		"session engine":   {changes: map[string]any{"SESSION_STORE_CLASS.mro": []string{"shop.S"}}, kind: unknown, setting: "SESSION_ENGINE", refused: true},
		"replica":          {changes: map[string]any{"SESSION_DATABASE.alias": "replica"}, kind: contradictory, setting: "SESSION_DATABASE", refused: true},
		"engine":           {changes: map[string]any{"USER_DATABASE.engine": "django_tenants.postgresql_backend"}, kind: unknown, setting: "USER_DATABASE", refused: true},
		"vendor":           {changes: map[string]any{"USER_DATABASE.vendor": "mysql"}, kind: contradictory, setting: "USER_DATABASE", refused: true},
		"database's error": {changes: map[string]any{"USER_DATABASE.error": "E"}, kind: unknown, setting: "USER_DATABASE", refused: true},
		"two databases":    {changes: map[string]any{"USER_DATABASE.alias": "u", "USER_DATABASE.write_alias": "u"}, kind: contradictory, setting: "USER_DATABASE"},
		"model's error":    {changes: map[string]any{"USER_MODEL.error": "E"}, kind: unknown, setting: "USER_MODEL", refused: true},
		"hash":             {changes: map[string]any{"USER_MODEL.session_auth_hash": "overridden"}, kind: unknown, setting: "USER_MODEL", refused: true, says: "get_session_auth_hash"},
		"other hash":       {changes: map[string]any{"USER_MODEL.session_auth_hash": ""}, kind: unknown, setting: "USER_MODEL", refused: true},
		"no password":      {changes: map[string]any{"USER_MODEL.password_column": json.RawMessage("null")}, kind: contradictory, setting: "USER_MODEL", refused: true},
		"primary key":      {changes: map[string]any{"USER_MODEL.id_type": json.RawMessage("null")}, kind: unknown, setting: "USER_MODEL", refused: true},
		"two tables":       {changes: map[string]any{"USER_MODEL.other_tables": []string{"t"}}, kind: unknown, setting: "USER_MODEL", refused: true},
		"computed":         {changes: map[string]any{"USER_MODEL.computed": []string{"is_active"}}, kind: unknown, setting: "USER_MODEL", refused: true},
		"groups alone":     {changes: map[string]any{"USER_MODEL.user_permissions": json.RawMessage("null")}, kind: contradictory, setting: "USER_MODEL", refused: true},
		"own groups":       {changes: map[string]any{"USER_MODEL.groups": map[string]any{"table": "t", "model": "shop.Group"}}, kind: unknown, setting: "USER_MODEL", refused: true},
		"override":         {changes: map[string]any{"USER_MODEL.overrides": map[string]any{"shop.User": []string{"has_perm", "save"}}}, kind: unknown, setting: "USER_MODEL", refused: true},
		"manager":          {changes: map[string]any{"USER_MODEL.manager_overrides": map[string]any{"shop.M": []string{"get_queryset"}}}, kind: unknown, setting: "USER_MODEL", refused: true},
	} {
		_, found, err := djangosession.ReviewSettings(strings.NewReader(changed(t, c.changes)))
		if err != nil || len(found) != 1 || found[0].Kind != c.kind || found[0].Setting != c.setting || found[0].Refused != c.refused {
			t.Errorf("%s: %v, %v; want %s: %s", name, found, err, c.kind, c.setting)
		}
		if len(found) > 0 && !strings.Contains(found[0].Problem, c.says) {
			t.Errorf("%s: %s, want %q", name, found[0], c.says)
		}
		if len(found) > 0 && strings.Contains(found[0].String(), "hush") {
			t.Errorf("%s: %s", name, found[0])
		}
	}
}

// link is a table between users and another model.
func link(table, column, model string) map[string]any {
	return map[string]any{"table": table, "user_column": "user_id", "other_column": column, "model": model}
}

// TestUserModelsAreReadWhole refuses files that lack a column: without is_active_column,
// all users would be active.
func TestUserModelsAreReadWhole(t *testing.T) {
	t.Parallel()
	var all map[string]map[string]json.RawMessage
	_ = json.Unmarshal([]byte(exported), &all) // the other settings are not objects
	names := slices.Sorted(maps.Keys(all["USER_MODEL"]))
	if len(names) < 15 {
		t.Fatalf("the model has %q", names)
	}
	for _, name := range names {
		_, err := djangosession.ReadSettings(strings.NewReader(changed(t, map[string]any{"USER_MODEL." + name: nil})))
		if (err == nil) != (name == "id_field") {
			t.Errorf("without %s: %v", name, err)
		}
	}
}
