package csrf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/settingsjson"
)

// ReadSettings reads settings from JSON, an object with Django's names, as [djangosession.SettingsCommand] prints it: those
// for sessions with [djangosession.ReadSettings], and beside them those of [Settings]. What is left out has Django's
// defaults. The error is a [*djangosession.SettingError] where a setting is to blame.
func ReadSettings(r io.Reader) (Settings, error) {
	data, err := settingsjson.Text(r) // which is read twice
	if err != nil {
		return Settings{}, fmt.Errorf("csrf: read settings: %w", err)
	}
	site, err := djangosession.ReadSettings(bytes.NewReader(data))
	if err != nil {
		return Settings{}, err
	}
	given, err := settingsjson.Read(bytes.NewReader(data))
	if err != nil {
		return Settings{}, fmt.Errorf("csrf: read settings: %w", err)
	}
	s := defaults(site)
	if name, err := given.Store(s.byName()); err != nil {
		return Settings{}, &djangosession.SettingError{Setting: name, Problem: err.Error()}
	}
	if _, err := New(s); err != nil {
		return Settings{}, err
	}
	return s, nil
}

// ReadSettingsFile is [ReadSettings] on the file of this name.
func ReadSettingsFile(name string) (Settings, error) {
	return settingsjson.File(name, "csrf: read settings", ReadSettings)
}

// byName are the settings that JSON may hold besides those for sessions.
func (s *Settings) byName() map[string]any {
	return map[string]any{
		"CSRF_COOKIE_NAME":              &s.CSRFCookieName,
		"CSRF_COOKIE_AGE":               (*age)(&s.CSRFCookieAge),
		"CSRF_COOKIE_DOMAIN":            (*optional)(&s.CSRFCookieDomain),
		"CSRF_COOKIE_PATH":              &s.CSRFCookiePath,
		"CSRF_COOKIE_SECURE":            &s.CSRFCookieSecure,
		"CSRF_COOKIE_HTTPONLY":          &s.CSRFCookieHTTPOnly,
		"CSRF_COOKIE_SAMESITE":          (*optional)(&s.CSRFCookieSameSite),
		"CSRF_COOKIE_MASKED":            &s.CSRFCookieMasked,
		"CSRF_USE_SESSIONS":             &s.CSRFUseSessions,
		"CSRF_HEADER_NAME":              &s.CSRFHeaderName,
		"CSRF_TRUSTED_ORIGINS":          &s.CSRFTrustedOrigins,
		"ALLOWED_HOSTS":                 &s.AllowedHosts,
		"DEBUG":                         &s.Debug,
		"SECURE_PROXY_SSL_HEADER":       (*pair)(&s.SecureProxySSLHeader),
		"USE_X_FORWARDED_HOST":          &s.UseXForwardedHost,
		"USE_X_FORWARDED_PORT":          &s.UseXForwardedPort,
		"DATA_UPLOAD_MAX_MEMORY_SIZE":   (*limit)(&s.DataUploadMaxMemorySize),
		"DATA_UPLOAD_MAX_NUMBER_FIELDS": (*limit)(&s.DataUploadMaxNumberFields),
		"DATA_UPLOAD_MAX_NUMBER_FILES":  (*limit)(&s.DataUploadMaxNumberFiles),
		"SERVER_PORT":                   &s.ServerPort,
	}
}

func isNull(b []byte) bool { return string(b) == "null" }

// age is a number of seconds, or None.
type age time.Duration

func (a *age) UnmarshalJSON(b []byte) error {
	var seconds *float64
	if err := json.Unmarshal(b, &seconds); err != nil {
		return err
	}
	switch {
	case seconds == nil:
		*a = 0
	case *seconds == 0:
		return errors.New("0 makes browsers drop the cookie at once")
	case math.Abs(*seconds) >= math.MaxInt64/float64(time.Second):
		return errors.New("is more than 292 years")
	default:
		*a = age(*seconds * float64(time.Second))
	}
	return nil
}

// optional is a string, None or False.
type optional string

func (o *optional) UnmarshalJSON(b []byte) error {
	if isNull(b) || string(b) == "false" {
		*o = ""
		return nil
	}
	return json.Unmarshal(b, (*string)(o))
}

// pair is two strings, or None.
type pair [2]string

func (p *pair) UnmarshalJSON(b []byte) error {
	var list []string
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	switch len(list) {
	case 0:
		*p = pair{}
	case 2:
		*p = pair(list)
	default:
		return errors.New("must have a name and a value")
	}
	return nil
}

// limit is a number, or None.
type limit int64

func (l *limit) UnmarshalJSON(b []byte) error {
	*l = -1
	if isNull(b) {
		return nil
	}
	var n int64
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	*l = limit(max(n, 0))
	return nil
}
