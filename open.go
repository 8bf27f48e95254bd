package djangobridge

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/auth/tokens"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/djangosession/hashers"
	"github.com/djangobridge/djangobridge/djangosession/messages"
)

// Open returns the site that a settings file describes; see
// [djangosession.SettingsScript]. It does not use the database; [Site.Check] does. The
// error is a [*RefusedError] if the file does not prove that the site can be handled
// safely, a [*djangosession.SettingError] for an unusable setting or option, or an error
// of reading the file.
func Open(file string, o Options) (*Site, error) {
	return openFile(file, o, make(chan *origin, 1))
}

// New is [Open] for settings that a program has read or made itself, for example to set
// Serializer, AcceptLegacyLayout or Now. It refuses settings whose values [Open] would
// refuse in a file, and settings that lack what a part of the site needs. It does not
// know which settings were given and which are Django's defaults. Settings that the
// caller has made have to be those of the site: with another SECRET_KEY or USE_TZ,
// Django and the service cannot use each other's sessions.
//
// The error is a [*RefusedError], a [*djangosession.SettingError] or
// [djangosession.ErrIncompleteSettings].
func New(s djangosession.Settings, o Options) (*Site, error) {
	if err := s.Check(); errors.Is(err, djangosession.ErrIncompleteSettings) {
		return nil, err
	}
	return open("", s, s.Review(), o)
}

// open returns the site that the settings describe, unless findings remain that no option
// settles. file is "" for settings that come from no file.
func open(file string, s djangosession.Settings, found []djangosession.Finding, o Options) (*Site, error) {
	if o.Dialect == nil {
		o.Dialect = o.Tables.Dialect
	}
	found = slices.DeleteFunc(found, func(f djangosession.Finding) bool { return !f.Refused || o.settles(&s, f) })
	if len(found) > 0 {
		return nil, &RefusedError{File: file, Findings: found}
	}
	if err := o.check(&s); err != nil {
		return nil, err
	}
	return build(s, o)
}

// review reads a settings file. info is that of the file as it is read, or older. Errors
// name the file.
func review(file string) (s djangosession.Settings, info os.FileInfo, found []djangosession.Finding, err error) {
	const remedy = `export the site's settings (see "djangosession settings script --help")`
	f, err := os.Open(file) //nolint:gosec // the caller says which file
	if err != nil {
		return s, nil, nil, fmt.Errorf("djangobridge: open: %w: %s", err, remedy)
	}
	defer f.Close() //nolint:errcheck // the file was only read
	if info, err = f.Stat(); err != nil {
		return s, nil, nil, fmt.Errorf("djangobridge: open: %w", err)
	}
	s, found, err = djangosession.ReviewSettings(f) // which reads no more than 1 MiB
	if _, isSetting := errors.AsType[*djangosession.SettingError](err); isSetting {
		err = fmt.Errorf("djangobridge: open %s: %w", file, err)
	} else if err != nil {
		err = fmt.Errorf("djangobridge: open %s: %w: %s", file, err, remedy)
	}
	return s, info, found, err
}

// build creates the parts.
func build(s djangosession.Settings, o Options) (_ *Site, err error) {
	o.Tables.Dialect = o.Dialect
	o.Sessions.ReadOnly, o.Cache.ReadOnly, o.Messages.ReadOnly = o.ReadOnly, o.ReadOnly, o.ReadOnly
	e := &engine{}
	defer func() {
		if err != nil {
			_ = e.Close() // the other error says more
		}
	}()
	if err := o.openEngine(s, e); err != nil {
		return nil, err
	}
	sessions, err := djangosession.NewManager(e.Engine, s, o.Sessions)
	if err != nil {
		return nil, err
	}
	users, err := o.openUsers(&s)
	if err != nil {
		return nil, err
	}
	passwords, err := hashers.New(s, o.Hashers)
	if err != nil {
		return nil, err
	}
	if o.Auth.Hashers == nil {
		o.Auth.Hashers = passwords
	}
	protection, err := csrf.New(s, o.CSRF)
	if err != nil {
		return nil, err
	}
	if o.Auth.Origin == nil {
		o.Auth.Origin = protection.Origin
	}
	login, err := auth.New(sessions, users, o.Auth)
	if err != nil {
		return nil, err
	}
	notices, err := messages.New(s, o.Messages)
	if err != nil {
		return nil, err
	}
	generator, err := tokens.New(s, tokens.Options{})
	if err != nil {
		return nil, err
	}
	return &Site{
		Settings: s, Sessions: sessions, Login: login, CSRF: protection, Hashers: passwords, Messages: notices,
		Users: users, Tokens: generator, engine: e,
	}, nil
}
