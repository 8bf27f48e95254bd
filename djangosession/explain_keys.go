package djangosession

import (
	"fmt"
	"slices"
	"strings"

	"github.com/djangobridge/djangobridge/signing"
)

// namedKey is a key to try, with a name that may be shown.
type namedKey struct{ name, key string }

// keys returns what the site's key may be, the likeliest first. Secrets change in transport: an environment file adds a
// line end or quotes, a shell takes them away.
func (c *Codec) keys(more Candidates) []namedKey {
	s := c.settings
	ks := []namedKey{{"SECRET_KEY", s.SecretKey}}
	for i, k := range s.SecretKeyFallbacks {
		if k != "" {
			ks = append(ks, namedKey{fmt.Sprintf("SECRET_KEY_FALLBACKS[%d]", i), k})
		}
	}
	for i, k := range more.Keys {
		if k != "" {
			ks = append(ks, namedKey{fmt.Sprintf("candidate key %d", i+1), k})
		}
	}
	for _, k := range slices.Clip(ks) {
		if trimmed := strings.TrimSpace(k.key); trimmed != k.key && trimmed != "" {
			ks = append(ks, namedKey{k.name + " without the white space around it", trimmed})
		}
		if unquoted := strings.Trim(strings.TrimSpace(k.key), `"'`); unquoted != k.key && unquoted != "" {
			ks = append(ks, namedKey{k.name + " without the quotes around it", unquoted})
		}
		ks = append(
			ks,
			namedKey{k.name + " with a line end after it", k.key + "\n"},
			namedKey{k.name + " with double quotes around it", `"` + k.key + `"`},
			namedKey{k.name + " with single quotes around it", "'" + k.key + "'"},
		)
	}
	return ks
}

// namedSalt is a salt to try; cookie tells that the key is prefixed.
type namedSalt struct {
	salt   string
	cookie bool
}

func (c *Codec) salts(more Candidates) []namedSalt {
	salts := []namedSalt{{salt: c.settings.keySalt()}}
	for _, s := range more.Salts {
		salts = append(salts, namedSalt{salt: s})
	}
	return append(
		salts,
		namedSalt{salt: "django.contrib.sessions.SessionStore"},
		namedSalt{salt: "django.contrib.sessions.backends.signed_cookies"},
		namedSalt{salt: "django.core.signing"},
		namedSalt{salt: "django.core.signing.TimestampSigner"},
		namedSalt{salt: "django.core.signing.Signer"},
		namedSalt{salt: "django.contrib.messages", cookie: true},
		namedSalt{salt: "django.core.signing.get_cookie_signer", cookie: true},
	)
}

// algorithmOf tells the algorithm of a signature by its length.
func algorithmOf(signature string) (string, bool) {
	switch len(signature) {
	case 43:
		return signing.SHA256, true
	case 27:
		return signing.SHA1, true
	}
	return "", false
}

// whoMade looks for what made the signature of a text.
func (c *Codec) whoMade(text string, layout Layout, more Candidates) *Made {
	switch layout {
	case DumpsLayout:
		return c.whoMadeDumps(text, more)
	case LegacyLayout:
		return c.whoMadeLegacy(text, more)
	}
	return nil
}

func (c *Codec) whoMadeDumps(text string, more Candidates) *Made {
	algorithm, known := algorithmOf(text[strings.LastIndexByte(text, ':')+1:])
	if !known {
		return nil
	}
	for _, key := range c.keys(more) {
		for _, salt := range c.salts(more) {
			o := signing.Options{Key: key.key, Salt: salt.salt, Algorithm: algorithm}
			newSigner := signing.NewTimestampSigner
			if salt.cookie {
				newSigner = signing.NewCookieSigner
			}
			signer, err := newSigner(o)
			if err != nil {
				continue
			}
			if _, err := signer.Unsign(text); err == nil {
				return &Made{Key: key.name, Salt: salt.salt, Algorithm: algorithm}
			}
		}
	}
	return nil
}

func (c *Codec) whoMadeLegacy(text string, more Candidates) *Made {
	salts := append([]string{c.settings.legacySalt(), "django.contrib.sessionsSessionStore"}, more.Salts...)
	for _, key := range c.keys(more) {
		for _, salt := range salts {
			if _, err := (&legacyLayout{salt: salt, keys: []string{key.key}}).decode(text); err == nil {
				return &Made{Key: key.name, Salt: salt, Algorithm: signing.SHA1}
			}
		}
	}
	return nil
}
