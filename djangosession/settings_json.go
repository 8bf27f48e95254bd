package djangosession

import (
	"fmt"
	"io"

	"github.com/djangobridge/djangobridge/internal/settingsjson"
)

// ReadSettings reads settings from a JSON object with Django's names, as printed by
// [SettingsScript]. Other text around that line is ignored, and so are unknown names.
// Missing settings have the defaults of DJANGO_VERSION, or of the [NewestRelease] if that
// is missing too.
//
// Besides Django's settings it reads SESSION_STORE, SESSION_STORE_CLASS,
// SESSION_DATABASE, USER_DATABASE, USER_MODEL, SESSION_CACHE, SESSION_REDIS,
// HASHERS, LOGIN_RECEIVERS, KEY_SALT, PICKLE_PROTOCOL, PYTHON_VERSION, EXPORTED_AT,
// ACCEPT_LEGACY_LAYOUT and MAX_INFLATED into the fields of [Settings] of the same names.
//
// The error is a [*SettingError] if a setting is invalid. An unsupported
// SESSION_SERIALIZER is reported only when the settings are used, so that
// [Settings].Serializer can be set.
func ReadSettings(r io.Reader) (Settings, error) {
	given, err := settingsjson.Read(r)
	if err != nil {
		return Settings{}, fmt.Errorf("djangosession: read settings: %w", err)
	}
	var version string
	if name, err := given.Store(map[string]any{"DJANGO_VERSION": &version}); err != nil {
		return Settings{}, &SettingError{Setting: name, Problem: err.Error()}
	}
	s, err := NewSettingsFor(version, "")
	if err != nil {
		return Settings{}, err
	}
	if name, err := given.Store(s.byName()); err != nil {
		return Settings{}, &SettingError{Setting: name, Problem: err.Error()}
	}
	if _, err := s.resolveSigning(); err != nil {
		return Settings{}, err
	}
	return s, nil
}

// ReadSettingsFile is [ReadSettings] for the file of this name.
func ReadSettingsFile(name string) (Settings, error) {
	return settingsjson.File(name, "djangosession: read settings", ReadSettings)
}

// byName returns pointers to the settings that JSON may contain.
func (s *Settings) byName() map[string]any {
	return map[string]any{
		"SECRET_KEY":                         (*secret)(&s.SecretKey),
		"SECRET_KEY_FALLBACKS":               (*secrets)(&s.SecretKeyFallbacks),
		"SESSION_COOKIE_NAME":                (*required)(&s.SessionCookieName),
		"SESSION_COOKIE_AGE":                 (*seconds)(&s.SessionCookieAge),
		"SESSION_COOKIE_DOMAIN":              (*optional)(&s.SessionCookieDomain),
		"SESSION_COOKIE_PATH":                (*optional)(&s.SessionCookiePath),
		"SESSION_COOKIE_SECURE":              (*truth)(&s.SessionCookieSecure),
		"SESSION_COOKIE_HTTPONLY":            (*truth)(&s.SessionCookieHTTPOnly),
		"SESSION_COOKIE_SAMESITE":            (*optional)(&s.SessionCookieSameSite),
		"SESSION_SAVE_EVERY_REQUEST":         (*truth)(&s.SessionSaveEveryRequest),
		"SESSION_EXPIRE_AT_BROWSER_CLOSE":    (*truth)(&s.SessionExpireAtBrowserClose),
		"SESSION_ENGINE":                     &s.SessionEngine,
		"SESSION_SERIALIZER":                 (*required)(&s.SessionSerializer),
		"SESSION_FILE_PATH":                  (*optional)(&s.SessionFilePath),
		"SESSION_CACHE_ALIAS":                &s.SessionCacheAlias,
		"CSRF_COOKIE_NAME":                   (*required)(&s.CSRFCookieName),
		"CSRF_COOKIE_AGE":                    (*csrfAge)(&s.CSRFCookieAge),
		"CSRF_COOKIE_DOMAIN":                 (*optional)(&s.CSRFCookieDomain),
		"CSRF_COOKIE_PATH":                   (*optional)(&s.CSRFCookiePath),
		"CSRF_COOKIE_SECURE":                 (*truth)(&s.CSRFCookieSecure),
		"CSRF_COOKIE_HTTPONLY":               (*truth)(&s.CSRFCookieHTTPOnly),
		"CSRF_COOKIE_SAMESITE":               (*optional)(&s.CSRFCookieSameSite),
		"CSRF_COOKIE_MASKED":                 (*truth)(&s.CSRFCookieMasked),
		"CSRF_USE_SESSIONS":                  (*truth)(&s.CSRFUseSessions),
		"CSRF_HEADER_NAME":                   (*required)(&s.CSRFHeaderName),
		"CSRF_TRUSTED_ORIGINS":               &s.CSRFTrustedOrigins,
		"ALLOWED_HOSTS":                      &s.AllowedHosts,
		"DEBUG":                              (*truth)(&s.Debug),
		"SECURE_PROXY_SSL_HEADER":            (*proxyHeader)(&s.SecureProxySSLHeader),
		"USE_X_FORWARDED_HOST":               (*truth)(&s.UseXForwardedHost),
		"USE_X_FORWARDED_PORT":               (*truth)(&s.UseXForwardedPort),
		"DATA_UPLOAD_MAX_MEMORY_SIZE":        (*limit)(&s.DataUploadMaxMemorySize),
		"DATA_UPLOAD_MAX_NUMBER_FIELDS":      (*limit)(&s.DataUploadMaxNumberFields),
		"DATA_UPLOAD_MAX_NUMBER_FILES":       (*limit)(&s.DataUploadMaxNumberFiles),
		"AUTHENTICATION_BACKENDS":            &s.AuthenticationBackends,
		"LOGIN_URL":                          &s.LoginURL,
		"LOGIN_REDIRECT_URL":                 (*optional)(&s.LoginRedirectURL),
		"LOGOUT_REDIRECT_URL":                (*optional)(&s.LogoutRedirectURL),
		"PASSWORD_RESET_TIMEOUT":             (*timeout)(&s.PasswordResetTimeout),
		"USE_TZ":                             (*truth)(&s.UseTZ),
		"TIME_ZONE":                          (*optional)(&s.TimeZone),
		"DEFAULT_HASHING_ALGORITHM":          (*required)(&s.DefaultHashingAlgorithm),
		"SIGNED_COOKIE_LEGACY_SALT_FALLBACK": (*truth)(&s.SignedCookieLegacySaltFallback),
		"SIGNING_BACKEND":                    (*required)(&s.SigningBackend),
		"SESSION_STORE":                      &s.SessionStore,
		"SESSION_STORE_CLASS":                &s.SessionStoreClass,
		"SESSION_DATABASE":                   &s.SessionDatabase,
		"USER_DATABASE":                      &s.UserDatabase,
		"USER_MODEL":                         &s.UserModel,
		"SESSION_CACHE":                      &s.SessionCache,
		"SESSION_REDIS":                      &s.SessionRedis,
		"HASHERS":                            &s.Hashers,
		"MESSAGE_STORAGE":                    &s.MessageStorage,
		"MESSAGE_LEVEL":                      &s.MessageLevel,
		"MESSAGE_TAGS":                       &s.MessageTags,
		"LOGIN_RECEIVERS":                    &s.LoginReceivers,
		"KEY_SALT":                           &s.KeySalt,
		"MIDDLEWARE":                         &s.Middleware,
		"PASSWORD_HASHERS":                   &s.PasswordHashers,
		"PYTHON_VERSION":                     &s.PythonVersion,
		"EXPORTED_AT":                        (*unixTime)(&s.ExportedAt),
		"PICKLE_PROTOCOL":                    &s.PickleProtocol,
		"ACCEPT_LEGACY_LAYOUT":               &s.AcceptLegacyLayout,
		"MAX_INFLATED":                       (*maxInflated)(&s.MaxInflated),
	}
}
