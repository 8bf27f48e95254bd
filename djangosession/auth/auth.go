package auth

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/release"
)

// The names under which a session holds a login.
const (
	SessionKey        = "_auth_user_id"      // SESSION_KEY
	BackendSessionKey = "_auth_user_backend" // BACKEND_SESSION_KEY
	HashSessionKey    = "_auth_user_hash"    // HASH_SESSION_KEY
)

// Options are what Django has no setting for. The zero value behaves as Django does.
type Options struct {
	// InactiveBackends lists backends of the site's own, or of other packages, that accept users who are not active, because
	// of their user_can_authenticate or get_user. Django's backends are known.
	InactiveBackends []string
	// PasswordBackends lists backends of the site's own, or of other packages, that check passwords as ModelBackend does.
	// [Auth.Authenticate] may log users in by them. Django's backends are known.
	PasswordBackends []string
	// IgnoredBackends lists backends of the site's own, or of other packages, that neither accept nor refuse names and
	// passwords, such as those of social-auth. [Auth.Authenticate] skips them. Do not list a backend that limits attempts, such
	// as that of axes: its limit would not hold here. Django's backends are known.
	IgnoredBackends []string

	// EffectiveUser, if set, replaces the user of a request, for sites with a middleware that does: impersonation, or
	// sessions that time out. See [Auth.UnknownMiddleware].
	EffectiveUser EffectiveUser
	// KnownMiddleware lists entries of MIDDLEWARE that [New] does not warn of and [Auth.UnknownMiddleware] leaves out, because
	// EffectiveUser does the same or because they leave the user and the session alone.
	KnownMiddleware []string

	AdminLoginURL     string // where [Auth.StaffRequired] sends people; "/admin/login/"
	RedirectFieldName string // REDIRECT_FIELD_NAME; "next"

	// Hashers check passwords in forms that this package does not know, under the names with which these begin: "argon2",
	// "bcrypt_sha256", "scrypt" and so on. See [Verifier].
	Hashers map[string]Verifier
	// Iterations are those of PBKDF2 that the site's default hasher has, for taking as long when there is no such user; those
	// of the Django release by default. For a site whose default is another hasher see SamplePassword.
	Iterations int
	// SamplePassword is any password as the site's default hasher encodes it, the first of PASSWORD_HASHERS, such as make_password
	// returns. It is checked when there is no such user, so that this takes as long. Without it Iterations count.
	SamplePassword Secret

	// Logger is told when a session that claims a login is none, and why; slog.Default if nil. It sees no ids, keys or hashes.
	Logger *slog.Logger
	// OnRefused, if set, is called then too. A rise in these is an attack, a wrong SECRET_KEY or a wrong setting. It cannot ask
	// ctx for the user, who is being found out.
	OnRefused func(ctx context.Context, reason Reason)
	// ErrorHandler answers requests whose user cannot be determined, usually because the
	// database is down, for the handlers of this package. By default the error is logged and
	// the status is 500.
	ErrorHandler func(w http.ResponseWriter, r *http.Request, err error)
	// Origin returns scheme and host under which the client sees the site, for a LoginURL on another host. By default they
	// are the request's own, without regard to the headers of proxies.
	Origin func(r *http.Request) (scheme, host string)
}

// What goes wrong, for errors.Is.
var (
	ErrNoMiddleware = errors.New("auth: the request did not come through Auth.Middleware")
	ErrNilUser      = errors.New("auth: there is no user to log in")
)

// An Auth knows the logins of a site. It cannot be changed, and several goroutines may use it.
type Auth struct {
	manager  *djangosession.Manager
	users    Users
	options  Options
	backends []string // AUTHENTICATION_BACKENDS
	logger   *slog.Logger
	hasher   *sessionHasher
	now      func() time.Time
	encode   encoder

	keepsLanguage bool // logout keeps the language
	demandsHash   bool
	login, admin  loginURL

	unchecked *HasherError // of the site's default hasher, if that is unknown
	told      sync.Map     // the hashers that the log was told of
}

// New returns an Auth that resolves the sessions of manager to users. It uses
// AUTHENTICATION_BACKENDS and LOGIN_URL of the manager's settings, and refuses the name of a
// view in LOGIN_URL: SettingsScript prints the URL in its place, unless the site has no such
// view. It logs a warning if passwords of the site's default hasher cannot be checked, and
// about [Auth.UnknownMiddleware]. The error is a [*djangosession.SettingError].
func New(manager *djangosession.Manager, users Users, o Options) (*Auth, error) {
	if manager == nil || users == nil {
		return nil, errors.New("auth: New needs a manager and users")
	}
	s := manager.Settings()
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
		manager: manager, users: users, options: o, backends: slices.Clone(s.AuthenticationBackends), logger: o.Logger,
		hasher: hasher, now: s.Clock, encode: encodePBKDF2,
		keepsLanguage: site.KeepsLanguage(),
		demandsHash:   site.DemandsHash(),
	}
	if a.logger == nil {
		a.logger = slog.Default()
	}
	sampled := o.SamplePassword != ""
	if err := a.options.fill(&s, site); err != nil {
		return nil, err
	}
	if a.login, err = parseLoginURL("LOGIN_URL", s.LoginURL); err != nil {
		return nil, err
	}
	if a.admin, err = parseLoginURL("AdminLoginURL", a.options.AdminLoginURL); err != nil {
		return nil, err
	}
	a.checkDefaultHasher(&s, sampled)
	a.warnOfMiddleware()
	return a, nil
}
