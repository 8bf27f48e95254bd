package djangosession

import (
	"errors"
	"fmt"
	"time"

	"github.com/djangobridge/djangobridge/internal/cookies"
	"github.com/djangobridge/djangobridge/internal/release"
	"github.com/djangobridge/djangobridge/signing"
)

// Settings are the settings of a Django site, each under Django's name: those of
// sessions, signing, logins and CSRF protection. Create them with [NewSettings] or
// [ReadSettings], which fill in Django's defaults, and change what the site changes. Both
// sides must use the same settings.
//
// Each field's comment gives the setting and its default. The packages that use a setting
// check it: [NewManager] does not refuse a site because of a CSRF setting.
type Settings struct { //nolint:recvcheck // what prints it must not need a pointer
	// DjangoVersion is the release that the site runs, such as "5.2.19". Sessions are
	// written in the format of that release, and data that it refuses is refused.
	// Changing the version does not change the other fields; see [NewSettingsFor].
	DjangoVersion string

	SecretKey          string   // SECRET_KEY. Required. May contain bytes that are not UTF-8.
	SecretKeyFallbacks []string // SECRET_KEY_FALLBACKS: verify but never sign. Ignored before 4.1, as in Django.

	SessionCookieName           string        // SESSION_COOKIE_NAME; "sessionid"
	SessionCookieAge            time.Duration // SESSION_COOKIE_AGE; two weeks
	SessionCookieDomain         string        // SESSION_COOKIE_DOMAIN; "" (None)
	SessionCookiePath           string        // SESSION_COOKIE_PATH; "/"
	SessionCookieSecure         bool          // SESSION_COOKIE_SECURE; false
	SessionCookieHTTPOnly       bool          // SESSION_COOKIE_HTTPONLY; true
	SessionCookieSameSite       string        // SESSION_COOKIE_SAMESITE; "Lax"; "" leaves the attribute out
	SessionSaveEveryRequest     bool          // SESSION_SAVE_EVERY_REQUEST; false
	SessionExpireAtBrowserClose bool          // SESSION_EXPIRE_AT_BROWSER_CLOSE; false
	SessionEngine               string        // SESSION_ENGINE; "django.contrib.sessions.backends.db"
	SessionSerializer           string        // SESSION_SERIALIZER; "django.contrib.sessions.serializers.JSONSerializer"
	SessionFilePath             string        // SESSION_FILE_PATH; "" (None)
	SessionCacheAlias           string        // SESSION_CACHE_ALIAS; "default"

	CSRFCookieName     string        // CSRF_COOKIE_NAME; "csrftoken"
	CSRFCookieAge      time.Duration // CSRF_COOKIE_AGE; 52 weeks; 0 (None) until the browser closes
	CSRFCookieDomain   string        // CSRF_COOKIE_DOMAIN; "" (None)
	CSRFCookiePath     string        // CSRF_COOKIE_PATH; "/"
	CSRFCookieSecure   bool          // CSRF_COOKIE_SECURE; false
	CSRFCookieHTTPOnly bool          // CSRF_COOKIE_HTTPONLY; false
	CSRFCookieSameSite string        // CSRF_COOKIE_SAMESITE; "Lax"; "" leaves the attribute out
	CSRFCookieMasked   bool          // CSRF_COOKIE_MASKED of 4.1 and 4.2; false
	CSRFUseSessions    bool          // CSRF_USE_SESSIONS: store the secret in the session instead of a cookie; false
	CSRFHeaderName     string        // CSRF_HEADER_NAME; "HTTP_X_CSRFTOKEN", which is the header X-CSRFToken
	// CSRFTrustedOrigins is CSRF_TRUSTED_ORIGINS: origins of other sites whose forms may
	// be sent here, such as "https://shop.example.com" or "https://*.example.com". Before
	// Django 4.0 it lists hosts, such as "shop.example.com" or ".example.com". An
	// attacker who controls one of them can act in the name of this site's users.
	CSRFTrustedOrigins []string

	AllowedHosts []string // ALLOWED_HOSTS; empty. Forms from other hosts are refused.
	Debug        bool     // DEBUG: allows localhost if AllowedHosts is empty; has no other effect here; false
	// SecureProxySSLHeader is SECURE_PROXY_SSL_HEADER: the META key and the value by
	// which a proxy says that the browser used HTTPS, such as "HTTP_X_FORWARDED_PROTO"
	// and "https"; not set by default. The proxy must remove that header from requests,
	// or browsers can pretend to use HTTPS.
	SecureProxySSLHeader [2]string
	UseXForwardedHost    bool // USE_X_FORWARDED_HOST: trust the header X-Forwarded-Host; false
	UseXForwardedPort    bool // USE_X_FORWARDED_PORT: trust the header X-Forwarded-Port; false

	DataUploadMaxMemorySize   int64 // DATA_UPLOAD_MAX_MEMORY_SIZE, in bytes; 2.5 MiB; no limit if negative (None)
	DataUploadMaxNumberFields int64 // DATA_UPLOAD_MAX_NUMBER_FIELDS; 1000; no limit if negative (None)
	DataUploadMaxNumberFiles  int64 // DATA_UPLOAD_MAX_NUMBER_FILES of 3.2.18 and newer; 100; no limit if negative (None)

	// AuthenticationBackends is AUTHENTICATION_BACKENDS; only
	// "django.contrib.auth.backends.ModelBackend" by default.
	AuthenticationBackends []string
	LoginURL               string // LOGIN_URL as a URL, even if the site names a view (see SettingsScript); "/accounts/login/"
	LoginRedirectURL       string // LOGIN_REDIRECT_URL as a URL; "/accounts/profile/"
	LogoutRedirectURL      string // LOGOUT_REDIRECT_URL as a URL; "" (None)

	Middleware      []string // MIDDLEWARE; nil if unknown
	PasswordHashers []string // PASSWORD_HASHERS; nil if unknown
	// PasswordResetTimeout is PASSWORD_RESET_TIMEOUT, or PASSWORD_RESET_TIMEOUT_DAYS
	// before 3.1; three days.
	PasswordResetTimeout time.Duration

	UseTZ    bool   // USE_TZ; true; false before 5.0
	TimeZone string // TIME_ZONE; "America/Chicago". Used if UseTZ is false, and for dates stored without a zone.

	DefaultHashingAlgorithm        string // DEFAULT_HASHING_ALGORITHM of 3.1 and 3.2; "sha256"
	SignedCookieLegacySaltFallback bool   // SIGNED_COOKIE_LEGACY_SALT_FALLBACK; false; true before 6.1
	SigningBackend                 string // SIGNING_BACKEND; "django.core.signing.TimestampSigner", the only supported one

	// SessionStore is the qualified name of the site's session store class, without its
	// module: "SessionStore" for all of Django's, "CustomStore" or "Outer.Store" for a
	// class of the site. Signatures depend on it.
	SessionStore string
	// SessionStoreClass describes that class, as found by [SettingsScript]. The zero
	// value means unknown.
	SessionStoreClass SessionStoreClass
	// SessionDatabase and UserDatabase are the databases of the sessions and the users,
	// and UserModel is the site's user model, as found by [SettingsScript]. The zero
	// values mean unknown.
	SessionDatabase, UserDatabase Database
	UserModel                     UserModel
	// SessionCache is the cache that the session store uses, as found by
	// [SettingsScript].
	SessionCache SessionCache
	// SessionRedis is SESSION_REDIS of a site that uses django-redis-sessions, as found
	// by [SettingsScript], with the settings SESSION_REDIS_CONNECTION_OBJECT,
	// SESSION_REDIS_SENTINEL_LIST and SESSION_REDIS_SENTINEL_MASTER_ALIAS under their
	// full names; nil for other engines. Values are as in [SessionCache].Options and may
	// be secrets.
	SessionRedis map[string]any
	// Hashers describes the classes in PASSWORD_HASHERS, in the same order, as found by
	// [SettingsScript]; nil if unknown.
	Hashers []PasswordHasher
	// MessageStorage is MESSAGE_STORAGE; "" if unknown.
	MessageStorage string
	// MessageLevel is MESSAGE_LEVEL, the lowest level of stored messages; 20 (INFO).
	MessageLevel int
	// MessageTags is MESSAGE_TAGS: the tags of levels in place of Django's defaults, or
	// of further levels; nil.
	MessageTags map[int]string
	// LoginReceivers are the receivers of the signal user_logged_in, such as
	// "shop.signals.merge_carts", as found by [SettingsScript]; nil if unknown. Logins in
	// Go do not call them. They store last_login, like Django, only if its receiver
	// django.contrib.auth.models.update_last_login is one of them, or if they are unknown.
	LoginReceivers []string
	// KeySalt replaces the salt that is derived from SessionStore, for a class that
	// overrides the property key_salt.
	KeySalt string
	// Serializer replaces SessionSerializer, for a serializer class that this package
	// does not support. Zero fields of a [PickleSerializer] or a [TransitionalSerializer]
	// are filled in from these settings.
	Serializer Serializer
	// PickleProtocol is pickle.HIGHEST_PROTOCOL of the site's Python, the protocol that
	// PickleSerializer writes. [SettingsScript] exports it. If 0, it is derived from the
	// release; see [PickleSerializer].
	PickleProtocol int
	// PythonVersion is the version of the site's Python, such as "3.13.0"; "" if unknown.
	PythonVersion string
	// ExportedAt is when [SettingsScript] exported these settings, by the clock of the
	// site's machine; the zero time if unknown.
	ExportedAt time.Time
	// AcceptLegacyLayout accepts the session layouts of before and since Django 3.1, and
	// SHA-1 signatures, even if the release does not. It is for a service that runs
	// through an upgrade of the site. Sessions are still written in the release's layout.
	AcceptLegacyLayout bool
	// MaxInflated limits the size of a session after inflation, in bytes, and that of its
	// file to four times as much; signing.DefaultMaxInflated if 0. See [ErrMaxInflated]. In
	// JSON it is "MAX_INFLATED".
	MaxInflated int
	// Now is the clock; time.Now if nil.
	Now func() time.Time

	complete bool // set by the constructors
}

// ErrIncompleteSettings reports settings that were not created by a constructor. In
// those, false could be a choice or a forgotten default that is true in Django.
var ErrIncompleteSettings = errors.New("djangosession: incomplete settings: create them with NewSettings or ReadSettings")

// A SettingError reports a setting that cannot be used. It never contains a secret.
type SettingError struct {
	Setting string // under Django's name
	Problem string
}

func (e *SettingError) Error() string {
	return "djangosession: setting " + e.Setting + ": " + e.Problem
}

const (
	jsonSerializerPath    = "django.contrib.sessions.serializers.JSONSerializer"
	signingSerializerPath = "django.core.signing.JSONSerializer"
	pickleSerializerPath  = "django.contrib.sessions.serializers.PickleSerializer"
	basePicklePath        = "django.core.serializers.base.PickleSerializer" // the same, in 4.1 and 4.2
	packagePicklePath     = "djangobridge.serializers.PickleSerializer"     // of the Python package of this module
	transitionalPath      = "djangobridge.serializers.TransitionalSerializer"
	timestampSignerPath   = "django.core.signing.TimestampSigner"
	modelBackendPath      = "django.contrib.auth.backends.ModelBackend"
)

// NewSettings returns the defaults of the [NewestRelease] of Django, with the given
// SECRET_KEY.
func NewSettings(secretKey string) Settings {
	s, err := NewSettingsFor(NewestRelease, secretKey)
	if err != nil {
		return Settings{} // cannot happen: the constant is a release
	}
	return s
}

// NewSettingsFor returns the defaults of the given Django release, with the given
// SECRET_KEY. The error is a [*SettingError].
func NewSettingsFor(djangoVersion, secretKey string) (Settings, error) {
	r, err := parseRelease(djangoVersion)
	if err != nil {
		return Settings{}, err
	}
	return Settings{
		DjangoVersion:                  djangoVersion,
		SecretKey:                      secretKey,
		SessionCookieName:              "sessionid",
		SessionCookieAge:               14 * 24 * time.Hour,
		SessionCookiePath:              "/",
		SessionCookieHTTPOnly:          true,
		SessionCookieSameSite:          "Lax",
		SessionEngine:                  "django.contrib.sessions.backends.db",
		SessionSerializer:              serializerByDefault(r),
		SessionCacheAlias:              "default",
		CSRFCookieName:                 "csrftoken",
		CSRFCookieAge:                  52 * 7 * 24 * time.Hour,
		CSRFCookiePath:                 "/",
		CSRFCookieSameSite:             "Lax",
		CSRFHeaderName:                 "HTTP_X_CSRFTOKEN",
		DataUploadMaxMemorySize:        2621440,
		DataUploadMaxNumberFields:      1000,
		DataUploadMaxNumberFiles:       100,
		AuthenticationBackends:         []string{modelBackendPath},
		LoginURL:                       "/accounts/login/",
		LoginRedirectURL:               "/accounts/profile/",
		PasswordResetTimeout:           3 * 24 * time.Hour,
		MessageLevel:                   20,
		UseTZ:                          r.UsesTZByDefault(),
		TimeZone:                       "America/Chicago",
		DefaultHashingAlgorithm:        signing.SHA256,
		SignedCookieLegacySaltFallback: r.AcceptsOldCookieSaltByDefault(),
		SigningBackend:                 timestampSignerPath,
		SessionStore:                   "SessionStore",
		complete:                       true,
	}, nil
}

// Check reports the first problem of the settings. The error is [ErrIncompleteSettings],
// a [*SettingError] or nil.
func (s *Settings) Check() error {
	_, err := s.resolve()
	return err
}

// SigningOptions returns the options of the site's signers: the keys, the algorithms and
// the clock. The error is [ErrIncompleteSettings] or a [*SettingError].
func (s *Settings) SigningOptions() (signing.Options, error) {
	r, err := s.resolveSigning()
	if err != nil {
		return signing.Options{}, err
	}
	return r.signingOptions(), nil
}

// SignedCookie returns a signer of cookies that is compatible with set_signed_cookie and
// get_signed_cookie of the site's release, called with this name and salt. The error is
// [ErrIncompleteSettings] or a [*SettingError], the latter also for a site with a
// SIGNING_BACKEND of its own.
func (s *Settings) SignedCookie(name, salt string) (*signing.SignedCookie, error) {
	r, err := s.resolveSigning()
	if err != nil {
		return nil, err
	}
	if s.SigningBackend != timestampSignerPath {
		return nil, &SettingError{Setting: "SIGNING_BACKEND", Problem: fmt.Sprintf("%q is not supported", s.SigningBackend)}
	}
	o := r.signingOptions()
	o.Salt = salt
	return signing.NewSignedCookie(name, signing.CookieOptions{
		Options:          o,
		WriteLegacySalt:  !r.release.HasCookieSaltV2(),
		AcceptLegacySalt: s.SignedCookieLegacySaltFallback,
	})
}

// resolved are checked settings with the values derived from them.
type resolved struct {
	*Settings
	release    release.Release
	loc        *time.Location
	serializer Serializer // set by resolve only
	legacy     bool       // reads the layout of before 3.1
	algorithm  string
}

func (s *Settings) resolve() (*resolved, error) {
	r, err := s.resolveSigning()
	if err != nil {
		return nil, err
	}
	r.serializer, err = s.serializer(r.release)
	return r, err
}

// resolveSigning is resolve without the session serializer, which signing does not need.
func (s *Settings) resolveSigning() (*resolved, error) {
	if !s.complete {
		return nil, ErrIncompleteSettings
	}
	if s.SecretKey == "" {
		return nil, &SettingError{Setting: "SECRET_KEY", Problem: "must not be empty"}
	}
	rel, err := parseRelease(s.DjangoVersion)
	if err != nil {
		return nil, err
	}
	loc, err := s.Location()
	if err != nil {
		return nil, err
	}
	r := &resolved{Settings: s, release: rel, loc: loc}
	r.legacy = rel.ReadsLegacyLayout() || s.AcceptLegacyLayout
	if r.algorithm, err = s.hashing(rel); err != nil {
		return nil, err
	}
	part, problem := cookies.Problem(s.SessionCookieName, s.SessionCookieDomain, s.SessionCookiePath, s.SessionCookieSameSite)
	if problem != "" {
		return nil, &SettingError{Setting: "SESSION_COOKIE_" + part, Problem: problem}
	}
	return r, nil
}

// hashing returns the algorithm with which the release signs.
func (s *Settings) hashing(rel release.Release) (string, error) {
	switch {
	case !rel.HasDumpsLayout():
		return signing.SHA1, nil
	case !rel.ReadsLegacyLayout(): // only 3.1 and 3.2 have the setting
		return signing.SHA256, nil
	case s.DefaultHashingAlgorithm == signing.SHA1 || s.DefaultHashingAlgorithm == signing.SHA256:
		return s.DefaultHashingAlgorithm, nil
	}
	return "", &SettingError{Setting: "DEFAULT_HASHING_ALGORITHM", Problem: `must be "sha1" or "sha256"`}
}

func (s *Settings) serializer(rel release.Release) (Serializer, error) {
	switch v := s.Serializer.(type) {
	case nil:
	case PickleSerializer:
		return v.of(s, rel)
	case TransitionalSerializer:
		return v.of(s, rel)
	default:
		return v, nil
	}
	problem := fmt.Sprintf("%q is not supported; set Settings.Serializer", s.SessionSerializer)
	switch s.SessionSerializer {
	case jsonSerializerPath, signingSerializerPath:
		return JSONSerializer{}, nil
	case packagePicklePath:
		return PickleSerializer{AcceptJSON: true}.of(s, rel)
	case transitionalPath:
		return TransitionalSerializer{}.of(s, rel)
	case pickleSerializerPath, basePicklePath:
		if rel.HasPickleSerializer() {
			return PickleSerializer{}.of(s, rel)
		}
		problem = "Django has had no PickleSerializer since 5.0; let the site use " + packagePicklePath +
			", or set Settings.Serializer if it has its own"
	default:
		if s.BaseEngine() == cacheEngine {
			return unusedSerializer{&SettingError{Setting: "SESSION_SERIALIZER", Problem: problem}}, nil
		}
	}
	return nil, &SettingError{Setting: "SESSION_SERIALIZER", Problem: problem}
}

// fallbacks returns the further keys with which the release verifies.
func (r *resolved) fallbacks() []string {
	if !r.release.HasFallbackKeys() {
		return nil
	}
	return r.SecretKeyFallbacks
}

func (r *resolved) signingOptions() signing.Options {
	return signing.Options{
		Key:          r.SecretKey,
		FallbackKeys: r.fallbacks(),
		Algorithm:    r.algorithm,
		AcceptSHA1:   r.legacy,
		MaxInflated:  r.MaxInflated,
		Now:          r.Now,
	}
}
