package rediscache

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
)

// dumpsJSON returns what json.dumps with DjangoJSONEncoder returns. The error is a
// [*djangosession.ValueError] for a value that it refuses.
func dumpsJSON(d *py.Dict) ([]byte, error) {
	data, err := djangosession.JSONSerializer{}.Dumps(d)
	if _, ok := errors.AsType[*djangosession.ValueError](err); ok { // perhaps a value that the encoder converts
		c := converter{done: map[any]any{}}
		converted := py.NewDict(d.Len())
		for name, v := range d.All() {
			if v, err = c.convert(v, 0); err != nil {
				return nil, &djangosession.ValueError{Name: fmt.Sprint(name), Err: err}
			}
			converted.Set(name, v)
		}
		data, err = djangosession.JSONSerializer{}.Dumps(converted)
	}
	if err != nil {
		return nil, err
	}
	return spaced(data), nil
}

var errDateExpiry = errors.New("this release cannot read a date from JSON: set the expiry in seconds")

// dumpsJSONWithoutDates is dumpsJSON for releases before 4.1, which fail on an expiry
// that has become text.
func dumpsJSONWithoutDates(d *py.Dict) ([]byte, error) {
	const name = "_session_expiry"
	v, _ := d.Get(name)
	switch py.Native(v).(type) {
	case py.DateTime, py.TimeDelta, py.Date:
		return nil, &djangosession.ValueError{Name: name, Err: errDateExpiry}
	}
	return dumpsJSON(d)
}

var (
	errAwareTime = errors.New("JSON can't represent timezone-aware times")
	errRecursive = errors.New("contains itself, or is nested too deeply")
)

// converter replaces values that DjangoJSONEncoder writes as text.
type converter struct {
	done map[any]any // containers by pointer; nil while one is being converted
}

// maxNesting is deeper than Python's encoder can go.
const maxNesting = 10_000

func (c converter) convert(v any, depth int) (any, error) {
	if depth > maxNesting {
		return nil, errRecursive
	}
	switch v := v.(type) {
	case *py.List, *py.Tuple, *py.Dict:
		converted, known := c.done[v]
		if known && converted == nil {
			return nil, errRecursive
		}
		if known {
			return converted, nil
		}
		c.done[v] = nil
		converted, err := c.container(v, depth)
		c.done[v] = converted
		return converted, err
	case *py.Object:
		native := py.Native(v)
		if _, ok := native.(*py.Object); !ok {
			return c.convert(native, depth+1)
		}
		if text, ok := v.AsText(); ok {
			return text, nil
		}
		return v, nil // which is refused
	}
	return scalar(v)
}

func (c converter) container(v any, depth int) (any, error) {
	var items []any
	switch v := v.(type) {
	case *py.List:
		items = v.Items
	case *py.Tuple:
		items = v.Items
	case *py.Dict:
		converted := py.NewDict(v.Len())
		for name, item := range v.All() {
			item, err := c.convert(item, depth+1)
			if err != nil {
				return nil, err
			}
			converted.Set(name, item)
		}
		return converted, nil
	}
	converted := make([]any, len(items))
	for i, item := range items {
		var err error
		if converted[i], err = c.convert(item, depth+1); err != nil {
			return nil, err
		}
	}
	return &py.List{Items: converted}, nil
}

// The lengths of isoformat up to the milliseconds.
const (
	dateTimeMillis = len("2006-01-02T15:04:05.000")
	timeMillis     = len("15:04:05.000")
	micros         = 3 // more digits in microseconds
)

// scalar is DjangoJSONEncoder.default, for values that it has a text for.
func scalar(v any) (any, error) {
	switch v := v.(type) {
	case py.DateTime:
		text := v.ISOFormat()
		if len(text) > dateTimeMillis && text[dateTimeMillis-4] == '.' {
			text = text[:dateTimeMillis] + text[dateTimeMillis+micros:]
		}
		if before, ok := strings.CutSuffix(text, "+00:00"); ok {
			text = before + "Z"
		}
		return text, nil
	case py.Date:
		return v.String(), nil
	case py.Time:
		if v.TZInfo != nil {
			return nil, errAwareTime
		}
		text := v.ISOFormat()
		return text[:min(len(text), timeMillis)], nil
	case py.TimeDelta:
		return isoDuration(v), nil
	case py.Decimal:
		return v.String(), nil
	case py.UUID:
		return v.String(), nil
	}
	return v, nil
}

// isoDuration is django.utils.duration.duration_iso_string.
func isoDuration(d py.TimeDelta) string {
	sign := ""
	if d.Days < 0 {
		sign = "-"
		days, seconds, micros := -int64(d.Days), -int64(d.Seconds), -int64(d.Microseconds)
		d, _ = py.NewTimeDelta(days, seconds, micros) // at most a day more than a timedelta
	}
	fraction := ""
	if d.Microseconds != 0 {
		fraction = fmt.Sprintf(".%06d", d.Microseconds)
	}
	const minute, hour = 60, 3600
	return fmt.Sprintf("%sP%dDT%02dH%02dM%02d%sS", sign, d.Days, d.Seconds/hour, d.Seconds/minute%minute, d.Seconds%minute, fraction)
}

// spaced returns JSON with one space after each comma and colon, as json.dumps writes it,
// and no other space.
func spaced(data []byte) []byte { return respaced(data, true) }

// compact returns JSON without spaces, as sessions have it elsewhere: values keep their
// text until they are used.
func compact(data []byte) []byte { return respaced(data, false) }

func respaced(data []byte, spaces bool) []byte {
	out := make([]byte, 0, len(data)+len(data)/8+8) //nolint:mnd // about as many as values
	inside := false
	for i := 0; i < len(data); i++ {
		c := data[i]
		switch {
		case inside && c == '\\' && i+1 < len(data):
			out = append(out, c)
			i++
			c = data[i]
		case c == '"':
			inside = !inside
		case inside:
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
			continue
		case spaces && (c == ',' || c == ':'):
			out = append(out, c)
			c = ' '
		}
		out = append(out, c)
	}
	return out
}

var errNotUTF8 = errors.New("is not UTF-8")

// loadsJSON reads what json.loads of the decoded text reads.
func loadsJSON(data []byte) (*py.Dict, error) {
	ascii := true
	for _, c := range data {
		ascii = ascii && c < utf8.RuneSelf
	}
	if ascii { // then it is what Django reads as latin-1
		if _, err := pyjson.LoadsDict(data); err != nil { // "1 2" would be 12 without its space
			return nil, err
		}
		return pyjson.LoadsDict(compact(data))
	}
	if !utf8.Valid(data) {
		return nil, errNotUTF8
	}
	v, err := pyjson.LoadsString(string(data))
	if err != nil {
		return nil, err
	}
	d, ok := v.(*py.Dict)
	if !ok {
		return nil, errNoDict
	}
	return d, nil
}
