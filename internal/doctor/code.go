package doctor

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/djangosession/hashers"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/tables"
)

// code checks what the site's own classes may change: middlewares, authentication
// backends, password hashers, the user model and receivers of signals.
func (d *Deployment) code(_ context.Context, r *report) {
	d.middlewares(r)
	d.backends(r)
	d.hashers(r)
	if _, err := csrf.New(d.Settings, csrf.Options{}); err != nil {
		r.faultf("csrf-settings", "Correct the setting, and export the settings again.", "The CSRF protection refuses the "+
			"settings: %v.", err)
	} else {
		r.okf("csrf-settings", "The CSRF settings are valid.")
	}
	if !slices.ContainsFunc(d.Review, func(f djangosession.Finding) bool { return f.Setting == "USER_MODEL" }) {
		r.okf("user-model", "The user model %s is known.", d.Settings.UserModel.Model)
	}
	if !slices.ContainsFunc(d.Review, func(f djangosession.Finding) bool { return f.Setting == "LOGIN_RECEIVERS" }) {
		r.okf("login-receivers", "No code of the site runs after a login.")
	}
}

const (
	sessionMiddleware = "django.contrib.sessions.middleware.SessionMiddleware"
	authMiddleware    = "django.contrib.auth.middleware.AuthenticationMiddleware"
	csrfMiddleware    = "django.middleware.csrf.CsrfViewMiddleware"
)

func (d *Deployment) middlewares(r *report) {
	const check = "middleware"
	all := d.Settings.Middleware
	if all == nil { // is in the review
		return
	}
	session := slices.IndexFunc(all, func(m string) bool {
		return m == sessionMiddleware || strings.HasSuffix(m, "sessions.middleware.SessionMiddleware")
	})
	login := slices.Index(all, authMiddleware)
	if session < 0 {
		r.warnf(check, "Add "+sessionMiddleware+" to MIDDLEWARE, if Django is to have sessions.",
			"MIDDLEWARE lacks SessionMiddleware: Django has no sessions to share.")
	}
	if login >= 0 && session > login {
		r.faultf(check, "Move SessionMiddleware before AuthenticationMiddleware in MIDDLEWARE.",
			"MIDDLEWARE has AuthenticationMiddleware before SessionMiddleware: Django raises an error for each request.")
	}
	if !slices.Contains(all, csrfMiddleware) {
		r.notef(check, "Add "+csrfMiddleware+" to MIDDLEWARE, or check that Django's views are protected in another way.",
			"MIDDLEWARE lacks CsrfViewMiddleware: Django does not check forms, and services in Go do.")
	}
	var concern []string
	if a, _, err := d.auth(&tables.Users{}); err == nil {
		concern = a.UnknownMiddleware()
	}
	if len(concern) > 0 {
		r.warnf(check, "Read the code of each. If it replaces request.user or ends sessions, set auth.Options.EffectiveUser to a "+
			"function that does the same; then list it in auth.Options.KnownMiddleware.",
			"MIDDLEWARE has classes that may change who is logged in: %s.", strings.Join(concern, ", "))
	}
	r.okUnlessf(check, "No middleware is known to change who is logged in.")
}

// auth returns the logins of a site that only reads. Sessions are in memory.
func (d *Deployment) auth(users auth.Users) (*auth.Auth, *djangosession.Manager, error) {
	engine, err := memory.New(d.Settings)
	if err != nil {
		return nil, nil, err
	}
	sessions, err := djangosession.NewManager(engine, d.Settings, djangosession.Options{ReadOnly: true})
	if err != nil {
		return nil, nil, err
	}
	a, err := auth.New(sessions, users, auth.Options{Logger: slog.New(slog.DiscardHandler)})
	return a, sessions, err
}

func (d *Deployment) backends(r *report) {
	const check = "authentication-backends"
	var unknown []string
	for _, b := range d.Settings.AuthenticationBackends {
		switch b {
		case auth.ModelBackend:
		case auth.AllowAllUsersModelBackend, auth.AllowAllUsersRemoteUserBackend:
			r.notef(check, "Check that inactive users are to be logged in.", "%s logs inactive users in, and services in Go do so "+
				"too.", b)
		case auth.RemoteUserBackend:
			r.notef(check, "Let Django log users in.", "%s takes users from the web server; services in Go see their sessions only.", b)
		default:
			unknown = append(unknown, b)
		}
	}
	switch {
	case len(d.Settings.AuthenticationBackends) == 0:
		r.faultf(check, "Set AUTHENTICATION_BACKENDS, and export the settings again.", "AUTHENTICATION_BACKENDS is empty: no "+
			"user can log in.")
	case len(unknown) > 0:
		r.warnf(check, "Let Django log users in, or list them in IgnoredBackends, PasswordBackends or InactiveBackends of "+
			"auth.Options "+
			"(see docs/users.md). Sessions that they made are accepted if the user is active.",
			"AUTHENTICATION_BACKENDS has classes that are not Django's own: %s. Their get_user may refuse users that services in "+
				"Go accept.",
			strings.Join(unknown, ", "))
	}
	r.okUnlessf(check, "All authentication backends are Django's own.")
}

func (d *Deployment) hashers(r *report) {
	const check = "password-hashers"
	if d.Settings.Hashers == nil {
		return // is in the review
	}
	var broken []string
	for _, h := range d.Settings.Hashers {
		if h.Error != "" && h.Algorithm == "" {
			broken = append(broken, h.Class+" ("+h.Error+")")
		}
	}
	if len(broken) > 0 {
		r.notef(check, "Install the packages that they need where Django runs, or remove them from PASSWORD_HASHERS.",
			"Django cannot load %s.", strings.Join(broken, ", "))
	}
	for i := range d.Settings.Hashers {
		one := d.Settings // of which each hasher is the first: only that is checked
		one.Hashers = d.Settings.Hashers[i : i+1]
		var found problems
		if _, err := hashers.New(one, hashers.Options{Logger: slog.New(&found)}); err != nil {
			r.faultf(check, "Correct PASSWORD_HASHERS, and export the settings again.", "The hashers cannot be used: %v.", err)
			return
		}
		for _, problem := range found.texts {
			r.warnf(check, "Give the hasher in hashers.Options.Own, or let Django log these users in and set their passwords.",
				"Passwords of a hasher in PASSWORD_HASHERS cannot be checked: %s.", problem)
		}
	}
	r.okUnlessf(check, "All hashers are known.")
}

// problems is a log handler that keeps errors.
type problems struct {
	slog.Handler

	texts []string
}

// Enabled implements [slog.Handler].
func (*problems) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

// Handle implements [slog.Handler].
func (p *problems) Handle(_ context.Context, record slog.Record) error {
	text := record.Message
	record.Attrs(func(a slog.Attr) bool {
		if a.Key == "error" {
			text = a.Value.String()
		}
		return true
	})
	p.texts = append(p.texts, text)
	return nil
}
