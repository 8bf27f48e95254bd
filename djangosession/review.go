package djangosession

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/djangobridge/djangobridge/internal/settingsjson"
)

// A FindingKind says what is wrong with a settings file.
type FindingKind string

// The kinds of findings.
const (
	MissingFinding       FindingKind = "missing"       // the file does not say it
	UnknownFinding       FindingKind = "unknown"       // the file says it, and this module does not know its effect
	ContradictoryFinding FindingKind = "contradictory" // two parts of the file, or of the site, disagree
)

// A Finding is something in a settings file that needs attention. It never contains a
// secret.
type Finding struct {
	Kind    FindingKind
	Setting string // under Django's name, or one of those that SettingsScript adds
	Problem string // with the remedy
	// Refused reports whether package djangobridge refuses to open the site because of it.
	// Other findings only limit what the module can know.
	Refused bool
	// Override is the override that the finding is about, as [UserModel.UnknownOverrides]
	// names it, and "" for all others.
	Override string
}

func (f Finding) String() string { return string(f.Kind) + ": " + f.Setting + " " + f.Problem }

const exportAgain = `export the settings again with "djangosession settings-script" (see djangosession settings-script --help)`

// ReviewSettings reads settings as [ReadSettings] does, and returns what they lack, what in
// them is not known here, and what contradicts itself. It judges whether the site can be
// opened without further knowledge, as package djangobridge does: a file that
// [ReadSettings] takes may be refused by it. The error is that of ReadSettings.
func ReviewSettings(r io.Reader) (Settings, []Finding, error) {
	data, err := settingsjson.Text(r) // which is read twice
	if err != nil {
		return Settings{}, nil, fmt.Errorf("djangosession: read settings: %w", err)
	}
	s, err := ReadSettings(bytes.NewReader(data))
	if err != nil {
		return Settings{}, nil, err
	}
	given, err := settingsjson.Read(bytes.NewReader(data))
	if err != nil {
		return Settings{}, nil, fmt.Errorf("djangosession: read settings: %w", err)
	}
	v := review{settings: &s}
	v.names(given)
	v.sessions()
	v.found = append(v.found, s.SessionDatabase.findings("SESSION_DATABASE")...)
	v.found = append(v.found, s.UserDatabase.findings("USER_DATABASE")...)
	if a, b := s.SessionDatabase.WriteAlias, s.UserDatabase.WriteAlias; a != "" && b != "" && a != b {
		v.note(ContradictoryFinding, "USER_DATABASE", fmt.Sprintf(
			"is %q, and sessions are in %q: a service needs a connection to each", b, a))
	}
	v.found = append(v.found, s.UserModel.findings()...)
	return s, v.found, nil
}

// review collects findings.
type review struct {
	settings *Settings
	found    []Finding
}

func (v *review) refuse(kind FindingKind, setting, problem string) {
	v.found = append(v.found, Finding{Kind: kind, Setting: setting, Problem: problem, Refused: true})
}

func (v *review) note(kind FindingKind, setting, problem string) {
	v.found = append(v.found, Finding{Kind: kind, Setting: setting, Problem: problem})
}

// names looks at which settings the file has.
func (v *review) names(given settingsjson.Settings) {
	for _, name := range []string{
		"DJANGO_VERSION", "SESSION_ENGINE", "SESSION_STORE_CLASS", "SESSION_DATABASE", "USER_DATABASE", "USER_MODEL", "USE_TZ",
		"AUTHENTICATION_BACKENDS", "CSRF_USE_SESSIONS", "ALLOWED_HOSTS",
	} {
		if isMissing(given[name]) {
			v.refuse(MissingFinding, name, "is not in the file: "+exportAgain)
		}
	}
	for _, name := range []string{"MIDDLEWARE", "PASSWORD_HASHERS", "EXPORTED_AT", "PYTHON_VERSION", "LOGIN_URL"} {
		if isMissing(given[name]) {
			v.note(MissingFinding, name, "is not in the file: "+exportAgain)
		}
	}
	known := v.settings.byName()
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, is := known[name]; !is && (strings.HasPrefix(name, "SESSION_") || strings.HasPrefix(name, "SECRET_KEY")) {
			v.note(UnknownFinding, name, "is not a setting of Django's sessions, and is ignored")
		}
	}
}

func isMissing(value []byte) bool {
	return len(value) == 0 || string(value) == "null" || string(value) == "{}"
}

// sessions looks at how sessions are stored.
func (v *review) sessions() {
	for _, err := range []error{v.settings.Check(), v.settings.CheckEngine(backendsPackage + "db")} {
		if e, ok := errors.AsType[*SettingError](err); ok {
			v.refuse(UnknownFinding, e.Setting, e.Problem)
		}
	}
}

// VendorOf returns the vendor of an ENGINE of DATABASES that does to tables what Django's
// own engines do: "sqlite", "postgresql" or "mysql". It reports whether the engine is
// known.
func VendorOf(engine string) (vendor string, known bool) {
	for _, family := range []string{"django.db.backends.", "django.contrib.gis.db.backends.", "django_prometheus.db.backends."} {
		name, is := strings.CutPrefix(engine, family)
		if !is {
			continue
		}
		switch name {
		case "sqlite3", "spatialite":
			return "sqlite", true
		case "postgresql", "postgresql_psycopg2", "postgis":
			return "postgresql", true
		case "mysql":
			return "mysql", true
		}
	}
	return "", false
}

// UnknownOverrides returns the overrides of the model, its manager and its query set that
// may change who is logged in or what a user may do, each as class and name, such as
// "shop.models.User.has_perm".
func (m *UserModel) UnknownOverrides() []string {
	model, manager := harmlessUserOverrides()
	var unknown []string
	for _, part := range []struct {
		overrides map[string][]string
		harmless  []string
	}{{m.Overrides, model}, {m.ManagerOverrides, manager}} {
		for class, names := range part.overrides {
			for _, name := range names {
				if !slices.Contains(part.harmless, name) {
					unknown = append(unknown, class+"."+name)
				}
			}
		}
	}
	slices.Sort(unknown)
	return unknown
}

// harmlessUserOverrides returns the names that a user model and its manager may define
// anew without changing who is logged in and what users may do: how users are created,
// changed, validated and shown.
func harmlessUserOverrides() (model, manager []string) {
	model = strings.Fields(`DoesNotExist MultipleObjectsReturned NotUpdated EMAIL_FIELD REQUIRED_FIELDS USERNAME_FIELD Meta
		__repr__ __str__ adelete asave clean clean_fields delete full_clean get_constraints get_email_field_name
		get_full_name get_short_name natural_key normalize_username objects save save_base set_password
		set_unusable_password unique_error_message validate_constraints validate_unique`)
	manager = strings.Fields(`__repr__ __str__ _create_user _create_user_object abulk_create abulk_update acreate
		acreate_superuser acreate_user bulk_create bulk_update create create_superuser create_user deconstruct
		from_queryset make_random_password normalize_email use_in_migrations`)
	return model, manager
}
