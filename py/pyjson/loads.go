package pyjson

import (
	"github.com/djangobridge/djangobridge/internal/wtf8"
	"github.com/djangobridge/djangobridge/py"
)

// Raw is a value that was read but not built: its JSON as it stood in the text. It implements [py.Lazy] and is written
// back as it is. As in the text that Django reads, each byte is one character (latin-1).
//
// LoadsDict makes them. One made in another way has to be valid JSON, because [Dumps] does not check it again.
type Raw string

var _ py.Lazy = Raw("")

// Resolve returns the value that r stands for, built anew each time and with nothing left unbuilt in it; nil if r is no
// valid JSON. Strings in it share the memory of the text that was read.
func (r Raw) Resolve() any {
	v, err := loads(string(r), latin1)
	if err != nil {
		return nil
	}
	return v
}

// Loads reads data, which is one JSON value in latin-1, and builds it. The error is a [*SyntaxError].
// Matches json.loads(data.decode("latin-1")).
func Loads(data []byte) (any, error) { return loads(string(data), latin1) }

// LoadsString reads s, a Python str that is one JSON value, and builds it. The error is a [*SyntaxError], also for an s
// that is not a Python str. Matches json.loads(s).
func LoadsString(s string) (any, error) {
	if !wtf8.Valid(s) {
		i := 0
		for {
			_, size := wtf8.DecodeRune(s[i:])
			if !wtf8.Valid(s[i : i+size]) {
				return nil, expected(wantUnicode, i)
			}
			i += size
		}
	}
	return loads(s, utf8ed)
}

func loads(s string, enc encoding) (any, error) {
	start, err := scanText(s)
	if err != nil {
		return nil, err
	}
	return build(s, start, enc), nil
}

// span is an entry of the dict that LoadsDict reads: where its key and value stand in the text.
type span struct{ key, keyEnd, value, valueEnd int }

// LoadsDict reads data, which is a JSON object in latin-1, into a dict whose values are [Raw] unless they are None, bools
// or small ints, which are cheaper to build than to keep and are written back the same. The text of all values is checked.
// The error is a [*SyntaxError]. The dict holds on to one copy of data. Matches JSONSerializer.loads.
func LoadsDict(data []byte) (*py.Dict, error) {
	s := string(data)
	var few [16]span
	spans, err := scanDict(s, few[:0])
	if err != nil {
		return nil, err
	}
	d := py.NewDict(len(spans))
	var scratch []byte
	for _, at := range spans {
		var key string
		key, scratch = unquote(s[at.key:at.keyEnd], latin1, scratch)
		d.Set(key, rawOrScalar(s[at.value:at.valueEnd]))
	}
	return d, nil
}

// scanDict checks s, which is one object, and appends its entries to spans.
func scanDict(s string, spans []span) ([]span, *SyntaxError) {
	i := skipSpace(s, 0)
	if i >= len(s) || s[i] != '{' {
		return nil, expected(wantDict, i)
	}
	i = skipSpace(s, i+1)
	empty := i < len(s) && s[i] == '}'
	for !empty {
		var at span
		var err *SyntaxError
		at.key = skipSpace(s, i)
		if i, err = scanKey(s, at.key); err != nil {
			return nil, err
		}
		for at.keyEnd = i; s[at.keyEnd-1] != '"'; { // go back over the colon
			at.keyEnd--
		}
		at.value = skipSpace(s, i)
		if at.valueEnd, err = scanValue(s, at.value, 1); err != nil {
			return nil, err
		}
		spans = append(spans, at)
		i = skipSpace(s, at.valueEnd)
		if i >= len(s) || s[i] != ',' && s[i] != '}' {
			return nil, expected(wantInDict, i)
		}
		if s[i] == '}' {
			break
		}
		i++
	}
	if i = skipSpace(s, i+1); i != len(s) {
		return nil, expected(wantEnd, i)
	}
	return spans, nil
}

// rawOrScalar returns the value of s if that takes no more memory than a Raw and gives s again when it is written.
func rawOrScalar(s string) any {
	switch s[0] {
	case 't':
		return true
	case 'f':
		return false
	case 'n':
		return nil
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if n, ok := parseSmall(s); ok && s != "-0" {
			return n
		}
	}
	return Raw(s)
}
