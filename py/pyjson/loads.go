package pyjson

import (
	"github.com/djangobridge/djangobridge/internal/wtf8"
	"github.com/djangobridge/djangobridge/py"
)

// A Raw is a value that was read but not built: its JSON as it was in the text. It
// implements [py.Lazy] and is written back unchanged. As in the text that Django reads,
// each byte is one character (latin-1).
//
// LoadsDict returns Raws. A Raw made in another way must be valid JSON, because [Dumps]
// does not check it again.
type Raw string

var _ py.Lazy = Raw("")

// Resolve returns the value of r, which is newly built on each call and contains no Raw.
// It returns nil if r is not valid JSON. Strings in the value share the memory of the
// text that was read.
func (r Raw) Resolve() any {
	v, err := loads(string(r), latin1)
	if err != nil {
		return nil
	}
	return v
}

// Loads returns the value of data, which is JSON in latin-1. The error is a
// [*SyntaxError]. Matches json.loads(data.decode("latin-1")).
func Loads(data []byte) (any, error) { return loads(string(data), latin1) }

// LoadsString returns the value of s, a Python str of JSON. The error is a
// [*SyntaxError], including for an s that is not a Python str. Matches json.loads(s).
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

// LoadsDict returns the dict of data, which is a JSON object in latin-1. Its values are
// [Raw], except None, bools and small ints: these are cheaper to build than to keep and
// are written back the same. LoadsDict checks the text of all values. The error is a
// [*SyntaxError]. The dict refers to one copy of data. Matches JSONSerializer.loads.
func LoadsDict(data []byte) (*py.Dict, error) { return LoadsDictString(string(data)) }

// LoadsDictString is [LoadsDict] without a copy of data. The dict shares its memory. Each
// byte of data is one character, as in a [Raw] and unlike in [LoadsString].
func LoadsDictString(data string) (*py.Dict, error) {
	var few [16]span
	spans, err := scanDict(data, few[:0])
	if err != nil {
		return nil, err
	}
	d := newDict(len(spans))
	var scratch []byte
	for _, at := range spans {
		var key string
		key, scratch = unquote(data[at.key:at.keyEnd], latin1, scratch)
		d.Set(keyValue(key), rawOrScalar(data[at.value:at.valueEnd]))
	}
	return d, nil
}

// newDict returns an empty dict with room for n entries. A small one is allocated together
// with them.
func newDict(n int) *py.Dict {
	switch {
	case n <= 4:
		d := &struct {
			py.Dict
			room [4]py.Pair
		}{}
		d.UseEntries(d.room[:0])
		return &d.Dict
	case n <= 8:
		d := &struct {
			py.Dict
			room [8]py.Pair
		}{}
		d.UseEntries(d.room[:0])
		return &d.Dict
	}
	return py.NewDict(n)
}

// keyValue returns key as an interface value. Those of the names that most sessions have
// are constants, which need no allocation.
func keyValue(key string) any {
	switch key {
	case "_auth_user_id":
		return "_auth_user_id"
	case "_auth_user_backend":
		return "_auth_user_backend"
	case "_auth_user_hash":
		return "_auth_user_hash"
	case "_session_expiry":
		return "_session_expiry"
	}
	return key
}

// A span is the position of a key and its value in the text that LoadsDict reads.
type span struct{ key, keyEnd, value, valueEnd int }

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
		for at.keyEnd = i; s[at.keyEnd-1] != '"'; { // skip the colon
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

// rawOrScalar returns the value of s if it needs no more memory than a Raw and is written
// as s again.
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
