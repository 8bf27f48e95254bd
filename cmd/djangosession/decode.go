package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/signing"
)

type decodeCommand struct {
	storeFlags
	MaxAge *float64 `help:"Refuse sessions signed longer ago. (Django looks at the expiry date instead.)" placeholder:"SECONDS"`

	Data []string `arg:"" help:"Texts of the column session_data." name:"session-data" optional:""`
}

// Help is what decode --help adds.
func (*decodeCommand) Help() string {
	return `Prints {"session":{...}} for session data that decodes, else {"error":{"reason":"...","message":"..."}}. Reasons are
malformed, bad_signature, signature_expired, too_large, bad_compression and bad_serialization. Values that JSON lacks
are tagged: {"$bytes":"aGk="}, {"$float":"nan"}, {"$dict":[[1,"a"]]}; "encode" reads the same form.
` + rowsHelp + `

Examples:

    export DJANGO_SECRET_KEY=...
    sqlite3 -list db.sqlite3 'SELECT session_data FROM django_session' | djangosession decode
    djangosession decode --salt django.core.signing eyJhIjoxfQ:1r31eq:kmKJ...
    psql -At mysite -c 'SELECT session_data FROM django_session' |
        djangosession decode --settings site.json | jq -r '.session._auth_user_id // empty'

--settings takes what this prints, run where manage.py is. It holds the site's secrets: keep the file as safe as them.

    ` + djangosession.SettingsCommand + ` > site.json`
}

// Run is the command.
func (c *decodeCommand) Run(t *tool) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	codec, err := djangosession.NewCodec(s)
	if err != nil {
		return usageError{err}
	}
	var maxAge time.Duration
	if c.MaxAge != nil {
		if maxAge, err = ageLimit(*c.MaxAge); err != nil {
			return err
		}
	}
	return t.filter(c.Data, func(text string) ([]byte, error) {
		d, err := codec.Decode(text)
		if err == nil && c.MaxAge != nil {
			err = checkAge(text, maxAge, s.Clock())
		}
		if err != nil {
			return nil, err
		}
		return object("session", d)
	})
}

// checkAge refuses session data that was signed too long ago. Its signature has been verified.
func checkAge(text string, maxAge time.Duration, now time.Time) error {
	parts := strings.Split(text, ":")
	if len(parts) < 3 {
		return &signing.DecodeError{Reason: signing.Malformed, Detail: "no timestamp in the text, as before Django 3.1"}
	}
	signedAt, err := signing.B62Decode(parts[len(parts)-2])
	if err != nil {
		return &signing.DecodeError{Reason: signing.Malformed, Detail: "the timestamp is no number"}
	}
	if age := now.Sub(time.Unix(signedAt, 0)); age > maxAge {
		detail := fmt.Sprintf("signature age %.6g > %.6g seconds", age.Seconds(), maxAge.Seconds())
		return &signing.DecodeError{Reason: signing.SignatureExpired, Detail: detail}
	}
	return nil
}
