package djangosession

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/djangobridge/djangobridge/internal/settingsjson"
)

// A FindingKind is a kind of problem in a settings file.
type FindingKind string

// The kinds of findings.
const (
	MissingFinding       FindingKind = "missing"       // the file lacks a setting
	UnknownFinding       FindingKind = "unknown"       // this module does not know the effect of a setting
	ContradictoryFinding FindingKind = "contradictory" // two parts of the file, or of the site, disagree
	RiskFinding          FindingKind = "risk"          // the site may lose sessions, with and without this module
)

// A Finding is something in a settings file that needs attention. It never contains a
// secret.
type Finding struct {
	Kind    FindingKind
	Setting string // under Django's name, or one of those that SettingsScript adds
	Problem string // and the remedy
	// Refused reports whether package djangobridge refuses to open the site because of
	// it. Other findings are notes.
	Refused bool
	// Override is the override that the finding is about, as named by
	// [UserModel.UnknownOverrides]. It is "" for other findings.
	Override string
}

func (f Finding) String() string { return string(f.Kind) + ": " + f.Setting + " " + f.Problem }

const exportAgain = `export the settings again (see "djangosession settings script --help")`

// ReviewSettings reads settings as [ReadSettings] does. It returns what they lack, what
// is unknown to this module, and contradictions. Findings that are Refused keep package
// djangobridge from opening the site, although ReadSettings reads the file. The error
// is that of ReadSettings.
func ReviewSettings(r io.Reader) (Settings, []Finding, error) {
	data, err := settingsjson.Text(r) // it is read twice
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
	return s, append(v.found, s.Review()...), nil
}

// Review returns what [ReviewSettings] finds in the values of settings, wherever they
// come from. It cannot know which of them are missing in a file, except for facts without
// which the session engine cannot be used.
func (s *Settings) Review() []Finding {
	v := review{settings: s}
	v.sessions()
	v.cache()
	v.found = append(v.found, s.SessionDatabase.findings("SESSION_DATABASE")...)
	v.found = append(v.found, s.UserDatabase.findings("USER_DATABASE")...)
	if a, b := s.SessionDatabase.WriteAlias, s.UserDatabase.WriteAlias; a != "" && b != "" && a != b {
		v.note(ContradictoryFinding, "USER_DATABASE", fmt.Sprintf(
			"is %q, and sessions are in %q: a service needs a connection to each", b, a))
	}
	v.found = append(v.found, s.UserModel.findings()...)
	v.searchPath("SESSION_DATABASE", &s.SessionDatabase)
	v.searchPath("USER_DATABASE", &s.UserDatabase)
	v.logins()
	v.redirects()
	v.messages()
	return v.found
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

const notInSettings = "is not in the settings: " + exportAgain

// engineRemedy says what to do about a session engine that may store sessions in an
// unknown way.
const engineRemedy = ": Django might not see changes of this service, such as a logout; use an engine of Django, or a subclass " +
	"that only adds columns. Options.Tables.AcceptEngine is for subclasses of " + backendsPackage + "db and cached_db that store " +
	"sessions as these do, and for engines that read nothing but the table (see docs/works-with.md)"

// sessions checks how sessions are stored.
func (v *review) sessions() {
	if e, ok := errors.AsType[*SettingError](v.settings.Check()); ok {
		v.refuse(UnknownFinding, e.Setting, e.Problem)
	}
	engine := cmp.Or(v.settings.BaseEngine(), dbEngine)
	if e, ok := errors.AsType[*SettingError](v.settings.CheckEngine(engine)); ok {
		v.refuse(UnknownFinding, e.Setting, e.Problem+engineRemedy)
	}
	if engine == redisSessionsEngine && v.settings.SessionRedis == nil { // {} is a site with the defaults
		v.refuse(MissingFinding, "SESSION_REDIS", notInSettings)
	}
}

// searchPath checks the schemas of a database.
func (v *review) searchPath(setting string, d *Database) {
	if d.SearchPath != "" {
		v.note(UnknownFinding, setting, fmt.Sprintf("has the search_path %q: give the connection of the service the same, or set "+
			"Options.Tables.Schema", d.SearchPath))
	}
}

// logins checks the receivers of user_logged_in.
func (v *review) logins() {
	for _, receiver := range v.settings.LoginReceivers {
		if !strings.HasPrefix(receiver, "django.") {
			v.note(UnknownFinding, "LOGIN_RECEIVERS", "contains "+receiver+", which Django calls after a login and this module does "+
				"not: let Django log users in if that matters")
		}
	}
}

// redirects checks where login pages lead.
func (v *review) redirects() {
	for _, c := range [][2]string{
		{"LOGIN_REDIRECT_URL", v.settings.LoginRedirectURL}, {"LOGOUT_REDIRECT_URL", v.settings.LogoutRedirectURL},
	} {
		if c[1] != "" && !strings.ContainsAny(c[1], "/.") {
			v.note(UnknownFinding, c[0], fmt.Sprintf("is %q, which is the name of a view, or of the exception when its URL was looked "+
				"up: login pages in Go need the URL: set it to that, and export the settings again", c[1]))
		}
	}
}

// messages checks how messages are stored.
func (v *review) messages() {
	switch class := v.settings.MessageStorage; class {
	case "", messageStorages + "fallback.FallbackStorage", messageStorages + "cookie.CookieStorage",
		messageStorages + "session.SessionStorage":
	default:
		v.note(UnknownFinding, "MESSAGE_STORAGE", "is "+class+", a class of the site's own, so handlers cannot use messages: if "+
			"it stores them as its base class of Django does, set Options.Messages.Storage to that class")
	}
}

const messageStorages = "django.contrib.messages.storage."
