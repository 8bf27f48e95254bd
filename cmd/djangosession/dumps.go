package main

import (
	"github.com/djangobridge/djangobridge/py/pickle"
	"github.com/djangobridge/djangobridge/py/pyjson"
	"github.com/djangobridge/djangobridge/py/tagged"
	"github.com/djangobridge/djangobridge/signing"
)

// dumpsFlags are signerFlags without a separator, because dumps and loads have none.
type dumpsFlags struct {
	siteFlags

	Salt      string `help:"Salt (default: django.core.signing)."`
	Algorithm string `help:"Hash algorithm, by its name in Python's hashlib (default: that of the Django release, sha256)."`
	CookieKey bool   `help:"Use the key of get_cookie_signer(SALT), as Django's messages do."`

	Serializer string `default:"json" enum:"json,pickle" help:"json (the default) or pickle." placeholder:"NAME"`
}

// signingOptions returns the options of signing.dumps.
func (f *dumpsFlags) signingOptions() (signing.Options, error) {
	flags := signerFlags{siteFlags: f.siteFlags, Salt: f.Salt, Algorithm: f.Algorithm}
	o, err := flags.options()
	if o.Salt == "" {
		o.Salt = "django.core.signing"
	}
	return o, err
}

// signer returns the signer of signing.dumps.
func (f *dumpsFlags) signer(o signing.Options) (*signing.TimestampSigner, error) {
	newSigner := signing.NewTimestampSigner
	if f.CookieKey {
		newSigner = signing.NewCookieSigner
	}
	signer, err := newSigner(o)
	if err != nil {
		return nil, usageError{err}
	}
	return signer, nil
}

type dumpsCommand struct {
	dumpsFlags
	Compress bool `help:"Compress if the result is shorter."`

	Timestamp *int64 `help:"Sign as of this second (default: now)." placeholder:"UNIX_SECONDS"`

	Protocol int `default:"4" help:"Pickle protocol to write, 2 to 5 (default: 4)." placeholder:"N"`

	JSON []string `arg:"" help:"JSON values." name:"json" optional:""`
}

// Help is what dumps --help adds.
func (*dumpsCommand) Help() string {
	return `Prints the result of django.core.signing.dumps(value), or of dumps(value, serializer=PickleSerializer) with --serializer
pickle. For an item that cannot be signed it prints {"error":{"reason":"...","message":"..."}}. Reasons are bad_input and
unsupported. Signed text never begins with "{".
` + itemsHelp + `

Examples:

    djangosession dumps '{"user":42}'
    djangosession dumps --compress --salt password-reset '["a","list"]'`
}

// Run is the command.
func (c *dumpsCommand) Run(t *tool) error {
	o, err := c.signingOptions()
	if err != nil {
		return err
	}
	o.Compress = c.Compress
	if c.Timestamp != nil {
		o.Now = fixedClock(*c.Timestamp)
	}
	signer, err := c.signer(o)
	if err != nil {
		return err
	}
	if c.Protocol < 2 || c.Protocol > 5 {
		return errProtocol
	}
	return t.filter(c.JSON, func(text string) ([]byte, error) {
		v, err := tagged.LoadsString(text)
		if err != nil {
			return nil, err
		}
		data, err := c.serialize(v)
		if err != nil {
			return nil, &itemError{unsupported, err}
		}
		return []byte(signer.SignObject(data)), nil
	})
}

func (c *dumpsCommand) serialize(v any) ([]byte, error) {
	if c.Serializer == pickleName {
		return pickle.Dumps(v, c.Protocol)
	}
	return pyjson.Dumps(v)
}

type loadsCommand struct {
	dumpsFlags
	MaxAge *float64 `help:"Refuse values signed longer ago." placeholder:"SECONDS"`

	Signed []string `arg:"" help:"Values that dumps signed." name:"signed" optional:""`
}

// Help is what loads --help adds.
func (*loadsCommand) Help() string {
	return `Prints {"object":...} with the result of django.core.signing.loads(text), or {"error":{"reason":"...","message":"..."}}.
Reasons are those of "decode".
` + itemsHelp + `

Examples:

    djangosession loads --max-age 86400 "$TOKEN"
    djangosession loads --cookie-key --salt django.contrib.messages "$MESSAGES_COOKIE"
    djangosession loads eyJhIjoxfQ:1r31eq:kmKJ58BuWZwTcnsGz2rX1Jis7G9EYc9E_xzye2nkyDY | jq .object`
}

// Run is the command.
func (c *loadsCommand) Run(t *tool) error {
	o, err := c.signingOptions()
	if err != nil {
		return err
	}
	signer, err := c.signer(o)
	if err != nil {
		return err
	}
	unsign := signer.UnsignObject
	if c.MaxAge != nil {
		age, err := ageLimit(*c.MaxAge)
		if err != nil {
			return err
		}
		unsign = func(signed string) ([]byte, error) { return signer.UnsignObjectMaxAge(signed, age) }
	}
	return t.filter(c.Signed, func(signed string) ([]byte, error) {
		data, err := unsign(signed)
		if err != nil {
			return nil, err
		}
		v, err := c.deserialize(data)
		if err != nil {
			return nil, &signing.DecodeError{Reason: signing.BadSerialization, Err: err}
		}
		return object("object", v)
	})
}

func (c *loadsCommand) deserialize(data []byte) (any, error) {
	if c.Serializer == pickleName {
		return pickle.Loads(data)
	}
	return pyjson.Loads(data)
}
