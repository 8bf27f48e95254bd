package tagged

import (
	"encoding/base64"
	"slices"
	"strconv"

	"github.com/djangobridge/djangobridge/internal/expansion"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
)

// MaxDepth is the maximum nesting of objects and arrays in tagged JSON.
const MaxDepth = pyjson.MaxDepth

// Dumps returns v as tagged JSON, in ASCII on one line. The error is an
// [*UnsupportedError] if v is not a Python value, or if its text is longer than 1 MiB and
// more than 16 times as long as if each of its parts appeared once.
func Dumps(v any) ([]byte, error) {
	d := dumper{}
	if err := d.value(py.Native(v)); err != nil {
		return nil, err
	}
	if d.deepest+2*len(d.marks) > MaxDepth {
		return nil, unsupported(v, tooDeep)
	}
	return d.text(), nil
}

// A dumper is the state of one call of Dumps.
type dumper struct {
	out     []byte
	open    map[any]*mark // the containers that are being written
	marks   []mark        // inserted into out at the end
	level   int           // number of open objects and arrays
	deepest int

	limiter expansion.Limiter
}

// A mark is the beginning of a container, and the number that the container gets if it
// contains itself.
type mark struct{ at, id int }

const (
	tooDeep  = "is nested too deeply"
	nilValue = "is a nil pointer"
	outside  = "is outside what Python can represent"
	noValue  = "cannot be written"
)

// text returns the output with the numbers of values that contain themselves.
func (d *dumper) text() []byte {
	if len(d.marks) == 0 {
		return d.out
	}
	slices.SortFunc(d.marks, func(a, b mark) int { return a.at - b.at })
	var all []byte
	from := 0
	for _, m := range d.marks {
		all = append(all, d.out[from:m.at]...)
		all = append(all, `{"$id":[`...)
		all = append(strconv.AppendInt(all, int64(m.id), 10), ',')
		from = m.at
	}
	return append(all, d.out[from:]...)
}

func (d *dumper) value(v any) *UnsupportedError {
	if raw, ok := v.(pyjson.Raw); ok {
		return d.raw(raw)
	}
	if lazy, ok := v.(py.Lazy); ok {
		v = py.Native(py.Resolve(lazy))
	}
	switch v := v.(type) {
	case *py.List, *py.Dict, *py.Tuple, *py.Set, *py.FrozenSet, *py.Object:
		return d.container(v)
	case string:
		if parts := surrogateParts(v); parts != nil {
			return d.tag(tagStr, func() *UnsupportedError { return d.strings(parts) })
		}
	case float64:
		if isFinite(v) {
			return d.scalar(v)
		}
		return d.leaf(tagFloat, v, nonFinite(v))
	case py.Bytes:
		return d.leaf(tagBytes, string(v), base64.StdEncoding.EncodeToString([]byte(v)))
	case *py.ByteArray:
		if v == nil {
			return unsupported(v, nilValue)
		}
		return d.leaf(tagByteArray, v, base64.StdEncoding.EncodeToString(v.Bytes))
	case py.Str2:
		return d.leaf(tagStr2, string(v), latin1(v))
	case complex128:
		return d.tag(tagComplex, func() *UnsupportedError { return d.list([]any{real(v), imag(v)}) })
	case py.Decimal:
		return d.leaf(tagDecimal, v, v.String())
	case py.UUID:
		return d.leaf(tagUUID, v, v.String())
	case py.Date:
		return d.checked(v, v.IsValid(), tagDate, v.String())
	case py.TimeDelta:
		again, ok := py.NewTimeDelta(int64(v.Days), int64(v.Seconds), int64(v.Microseconds))
		parts := py.NewList(int64(v.Days), int64(v.Seconds), int64(v.Microseconds))
		return d.checked(v, ok && again == v, tagTimeDelta, parts)
	case py.Time:
		return d.checked(v, v.IsValid(), tagTime, timeContent(v))
	case py.DateTime:
		_, err := py.ParseISOFormat(v.ISOFormat()) // Go's times and zones exceed Python's limits
		return d.checked(v, err == nil, tagDateTime, dateTimeContent(v))
	case *py.Global:
		if v == nil {
			return unsupported(v, nilValue)
		}
		return d.tag(tagGlobal, func() *UnsupportedError { return d.name(v) })
	}
	return d.scalar(v)
}

// raw writes the value of v. Its parts are new each time, so v counts as a container.
func (d *dumper) raw(v pyjson.Raw) *UnsupportedError {
	again := d.limiter.Begin(expansion.TextPlace(string(v)), len(d.out))
	err := d.value(py.Native(v.Resolve()))
	if again {
		d.limiter.End(len(d.out))
	}
	return err
}

// scalar writes a value that has the same form in pyjson.
func (d *dumper) scalar(v any) *UnsupportedError { return d.form(v, v) }

// form writes v, which is the form of part in pyjson. The limiter counts part.
func (d *dumper) form(part, v any) *UnsupportedError {
	start := len(d.out)
	out, err := pyjson.AppendDumps(d.out, v)
	if err != nil {
		return &UnsupportedError{Type: py.TypeName(v), Problem: noValue, Err: err}
	}
	d.out = out
	d.limiter.Text(part, start, len(out))
	return d.bounded(v)
}

// bounded refuses to continue if the output has expanded too much.
func (d *dumper) bounded(v any) *UnsupportedError {
	if d.limiter.Exceeded(len(d.out)) {
		return unsupported(v, expansion.Problem)
	}
	return nil
}

// checked writes a leaf if Python can represent it.
func (d *dumper) checked(v any, ok bool, tag string, content any) *UnsupportedError {
	if !ok {
		return unsupported(v, outside)
	}
	return d.leaf(tag, v, content)
}

// leaf writes a tag and the content of v, which is a text or contains one.
func (d *dumper) leaf(tag string, v, content any) *UnsupportedError {
	return d.tag(tag, func() *UnsupportedError { return d.content(v, content) })
}

func (d *dumper) content(v, content any) *UnsupportedError {
	if text, ok := content.(string); ok {
		return d.form(v, text)
	}
	return d.value(content)
}

// name writes the content for a name. Names may share one of their halves, so the longer
// one counts.
func (d *dumper) name(g *py.Global) *UnsupportedError {
	longer := g.Module
	if len(g.Name) > len(longer) {
		longer = g.Name
	}
	return d.content(longer, nameContent(g))
}

// strings writes a list of str.
func (d *dumper) strings(parts []string) *UnsupportedError {
	if err := d.begin('['); err != nil {
		return err
	}
	for i, part := range parts {
		if i > 0 {
			d.out = append(d.out, ',')
		}
		if err := d.scalar(part); err != nil {
			return err
		}
	}
	d.end(']')
	return nil
}

func (d *dumper) tag(tag string, content func() *UnsupportedError) *UnsupportedError {
	if err := d.begin('{'); err != nil {
		return err
	}
	d.out = append(append(append(d.out, '"'), tag...), '"', ':')
	err := content()
	d.end('}')
	return err
}

func (d *dumper) begin(bracket byte) *UnsupportedError {
	if d.level++; d.level > MaxDepth {
		return &UnsupportedError{Type: "value", Problem: tooDeep}
	}
	d.deepest = max(d.deepest, d.level)
	d.out = append(d.out, bracket)
	return nil
}

func (d *dumper) end(bracket byte) {
	d.level--
	d.out = append(d.out, bracket)
}
