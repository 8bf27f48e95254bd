package auth

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/release"
)

// Session keys of a login.
const (
	SessionKey        = "_auth_user_id"      // SESSION_KEY
	BackendSessionKey = "_auth_user_backend" // BACKEND_SESSION_KEY
	HashSessionKey    = "_auth_user_hash"    // HASH_SESSION_KEY
)

// Options holds everything for which Django has no setting. The zero value behaves as
// Django does.
type Options struct {
	// InactiveBackends lists custom and third-party backends whose user_can_authenticate
	// or get_user accepts inactive users. Django's backends are built in.
	InactiveBackends []string
	// PasswordBackends lists custom and third-party backends that check passwords as
	// ModelBackend does. [Auth.Authenticate] may log users in by them. Django's backends
	// are built in.
	PasswordBackends []string
	// IgnoredBackends lists custom and third-party backends that neither accept nor
	// refuse user names and passwords, such as those of social-auth. [Auth.Authenticate]
	// skips them. Do not list a backend that limits attempts, such as that of axes:
	// Authenticate would not enforce its limit. Django's backends are built in.
	IgnoredBackends []string

	// EffectiveUser, if set, replaces the user of a request. Sites need it if one of
	// their middlewares replaces request.user (impersonation) or ends sessions
	// (timeouts). See [Auth.UnknownMiddleware].
	EffectiveUser EffectiveUser
	// KnownMiddleware lists entries of MIDDLEWARE about which [New] does not warn and
	// which [Auth.UnknownMiddleware] does not return, because EffectiveUser does the same
	// or because they do not change the user or the session.
	KnownMiddleware []string

	AdminLoginURL     string // where [Auth.StaffRequired] redirects to; default "/admin/login/"
	RedirectFieldName string // REDIRECT_FIELD_NAME; default "next"

	// Hashers checks and encodes passwords. Set it to the result of hashers.New;
	// djangobridge.Open does so. Without it, [Auth.Authenticate] returns [ErrNoHashers].
	Hashers Hashers

	// Logger receives the warnings of [New], and one with the reason for each refused
	// login in a session. The default is slog.Default. Ids, keys and hashes are not
	// logged.
	Logger *slog.Logger
	// OnRefused, if set, is called for each refused login in a session. A rising number
	// of calls indicates an attack, a wrong SECRET_KEY or another wrong setting.
	// OnRefused cannot call [UserFrom] with ctx, because the user is still being
	// determined.
	OnRefused func(ctx context.Context, reason Reason)

	// OnEvent, if set, is called after each login, logout and check of a password, and
	// after each check of a login in a session, with its outcome and duration. It is for
	// metrics and traces. It cannot call [UserFrom] with ctx.
	OnEvent func(ctx context.Context, e Event)

	// OnLogin, OnLogout and OnLoginFailed are called where Django sends the signals
	// user_logged_in, user_logged_out and user_login_failed. They may call [UserFrom];
	// [djangosession.RequestFromContext] returns the request. They cannot prevent a login
	// or a logout, and a panic in one is the caller's. Receivers in Django are not
	// called.

	// OnLogin, if set, is called at the end of each [Auth.Login] and [Auth.LoginSession]
	// without an error. The session holds the login and its new key, but is not saved
	// yet, so OnLogin can still change its values. LastLogin is stored if
	// Django stores it.
	OnLogin func(ctx context.Context, user *User)
	// OnLogout, if set, is called at the start of each [Auth.Logout] and
	// [Auth.LogoutSession], while the session still holds its values and its login. The
	// user is nil if no user is logged in, or if the user cannot be determined. Setting
	// it makes Logout look up the user. [Auth.LogoutEverywhere] does not call it.
	OnLogout func(ctx context.Context, user *User)
	// OnLoginFailed, if set, is called at the end of each [Auth.Authenticate] that
	// refuses a user name and password, with its error. It is not called if they could
	// not be compared, for example because the database is down. The user name is what
	// the client sent: of any length, and sometimes a password typed into the wrong
	// field.
	OnLoginFailed func(ctx context.Context, username string, err error)

	// ErrorHandler answers requests whose user cannot be determined, usually because the
	// database is down. The guards of this package call it. By default they log the error
	// and respond with status 500.
	ErrorHandler func(w http.ResponseWriter, r *http.Request, err error)
	// Origin returns the scheme and host under which clients see the site. It is needed
	// for a LoginURL on another host. By default they are taken from the request,
	// ignoring proxy headers.
	Origin func(r *http.Request) (scheme, host string)
}

// Errors for errors.Is.
var (
	ErrNoMiddleware = errors.New("auth: the request did not pass through Auth.Middleware: " +
		"wrap the handler in Site.Middleware of djangobridge, or in Auth.Middleware inside Manager.Middleware")
	ErrNilUser   = errors.New("auth: there is no user to log in")
	ErrNoHashers = errors.New("auth: passwords cannot be checked: set Options.Hashers to the result of hashers.New")
)

// An Auth reads and changes the logins of a site. It is immutable and safe for concurrent
// use.
type Auth struct {
	manager  *djangosession.Manager
	users    Users
	options  Options
	backends []string // AUTHENTICATION_BACKENDS
	logger   *slog.Logger
	hasher   *sessionHasher
	now      func() time.Time

	keepsLanguage bool // logout keeps the session's language
	demandsHash   bool
	limitsNext    bool
	hasLastLogin  bool // the user model has the field last_login, or is unknown
	setsLastLogin bool // Django stores last_login at a login, or its receivers are unknown
	login, admin  loginURL
}

// lastLoginReceiver is the receiver of user_logged_in that stores last_login.
const lastLoginReceiver = "django.contrib.auth.models.update_last_login"

// New returns an Auth that finds the users of sessions. It takes AUTHENTICATION_BACKENDS
// and LOGIN_URL from their settings. It refuses the name of a view in LOGIN_URL:
// SettingsScript exports the URL instead, unless the site has no such view. It logs a
// warning with the entries that [Auth.UnknownMiddleware] returns, and one if no backend
// is known to grant the permissions that [User.HasPerm] grants. The error is a
// [*djangosession.SettingError], unless sessions or users is nil.
func New(sessions *djangosession.Manager, users Users, o Options) (*Auth, error) {
	if sessions == nil || users == nil {
		return nil, errors.New("auth: New needs a manager and users")
	}
	s := sessions.Settings()
	site, err := release.Parse(s.DjangoVersion)
	if err != nil {
		return nil, err
	}
	hasher, err := newSessionHasher(&s, site)
	if err != nil {
		return nil, err
	}
	o.KnownMiddleware = slices.Clone(o.KnownMiddleware)
	a := &Auth{
		manager: sessions, users: users, options: o, backends: slices.Clone(s.AuthenticationBackends), logger: o.Logger,
		hasher: hasher, now: s.Clock,
		keepsLanguage: site.KeepsLanguage(),
		demandsHash:   site.DemandsHash(),
		limitsNext:    site.LimitsNext(),
		hasLastLogin:  s.UserModel.Model == "" || s.UserModel.LastLoginColumn != "",
		setsLastLogin: s.LoginReceivers == nil || slices.Contains(s.LoginReceivers, lastLoginReceiver),
	}
	if a.logger == nil {
		a.logger = slog.Default()
	}
	if err := a.options.fill(&s); err != nil {
		return nil, err
	}
	if a.login, err = parseLoginURL("LOGIN_URL", s.LoginURL); err != nil {
		return nil, err
	}
	if a.admin, err = parseLoginURL("AdminLoginURL", a.options.AdminLoginURL); err != nil {
		return nil, err
	}
	a.warnOfMiddleware()
	a.warnOfPermissions()
	return a, nil
}
