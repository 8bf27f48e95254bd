package tokens

import (
	"slices"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/internal/release"
	"github.com/djangobridge/djangobridge/signing"
)

// Options describe a subclass of PasswordResetTokenGenerator. The zero value is Django's
// default_token_generator.
type Options struct {
	// KeySalt is key_salt. Tokens of another salt are invalid, so use one for each
	// purpose of tokens. The default is Django's.
	KeySalt string
	// Secret is secret; SECRET_KEY by default.
	Secret auth.Secret
	// SecretFallbacks is secret_fallbacks, which exists since Django 4.1: further secrets
	// whose tokens are accepted. If nil, it is SECRET_KEY_FALLBACKS, even with a Secret.
	// Empty ones are ignored.
	SecretFallbacks []auth.Secret
	// Algorithm is algorithm, which exists since Django 3.1: a name in Python's hashlib.
	// The default is "sha256" or, in 3.1 and 3.2, DEFAULT_HASHING_ALGORITHM.
	Algorithm string
	// HashValue replaces _make_hash_value: it returns the text that a token protects. It
	// must contain the id of the user, and a value that changes when the token is used.
	// The timestamp is that of the token, in seconds, or days before Django 3.1. Package
	// views also calls HashValue with an empty user. It is required since Django 3.2 if
	// Python code of the site computes or converts the email address of users.
	HashValue func(user *auth.User, timestamp int64) string
}

// defaultKeySalt is key_salt of PasswordResetTokenGenerator.
const defaultKeySalt = "django.contrib.auth.tokens.PasswordResetTokenGenerator"

// New returns the generator of a site. It uses SECRET_KEY, SECRET_KEY_FALLBACKS,
// PASSWORD_RESET_TIMEOUT, USE_TZ and TIME_ZONE. Tokens are those of Django only for users
// that were read with their addresses; see tables.UserOptions.Model. The error is
// [djangosession.ErrIncompleteSettings] or a [*djangosession.SettingError].
func New(s djangosession.Settings, o Options) (*Generator, error) {
	keys, err := s.SigningOptions() // checks the settings
	if err != nil {
		return nil, err
	}
	site, err := release.Parse(s.DjangoVersion)
	if err != nil {
		return nil, err
	}
	g := &Generator{
		hashValue: o.HashValue,
		now:       s.Clock,
		timeout:   int64(s.PasswordResetTimeout / time.Second),
		inDays:    !site.MakesTokensInSeconds(),
		withEmail: site.HashesEmailInTokens(),
	}
	if g.withEmail && o.HashValue == nil {
		g.refused = refusal(&s.UserModel)
	}
	if err := g.setZones(&s); err != nil {
		return nil, err
	}
	if err := g.setSecrets(o, keys, site); err != nil {
		return nil, err
	}
	return g, nil
}

// refusal returns why the addresses of users are not those of Django.
func refusal(m *djangosession.UserModel) error {
	isField := func(f djangosession.UserField) bool { return f.Name == m.EmailField }
	switch {
	case m.Model == "": // users of the caller
		return nil
	case m.Fields == nil:
		return errBlind
	case m.EmailComputed, m.EmailField != "" && !slices.ContainsFunc(m.Fields, isField): // perhaps in another table
		return errComputed
	}
	return nil
}

// setZones finds the zones of dates in tokens.
func (g *Generator) setZones(s *djangosession.Settings) (err error) {
	if g.zone, err = s.Location(); err != nil {
		return err
	}
	switch {
	case !s.UseTZ:
		g.loginZone = g.zone
	case s.UserDatabase.TimeZone == "":
		g.loginZone = time.UTC
	default:
		g.loginZone, err = time.LoadLocation(s.UserDatabase.TimeZone)
		if err != nil {
			return &djangosession.SettingError{Setting: "USER_DATABASE", Problem: "names a time_zone that is not known on this " +
				"machine: correct it, or import time/tzdata"}
		}
	}
	return nil
}

// setSecrets derives the keys.
func (g *Generator) setSecrets(o Options, keys signing.Options, site release.Release) error {
	secrets, algorithm := []string{keys.Key}, keys.Algorithm
	if o.Secret != "" {
		secrets[0] = string(o.Secret)
	}
	if o.Algorithm != "" {
		if g.inDays {
			return &djangosession.SettingError{Setting: "Algorithm", Problem: "must be empty before Django 3.1, whose tokens are SHA-1"}
		}
		algorithm = o.Algorithm
	}
	switch {
	case !site.HasFallbackKeys():
	case o.SecretFallbacks != nil:
		for _, secret := range o.SecretFallbacks {
			secrets = append(secrets, string(secret))
		}
	default:
		secrets = append(secrets, keys.FallbackKeys...)
	}
	salt := o.KeySalt
	if salt == "" {
		salt = defaultKeySalt
	}
	for i, secret := range secrets {
		if i > 0 && secret == "" {
			continue // Django makes tokens with it, and so can anybody
		}
		mac, err := signing.NewHMAC(signing.HMACOptions{KeySalt: salt, Secret: secret, Algorithm: algorithm})
		if err != nil {
			return &djangosession.SettingError{Setting: "Algorithm", Problem: err.Error()}
		}
		g.macs = append(g.macs, mac)
	}
	if !site.AcceptsTokensInDays() || g.inDays {
		return nil
	}
	g.acceptsDays = true
	old, err := signing.NewHMAC(signing.HMACOptions{KeySalt: salt, Secret: secrets[0], Algorithm: signing.SHA1})
	g.macs = append(g.macs, old)
	return err
}
