package main

import (
	"errors"
	"math"
	"time"

	"github.com/djangobridge/djangobridge/internal/wtf8"
	"github.com/djangobridge/djangobridge/signing"
)

// signerFlags describe how to sign, except for the key.
type signerFlags struct {
	siteFlags

	Salt      string `help:"Salt (default: that of Django's class or function)."`
	Sep       string `help:"Separator (default: a colon)."`
	Algorithm string `help:"Hash algorithm, by its name in Python's hashlib (default: that of the Django release, sha256)."`
}

// options returns the options of the signers.
func (f *signerFlags) options() (signing.Options, error) {
	s, err := f.settings(nil)
	if err != nil {
		return signing.Options{}, err
	}
	o, err := s.SigningOptions()
	if err != nil {
		return signing.Options{}, usageError{err}
	}
	o.Salt, o.Sep = f.Salt, f.Sep
	if f.Algorithm != "" {
		o.Algorithm = f.Algorithm
	}
	return o, nil
}

type signCommand struct {
	signerFlags
	NoTimestamp bool `help:"Sign without the time, like Signer." name:"no-timestamp"`

	Timestamp *int64 `help:"Sign as of this second (default: now)." placeholder:"UNIX_SECONDS"`

	Values []string `arg:"" help:"Texts to sign." name:"value" optional:""`
}

// Help is what sign --help adds.
func (*signCommand) Help() string {
	return `Prints the result of TimestampSigner().sign(value) for each value, or of Signer().sign(value) with --no-timestamp.
` + itemsHelp + `

Examples:

    djangosession sign hello
    djangosession sign --no-timestamp --salt invitation 42
    djangosession sign -- -5`
}

// Run is the command.
func (c *signCommand) Run(t *tool) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	if c.Timestamp != nil {
		if c.NoTimestamp {
			return usagef("--timestamp and --no-timestamp exclude each other")
		}
		o.Now = fixedClock(*c.Timestamp)
	}
	sign, err := signerOf(o, c.NoTimestamp)
	if err != nil {
		return usageError{err}
	}
	return t.filter(c.Values, func(value string) ([]byte, error) {
		if !wtf8.Valid(value) {
			return nil, &itemError{badInput, errNotUTF8}
		}
		return []byte(sign(value)), nil
	})
}

func signerOf(o signing.Options, noTimestamp bool) (func(value string) string, error) {
	if noTimestamp {
		signer, err := signing.NewSigner(o)
		if err != nil {
			return nil, err
		}
		return signer.Sign, nil
	}
	signer, err := signing.NewTimestampSigner(o)
	if err != nil {
		return nil, err
	}
	return signer.Sign, nil
}

var errNotUTF8 = errors.New("the text is not UTF-8")

type unsignCommand struct {
	signerFlags
	NoTimestamp bool     `help:"Verify values without a time, like Signer."            name:"no-timestamp"`
	MaxAge      *float64 `help:"Refuse values signed longer ago."                      placeholder:"SECONDS"`
	Cookie      string   `help:"Verify values of this cookie, like get_signed_cookie." placeholder:"NAME"`
	CookieKey   bool     `help:"Use the key of get_cookie_signer."`

	Signed []string `arg:"" help:"Signed values." name:"signed" optional:""`
}

// Help is what unsign --help adds.
func (*unsignCommand) Help() string {
	return `Prints {"value":"..."} for a valid signature, and otherwise {"error":{"reason":"...","message":"..."}}. Reasons are
malformed, bad_signature and signature_expired. With --cookie it accepts the values that get_signed_cookie accepts, with both
salts if the site's release and its SIGNED_COOKIE_LEGACY_SALT_FALLBACK allow that; --salt is then the salt that was given to
set_signed_cookie.
` + itemsHelp + `

Examples:

    djangosession unsign --max-age 3600 hello:1r31eq:bI-reVCgAQqA6NH_MVUY791PTRb9Mb2fwN5bTx1JFV0
    djangosession unsign --no-timestamp --salt invitation "$TOKEN" | jq -r .value
    djangosession unsign --cookie cart "$COOKIE_VALUE"`
}

// Run is the command.
func (c *unsignCommand) Run(t *tool) error {
	unsign, err := c.unsigner()
	if err != nil {
		return err
	}
	return t.filter(c.Signed, func(signed string) ([]byte, error) {
		value, err := unsign(signed)
		if err != nil {
			return nil, err
		}
		if !wtf8.Valid(value) {
			return nil, &itemError{badInput, errNotUTF8}
		}
		return object("value", value)
	})
}

// verifier is the method that all signers have.
type verifier interface {
	Unsign(signed string) (string, error)
}

// timedVerifier is a verifier that knows when a value was signed.
type timedVerifier interface {
	verifier
	UnsignMaxAge(signed string, maxAge time.Duration) (string, error)
}

// unsigner returns the function that verifies a value. The error is a [usageError].
func (c *unsignCommand) unsigner() (func(signed string) (string, error), error) {
	switch {
	case c.NoTimestamp && c.MaxAge != nil:
		return nil, usagef("--max-age needs the time that --no-timestamp leaves out")
	case c.NoTimestamp && (c.Cookie != "" || c.CookieKey):
		return nil, usagef("cookies are always signed with the time: leave out --no-timestamp")
	case c.Cookie != "" && c.CookieKey:
		return nil, usagef("--cookie includes --cookie-key: give one of them")
	case c.Cookie != "" && (c.Sep != "" || c.Algorithm != ""):
		return nil, usagef("--cookie excludes --sep and --algorithm: the site's release decides")
	}
	v, err := c.verifier()
	if err != nil {
		return nil, err
	}
	timed, ok := v.(timedVerifier)
	if c.MaxAge == nil || !ok {
		return v.Unsign, nil
	}
	age, err := ageLimit(*c.MaxAge)
	return func(signed string) (string, error) { return timed.UnsignMaxAge(signed, age) }, err
}

func (c *unsignCommand) verifier() (v verifier, err error) {
	if c.Cookie != "" {
		s, err := c.settings(nil)
		if err != nil {
			return nil, err
		}
		if v, err = s.SignedCookie(c.Cookie, c.Salt); err != nil {
			return nil, usageError{err}
		}
		return v, nil
	}
	o, err := c.options()
	if err != nil {
		return nil, err
	}
	switch {
	case c.NoTimestamp:
		v, err = signing.NewSigner(o)
	case c.CookieKey:
		v, err = signing.NewCookieSigner(o)
	default:
		v, err = signing.NewTimestampSigner(o)
	}
	if err != nil {
		return nil, usageError{err}
	}
	return v, nil
}

// ageLimit converts the seconds of --max-age to a duration.
func ageLimit(seconds float64) (time.Duration, error) {
	if math.IsNaN(seconds) {
		return 0, usagef("--max-age is not a number")
	}
	// Ages of more than 146 years, in nanoseconds, need not be distinguished.
	const limit = float64(1 << 62)
	return time.Duration(min(max(seconds*float64(time.Second), -limit), limit)), nil
}
