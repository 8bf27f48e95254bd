package djangosession

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/djangobridge/djangobridge/internal/settingsjson"
)

// SettingsScript prints the version of its form under this name.
const (
	versionName   = "DJANGOBRIDGE_SETTINGS"
	exportVersion = 2
)

// names checks which settings the file has.
func (v *review) names(given settingsjson.Settings) {
	const missing = "is not in the file: " + exportAgain
	needed := []string{
		"DJANGO_VERSION", "SESSION_ENGINE", "SESSION_STORE_CLASS", "USER_DATABASE", "USER_MODEL", "USE_TZ", "AUTHENTICATION_BACKENDS",
		"CSRF_USE_SESSIONS", "ALLOWED_HOSTS",
	}
	engine := v.settings.BaseEngine()
	if usesTable(engine) {
		needed = append(needed, "SESSION_DATABASE")
	}
	for _, name := range needed {
		if isMissing(given[name]) {
			v.refuse(MissingFinding, name, missing)
		}
	}
	for _, name := range []string{
		"MIDDLEWARE", "PASSWORD_HASHERS", "EXPORTED_AT", "PYTHON_VERSION", "LOGIN_URL", "MESSAGE_STORAGE", "LOGIN_RECEIVERS",
		"HASHERS", "LOGIN_REDIRECT_URL", "MESSAGE_LEVEL", "PASSWORD_RESET_TIMEOUT",
	} {
		if isMissing(given[name]) {
			v.note(MissingFinding, name, missing)
		}
	}
	if given[cacheSetting] == nil && !usesCache(engine) { // null is a store without a cache
		v.note(MissingFinding, cacheSetting, missing)
	}
	v.version(given[versionName])
	v.unknownNames(given)
}

func isMissing(value []byte) bool {
	return len(value) == 0 || string(value) == "null" || string(value) == "{}"
}

// version checks the version of the file. The first version has no number.
func (v *review) version(value []byte) {
	version := 1
	if value != nil && json.Unmarshal(value, &version) != nil || version > exportVersion {
		v.note(UnknownFinding, versionName, "is the version of a newer export: update this module, or export the "+
			"settings with its own command (djangosession settings script)")
	}
}

// unknownNames reports names that this module does not read.
func (v *review) unknownNames(given settingsjson.Settings) {
	known := v.settings.byName()
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, is := known[name]; !is && name != "DJANGO_VERSION" && name != versionName {
			v.note(UnknownFinding, name, "is unknown to this module and ignored: correct its name, or remove it if "+
				"nothing here depends on it")
		}
	}
}
