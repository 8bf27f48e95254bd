package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/settingsjson"
)

// secretVariable is the environment variable that holds the SECRET_KEY. It is read here,
// not by kong, which would show it in the help text and drop an empty one.
const secretVariable = "DJANGO_SECRET_KEY"

// siteFlags describe the site. They take precedence over the settings file.
type siteFlags struct {
	Settings  string  `help:"The site's settings (see settings script --help)."                          placeholder:"FILE"`
	SecretKey *string `help:"SECRET_KEY. It is visible in the process list: prefer $$DJANGO_SECRET_KEY." placeholder:"KEY"`
	Fallback  texts   `help:"One of SECRET_KEY_FALLBACKS. Can be repeated."                              placeholder:"KEY"`

	Django string `help:"The Django release of the site, such as 4.2 (default: the newest)." placeholder:"RELEASE"`

	Legacy bool `help:"Accept the formats of before Django 3.1, whatever the release."`
}

// storeFlags describe how the site's sessions differ from Django's own.
type storeFlags struct {
	siteFlags

	Store string `help:"Name of the site's session store class (default: SessionStore)." placeholder:"NAME"`

	Salt string `help:"Key salt of the session store, if it defines one."`

	Serializer string `help:"json, pickle or transitional (default: the site's)." placeholder:"NAME"`
}

// settings returns the site's settings.
func (f *storeFlags) settings() (djangosession.Settings, error) {
	s, err := f.siteFlags.settings(map[string]any{"SESSION_STORE": f.Store, "KEY_SALT": f.Salt})
	if err == nil {
		err = useSerializer(&s, f.Serializer)
	}
	return s, err
}

// settingsWithoutSecret returns settings for commands that need only keys and dates. If
// no secret is given, it uses a random one, and known is false.
func (f *storeFlags) settingsWithoutSecret() (s djangosession.Settings, known bool, err error) {
	s, err = f.settings()
	if !errors.Is(err, errNoSecret) {
		return s, err == nil, err
	}
	flags := *f
	random := rand.Text()
	flags.SecretKey = &random
	s, err = flags.settings()
	return s, false, err
}

var errNoSecret = usagef("no secret key: set the environment variable %s, or use --settings FILE or --secret-key KEY",
	secretVariable)

// settings combines the file, the flags and the environment under Django's names, and
// reads all of it in the same way. Empty strings in more are ignored. The serializer is
// not checked.
func (f *siteFlags) settings(more map[string]any) (djangosession.Settings, error) {
	values, err := readObject(f.Settings)
	if err != nil {
		return djangosession.Settings{}, err
	}
	for name, value := range more {
		if value != "" {
			put(values, name, value)
		}
	}
	if f.Django != "" {
		put(values, "DJANGO_VERSION", f.Django)
	}
	if f.Legacy {
		put(values, "ACCEPT_LEGACY_LAYOUT", true)
	}
	if err := f.putSecrets(values); err != nil {
		return djangosession.Settings{}, err
	}
	data, err := json.Marshal(values)
	if err != nil {
		return djangosession.Settings{}, usageError{err}
	}
	s, err := djangosession.ReadSettings(bytes.NewReader(data))
	if err != nil {
		return djangosession.Settings{}, usageError{err}
	}
	return s, nil
}

func (f *siteFlags) putSecrets(values map[string]json.RawMessage) error {
	if len(f.Fallback) > 0 {
		fallbacks := make([]any, 0, len(f.Fallback))
		for _, key := range f.Fallback {
			fallbacks = append(fallbacks, bytesValue(key))
		}
		put(values, "SECRET_KEY_FALLBACKS", fallbacks)
	}
	fromEnvironment := os.Getenv(secretVariable)
	switch {
	case f.SecretKey != nil && *f.SecretKey == "":
		return usagef("--secret-key must not be empty")
	case f.SecretKey != nil:
		put(values, "SECRET_KEY", bytesValue(*f.SecretKey))
	case values["SECRET_KEY"] != nil:
	case fromEnvironment == "":
		return errNoSecret
	default:
		put(values, "SECRET_KEY", bytesValue(fromEnvironment))
	}
	return nil
}

// readObject reads a file that contains one JSON object. Without a file the object is
// empty. Errors contain nothing of the file.
func readObject(file string) (map[string]json.RawMessage, error) {
	values := map[string]json.RawMessage{}
	if file == "" {
		return values, nil
	}
	data, err := readUpTo(file, maxSettings)
	if err != nil {
		return nil, usagef("read settings: %w", err)
	}
	values, err = settingsjson.Read(bytes.NewReader(data))
	if err != nil || values == nil {
		return nil, usagef("read settings: %s does not contain one JSON object (see djangosession settings script --help)", file)
	}
	return values, nil
}

// maxSettings is larger than any settings file.
const maxSettings = 1 << 20

func readUpTo(file string, limit int64) ([]byte, error) { //nolint:unparam // readers of other files may have another limit
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", file, limit)
	}
	return data, err
}

func put(values map[string]json.RawMessage, name string, value any) { values[name] = jsonLine(value) }

// bytesValue is a secret in the form of the settings file. It need not be UTF-8.
func bytesValue(secret string) any {
	return map[string]string{"$bytes": base64.StdEncoding.EncodeToString([]byte(secret))}
}
