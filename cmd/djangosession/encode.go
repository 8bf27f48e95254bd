package main

import (
	"errors"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/tagged"
)

type encodeCommand struct {
	storeFlags

	Timestamp *int64 `help:"Sign as of this second (default: now)." placeholder:"UNIX_SECONDS"`

	NoCompress bool `help:"Do not compress. Django reads both forms." name:"no-compress"`

	Protocol int `help:"Pickle protocol to write, 2 to 5 (default: that of the site's Python)." placeholder:"N"`

	JSON []string `arg:"" help:"Sessions as JSON objects." name:"json" optional:""`
}

// Help is what encode --help adds.
func (*encodeCommand) Help() string {
	return `Takes the value of "session" that "decode" prints, and prints the text for the column session_data. Strings, integers of
any size, floats (1.0 stays 1.0) and the order of values are kept. For an item that cannot be encoded it prints
{"error":{"reason":"...","message":"..."}}. Reasons are bad_input and unsupported. Encoded sessions never begin with "{".
` + itemsHelp + pickleHelp + `

Examples:

    djangosession encode '{"theme":"dark"}'
    djangosession encode --serializer pickle '{"price":{"$decimal":"19.99"}}'
    djangosession encode --timestamp 1700000000 --no-compress '{"a":1}'
    echo "$SESSION_DATA" | djangosession decode | jq -c '.session | .theme = "dark"' | djangosession encode

jq 1.6 and older turn 1.0 into 1 and round integers beyond 2^53. "djangosession sessions show" reads a database directly.`
}

// Run is the command.
func (c *encodeCommand) Run(t *tool) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	if err := useProtocol(&s, c.Protocol); err != nil {
		return err
	}
	if c.Timestamp != nil {
		s.Now = fixedClock(*c.Timestamp)
	}
	codec, err := djangosession.NewCodec(s)
	if err != nil {
		return usageError{err}
	}
	encode := codec.Encode
	if c.NoCompress {
		encode = codec.EncodeUncompressed
	}
	return t.filter(c.JSON, func(text string) ([]byte, error) {
		d, err := readSession(text)
		if err != nil {
			return nil, err
		}
		encoded, err := encode(d)
		if err != nil {
			return nil, &itemError{unsupported, err}
		}
		return []byte(encoded), nil
	})
}

func fixedClock(unix int64) func() time.Time {
	return func() time.Time { return time.Unix(unix, 0) }
}

var errNoObject = errors.New("a session is a JSON object")

// readSession reads the JSON of a session.
func readSession(text string) (*py.Dict, error) {
	v, err := tagged.LoadsString(text)
	if err != nil {
		return nil, &itemError{badInput, err}
	}
	d, ok := v.(*py.Dict)
	if !ok {
		return nil, &itemError{badInput, errNoObject}
	}
	return d, nil
}
