package main

import (
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

type decodeCommand struct {
	storeFlags
	MaxAge *float64 `help:"Refuse sessions signed longer ago. (Django checks the expiry date instead.)" placeholder:"SECONDS"`

	//nolint:lll // a help text
	From string `default:"session-data" enum:"session-data,cookie,cache-value,redis-value,memcached-value,file-value,table-value" help:"What the items are (see below)." placeholder:"KIND"`

	Data []string `arg:"" help:"Values of the column session_data, or of what --from says." name:"session-data" optional:""`
}

// Help is what decode --help adds.
func (*decodeCommand) Help() string {
	return `Prints {"session":{...}} for session data that decodes, and otherwise {"error":{"reason":"...","message":"..."}}. Reasons
are malformed, bad_signature, signature_expired, too_large, bad_compression and bad_serialization. Values that JSON lacks
are tagged: {"$bytes":"aGk="}, {"$float":"nan"}, {"$dict":[[1,"a"]]}. "encode" reads the same form.
` + rowsHelp + pickleHelp + fromHelp + `

Examples:

    export DJANGO_SECRET_KEY=...
    sqlite3 -list db.sqlite3 'SELECT session_data FROM django_session' | djangosession decode
    djangosession decode --serializer pickle --django 4.2 gAWVDgAAAAAAAAB9lIwBYZRLAUsChpRzLg:1r31eq:Xk3w...
    djangosession decode --salt django.core.signing eyJhIjoxfQ:1r31eq:kmKJ...
    psql -At mysite -c 'SELECT session_data FROM django_session' |
        djangosession decode --settings site.json | jq -r '.session._auth_user_id // empty'
    redis-cli --raw GET ":1:django.contrib.sessions.cache$KEY" | head -c -1 | xxd -p -c 0 |
        djangosession decode --from cache-value --settings site.json
    djangosession decode --from cookie --settings site.json "$SESSION_COOKIE"

Create the file of --settings with "(umask 077; djangosession settings script | python manage.py shell > site.json)".`
}

// Run is the command.
func (c *decodeCommand) Run(t *tool) error {
	decode, err := c.reader()
	if err != nil {
		return err
	}
	return t.filter(c.Data, func(text string) ([]byte, error) {
		d, err := decode(text)
		if err != nil {
			return nil, err
		}
		return object("session", d)
	})
}

// reader returns the function that reads an item.
func (c *decodeCommand) reader() (func(text string) (*py.Dict, error), error) {
	if c.From != fromSessionData && c.From != fromCookie {
		if c.MaxAge != nil {
			return nil, usagef("values of caches have no time: leave out --max-age")
		}
		s, _, err := c.settingsWithoutSecret()
		if err != nil {
			return nil, err
		}
		return valueReader(s, c.From)
	}
	s, err := c.settings()
	if err != nil {
		return nil, err
	}
	newCodec := djangosession.NewCodec
	if c.From == fromCookie {
		newCodec = djangosession.NewCookieCodec
	}
	codec, err := newCodec(s)
	if err != nil {
		return nil, usageError{err}
	}
	if c.MaxAge == nil {
		return codec.Decode, nil
	}
	maxAge, err := ageLimit(*c.MaxAge)
	if err != nil {
		return nil, err
	}
	return func(text string) (*py.Dict, error) { return codec.DecodeMaxAge(text, maxAge) }, nil
}
