package djangosession

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/djangobridge/djangobridge/internal/settingsjson"
)

// ReadSettings reads settings from JSON: an object with Django's names, as
// [SettingsCommand] prints it. The defaults for what is left out are those of
// DJANGO_VERSION, or of the [NewestRelease] without it. Settings of other names are
// ignored. Besides Django's own it takes SESSION_STORE, SESSION_STORE_CLASS,
// SESSION_DATABASE, USER_DATABASE, USER_MODEL, KEY_SALT, PICKLE_PROTOCOL, PYTHON_VERSION,
// EXPORTED_AT and ACCEPT_LEGACY_LAYOUT for the fields of [Settings] that have those names
// in Go. Text around the line that [SettingsScript] printed is ignored. The error is a [*SettingError] where a setting
// is to blame; but a SESSION_SERIALIZER that is not known here is one only when the
// settings are used, so that Settings.Serializer can be set.
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

// ReadSettingsFile is [ReadSettings] on the file of this name.
func ReadSettingsFile(name string) (Settings, error) {
	return settingsjson.File(name, "djangosession: read settings", ReadSettings)
}

// byName are the settings that JSON may hold.
func (s *Settings) byName() map[string]any {
	return map[string]any{
		"SECRET_KEY":                         (*secret)(&s.SecretKey),
		"SECRET_KEY_FALLBACKS":               (*secrets)(&s.SecretKeyFallbacks),
		"SESSION_COOKIE_NAME":                &s.SessionCookieName,
		"SESSION_COOKIE_AGE":                 (*seconds)(&s.SessionCookieAge),
		"SESSION_COOKIE_DOMAIN":              (*optional)(&s.SessionCookieDomain),
		"SESSION_COOKIE_PATH":                &s.SessionCookiePath,
		"SESSION_COOKIE_SECURE":              &s.SessionCookieSecure,
		"SESSION_COOKIE_HTTPONLY":            &s.SessionCookieHTTPOnly,
		"SESSION_COOKIE_SAMESITE":            (*optional)(&s.SessionCookieSameSite),
		"SESSION_SAVE_EVERY_REQUEST":         &s.SessionSaveEveryRequest,
		"SESSION_EXPIRE_AT_BROWSER_CLOSE":    &s.SessionExpireAtBrowserClose,
		"SESSION_ENGINE":                     &s.SessionEngine,
		"SESSION_SERIALIZER":                 &s.SessionSerializer,
		"SESSION_FILE_PATH":                  (*optional)(&s.SessionFilePath),
		"SESSION_CACHE_ALIAS":                &s.SessionCacheAlias,
		"USE_TZ":                             &s.UseTZ,
		"TIME_ZONE":                          (*optional)(&s.TimeZone),
		"DEFAULT_HASHING_ALGORITHM":          &s.DefaultHashingAlgorithm,
		"SIGNED_COOKIE_LEGACY_SALT_FALLBACK": &s.SignedCookieLegacySaltFallback,
		"SIGNING_BACKEND":                    &s.SigningBackend,
		"SESSION_STORE":                      &s.SessionStore,
		"SESSION_STORE_CLASS":                &s.SessionStoreClass,
		"SESSION_DATABASE":                   &s.SessionDatabase,
		"USER_DATABASE":                      &s.UserDatabase,
		"USER_MODEL":                         &s.UserModel,
		"KEY_SALT":                           &s.KeySalt,
		"MIDDLEWARE":                         &s.Middleware,
		"PASSWORD_HASHERS":                   &s.PasswordHashers,
		"PYTHON_VERSION":                     &s.PythonVersion,
		"EXPORTED_AT":                        (*unixTime)(&s.ExportedAt),
		"PICKLE_PROTOCOL":                    &s.PickleProtocol,
		"ACCEPT_LEGACY_LAYOUT":               &s.AcceptLegacyLayout,
	}
}

// seconds is a number of seconds.
type seconds time.Duration

func (s *seconds) UnmarshalJSON(b []byte) error {
	var f float64
	if string(b) == "null" {
		return errors.New("must be a number of seconds")
	}
	if err := json.Unmarshal(b, &f); err != nil {
		return err
	}
	if math.Abs(f) >= math.MaxInt64/float64(time.Second) {
		return errors.New("is more than 292 years")
	}
	*s = seconds(f * float64(time.Second))
	return nil
}

// unixTime is a point in time as a number of seconds since 1970.
type unixTime time.Time

func (t *unixTime) UnmarshalJSON(b []byte) error {
	var f *float64
	if err := json.Unmarshal(b, &f); err != nil {
		return err
	}
	if f == nil || *f < 0 || *f > maxUnixTime {
		return errors.New("must be the number of seconds since 1970")
	}
	*t = unixTime(time.UnixMicro(int64(math.Round(*f * 1e6))).UTC())
	return nil
}

// maxUnixTime is the end of the year 9999.
const maxUnixTime = 253402300799

// optional is a string for which Django also takes None or False.
type optional string

func (o *optional) UnmarshalJSON(b []byte) error {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	if no, isBool := v.(bool); v == nil || isBool && !no {
		*o = ""
		return nil
	}
	return json.Unmarshal(b, (*string)(o))
}

// secret is a string, or bytes as {"$bytes": base64}.
type secret string

func (s *secret) UnmarshalJSON(b []byte) error {
	var tagged struct {
		Bytes *string `json:"$bytes"`
	}
	if json.Unmarshal(b, &tagged) == nil && tagged.Bytes != nil {
		raw, err := base64.StdEncoding.DecodeString(*tagged.Bytes)
		if err != nil {
			return errors.New("its bytes are not base64")
		}
		*s = secret(raw)
		return nil
	}
	return json.Unmarshal(b, (*string)(s))
}

type secrets []string

func (s *secrets) UnmarshalJSON(b []byte) error {
	var list []secret
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	*s = nil
	for _, k := range list {
		*s = append(*s, string(k))
	}
	return nil
}
