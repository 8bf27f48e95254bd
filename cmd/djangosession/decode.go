package main

import (
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

type decodeCommand struct {
	storeFlags
	MaxAge *float64 `help:"Refuse sessions signed longer ago. (Django checks the expiry date instead.)" placeholder:"SECONDS"`

	Data []string `arg:"" help:"Values of the column session_data." name:"session-data" optional:""`
}

// Help is what decode --help adds.
func (*decodeCommand) Help() string {
	return `Prints {"session":{...}} for session data that decodes, and otherwise {"error":{"reason":"...","message":"..."}}. Reasons
are malformed, bad_signature, signature_expired, too_large, bad_compression and bad_serialization. Values that JSON lacks
are tagged: {"$bytes":"aGk="}, {"$float":"nan"}, {"$dict":[[1,"a"]]}. "encode" reads the same form.
` + rowsHelp + pickleHelp + `

Examples:

    export DJANGO_SECRET_KEY=...
    sqlite3 -list db.sqlite3 'SELECT session_data FROM django_session' | djangosession decode
    djangosession decode --serializer pickle --django 4.2 gAWVDgAAAAAAAAB9lIwBYZRLAUsChpRzLg:1r31eq:Xk3w...
    djangosession decode --salt django.core.signing eyJhIjoxfQ:1r31eq:kmKJ...
    psql -At mysite -c 'SELECT session_data FROM django_session' |
        djangosession decode --settings site.json | jq -r '.session._auth_user_id // empty'

Create the file of --settings with "djangosession settings script | python manage.py shell > site.json".`
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
	decode := codec.Decode
	if c.MaxAge != nil {
		maxAge, err := ageLimit(*c.MaxAge)
		if err != nil {
			return err
		}
		decode = func(text string) (*py.Dict, error) { return codec.DecodeMaxAge(text, maxAge) }
	}
	return t.filter(c.Data, func(text string) ([]byte, error) {
		d, err := decode(text)
		if err != nil {
			return nil, err
		}
		return object("session", d)
	})
}
