package doctor

import (
	"context"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/release"
)

const exportAgain = "Export the settings again (djangosession settings script)."

// settings checks the settings file.
func (d *Deployment) settings(_ context.Context, r *report) {
	for _, f := range d.Review {
		d.reviewed(r, f)
	}
	r.okUnlessf("settings", "The settings file is complete, and this module knows what is in it.")
	d.mode(r)
	d.age(r)
	d.release(r)
}

// reviewed reports a finding about the settings file. Its problem contains the remedy
// after a colon.
func (d *Deployment) reviewed(r *report, f djangosession.Finding) {
	check := map[string]string{
		"SESSION_ENGINE": "session-engine", "SESSION_STORE_CLASS": "session-engine", "USER_MODEL": "user-model",
		"LOGIN_RECEIVERS": "login-receivers", "SESSION_CACHE.backend": "cache-kind", "SESSION_CACHE.options": "cache-cull",
	}[f.Setting]
	if check == "" {
		check = "settings"
	}
	problem, remedy, found := strings.Cut(f.Problem, ": ")
	if !found {
		remedy = exportAgain
	}
	level := Note
	switch {
	case f.Refused:
		level = Fault
	case f.Kind == djangosession.RiskFinding, f.Setting == "LOGIN_RECEIVERS":
		level = Warning
	case f.Kind == djangosession.MissingFinding && f.Setting != "DJANGOBRIDGE_SETTINGS":
		level = Warning
	}
	r.addf(level, check, sentence(remedy), "%s", sentence(f.Setting+" "+problem))
}

// sentence makes a text one.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + strings.TrimRight(text[1:], ".") + "."
}

// mode checks who can read the file, which contains SECRET_KEY.
func (d *Deployment) mode(r *report) {
	const check = "settings-mode"
	if d.File == "" || runtime.GOOS == "windows" {
		return
	}
	info, err := os.Stat(d.File)
	if err != nil {
		r.unknown(check, err)
		return
	}
	const remedy = "Run chmod 600 on it, and rotate SECRET_KEY if others use this machine (see docs/key-rotation.md)."
	switch mode := info.Mode().Perm(); {
	case mode&0o007 != 0:
		r.faultf(check, remedy, "Every user of this machine can use the settings file (mode %04o), which contains SECRET_KEY.", mode)
	case mode&0o020 != 0:
		r.warnf(check, "Run chmod g-w on it.", "The group of the settings file can change it (mode %04o).", mode)
	default:
		r.okf(check, "The settings file is readable only by its owner or group.")
	}
}

// oldSettings is an age at which settings are suspicious.
const oldSettings = 180 * 24 * time.Hour

// age checks when the settings were exported.
func (d *Deployment) age(r *report) {
	const check = "settings-age"
	exported := d.Settings.ExportedAt
	age := d.Now().Sub(exported)
	switch {
	case exported.IsZero(): // is in the review
	case age < -5*time.Minute:
		r.warnf(check, "Synchronize the clocks, and export the settings again.",
			"The settings were exported %v in the future by the clock of this machine: sessions that do not decode are taken for "+
				"damaged.",
			-age.Round(time.Minute))
	case age > oldSettings:
		r.notef(check, exportAgain+" Do so whenever the site is deployed.", "The settings were exported %d days "+
			"ago.", int(age.Hours()/24))
	default:
		r.okf(check, "The settings were exported on %s.", exported.UTC().Format("2006-01-02 15:04 UTC"))
	}
}

// release checks whether the release of Django is one that this module was tested with.
func (d *Deployment) release(r *report) {
	const check = "django-release"
	version := d.Settings.DjangoVersion
	site, err := release.Parse(version)
	if err != nil {
		r.faultf(check, exportAgain, "DJANGO_VERSION is not a release: %v.", err)
		return
	}
	newest, _ := release.Parse(release.Newest)
	oldest, _ := release.Parse(release.Versions()[0].Name)
	switch {
	case site[0] > newest[0], site[0] == newest[0] && site[1] > newest[1]:
		r.faultf(check, "Update this program and the services, or look at docs/versions.md: a new release may store sessions in "+
			"another form.",
			"Django %s is newer than all releases that this program knows; the newest is %s.", version, release.Newest)
	case !site.AtLeast(oldest[0], oldest[1], 0):
		r.warnf(check, "Update Django.", "Django %s is older than all releases that this module is tested with.", version)
	default:
		r.okf(check, "Django %s is a known release.", version)
	}
}
