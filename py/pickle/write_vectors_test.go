package pickle

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	base16 "encoding/hex" // the package has its own hex
	"encoding/json"
	"math"
	"math/big"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/internal/pynum"
	"github.com/djangobridge/djangobridge/py"
)

// A vector is a value and its pickles. For the meaning of the text, see build in
// testdata/write/generate.py.
type vector struct {
	value   any
	value2  any // for protocol 2
	text    string
	pickles map[string]string
}

// A builder builds values from decoded JSON. refs contains the values with an id.
type builder struct {
	refs  map[float64]any
	longs bool // whether integers beyond 32 bits are longs; CPython 3 writes longs in protocol 2
}

// modules contains one string for each module name, as in Python. They do not share
// memory with the constants here.
var modules = func() map[string]string {
	m := map[string]string{}
	for _, name := range []string{"vec.models", "builtins", "collections", "decimal", "datetime", "uuid"} {
		m[name] = strings.Clone(name)
	}
	return m
}()

func globalOf(v any) *py.Global {
	names := v.([]any)
	return &py.Global{Module: modules[names[0].(string)], Name: strings.Clone(names[1].(string))}
}

func floatOf(v any) float64 {
	bits, _ := strconv.ParseUint(v.(string), 16, 64)
	return math.Float64frombits(bits)
}

func (b *builder) all(v any) []any {
	ds, _ := v.([]any)
	out := make([]any, len(ds))
	for i, d := range ds {
		out[i] = b.build(d)
	}
	return out
}

func upTo(n any) []any {
	out := make([]any, int(n.(float64)))
	for i := range out {
		out[i] = int64(i)
	}
	return out
}

func fill(d *py.Dict, keys, values []any) *py.Dict {
	for i := range keys {
		d.Set(keys[i], values[i])
	}
	return d
}

func halves(kv []any) (keys, values []any) {
	for i := 0; i < len(kv); i += 2 {
		keys, values = append(keys, kv[i]), append(values, kv[i+1])
	}
	return keys, values
}

func (b *builder) build(v any) any {
	d, ok := v.(map[string]any)
	if !ok {
		return v // None, True, False
	}
	note := func(v any) {
		if id, ok := d["id"].(float64); ok {
			b.refs[id] = v
		}
	}
	if id, ok := d["r"].(float64); ok {
		return b.refs[id]
	}
	text := func(name string) (string, bool) {
		digits, ok := d[name].(string)
		data, _ := base16.DecodeString(digits)
		times := 1
		if n, ok := d["n"].(float64); ok {
			times = int(n)
		}
		return strings.Clone(strings.Repeat(string(data), times)), ok
	}
	var out any
	if s, ok := text("s"); ok {
		if r, size := utf8.DecodeRuneInString(s); size == len(s) && r <= 0xFF { // CPython has one object for each of these
			s = oneLatin1(byte(r))
		}
		out = s
	} else if s, ok := text("b"); ok {
		out = py.Bytes(s)
	} else if s, ok := text("ba"); ok {
		out = &py.ByteArray{Bytes: []byte(s)}
	}
	if out != nil {
		note(out)
		return out
	}
	for name, v := range d {
		switch name {
		case "i":
			n, _ := new(big.Int).SetString(v.(string), 10)
			if b.longs && (!n.IsInt64() || n.Int64() != int64(int32(n.Int64()))) {
				return n
			}
			return pynum.Int(n)
		case "f":
			return floatOf(v)
		case "c":
			return complex(floatOf(v.([]any)[0]), floatOf(v.([]any)[1]))
		case "g":
			return globalOf(v)
		case "dt":
			return b.dateTime(v.([]any))
		case "ti":
			return b.time(v.([]any))
		case "da":
			n := ints(v.([]any))
			return py.Date{Year: n[0], Month: time.Month(n[1]), Day: n[2]}
		case "td":
			n := ints(v.([]any))
			return py.TimeDelta{Days: n[0], Seconds: n[1], Microseconds: n[2]}
		case "D":
			d, _ := py.ParseDecimal(v.(string))
			return d
		case "U":
			u, _ := py.ParseUUID(v.(string))
			return u
		case "l":
			l := &py.List{}
			note(l)
			l.Items = b.all(v)
			return l
		case "t":
			out = py.NewTuple(b.all(v)...)
		case "d":
			m := &py.Dict{}
			note(m)
			keys, values := halves(b.all(v))
			return fill(m, keys, values)
		case "S":
			out = py.NewSet(b.all(v)...)
		case "F":
			out = py.NewFrozenSet(b.all(v)...)
		case "ln":
			out = py.NewList(upTo(v)...)
		case "dn":
			out = fill(&py.Dict{}, upTo(v), make([]any, int(v.(float64))))
		case "Sn":
			out = py.NewSet(upTo(v)...)
		case "Fn":
			out = py.NewFrozenSet(upTo(v)...)
		case "o":
			o := &py.Object{}
			note(o)
			b.object(o, v.(map[string]any))
			return o
		}
	}
	note(out)
	return out
}

func (b *builder) object(o *py.Object, d map[string]any) {
	o.Construction = py.Construction(d["m"].(float64))
	o.Callable = globalOf(d["g"])
	o.Args = py.NewTuple(b.all(d["a"])...)
	o.Extra = &py.Extra{Kwargs: &py.Dict{}}
	if k, ok := d["k"]; ok {
		o.Extra.Kwargs = b.build(k).(*py.Dict)
	}
	o.Extra.Items = b.all(d["I"])
	if n, ok := d["In"]; ok {
		o.Extra.Items = upTo(n)
	}
	keys, values := halves(b.all(d["P"]))
	if n, ok := d["Pn"]; ok {
		keys, values = upTo(n), make([]any, int(n.(float64)))
	}
	for i := range keys {
		o.Extra.Pairs = append(o.Extra.Pairs, py.Pair{Key: keys[i], Value: values[i]})
	}
	if state, ok := d["st"]; ok {
		o.Extra.State, o.Extra.HasState = b.build(state), true
	}
}

func ints(d []any) []int {
	n := make([]int, len(d))
	for i := range d {
		f, _ := d[i].(float64)
		n[i] = int(f)
	}
	return n
}

func (b *builder) dateTime(d []any) py.DateTime {
	n := ints(d)
	naive := py.DateTime{Naive: true, Fold: n[7] == 1}
	naive.Time = time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], n[6]*1000, time.UTC)
	zone := b.zone(d[8])
	if zone == nil {
		return naive
	}
	aware, _ := naive.WithTZInfo(zone)
	return aware
}

func (b *builder) time(d []any) py.Time {
	n := ints(d)
	return py.Time{Hour: n[0], Minute: n[1], Second: n[2], Microsecond: n[3], Fold: n[4] == 1, TZInfo: b.zone(d[5])}
}

// zone returns a tzinfo object: a timezone, or the only ZoneInfo of a name.
func (b *builder) zone(v any) any {
	switch v := v.(type) {
	case float64:
		return py.TimeZone(int(v))
	case string:
		for id, zone := range b.refs {
			if id < 0 && zone.(*py.Object).Args.Items[0] == v {
				return zone
			}
		}
		unpickle := &py.Object{
			Callable: &py.Global{Module: strings.Clone("builtins"), Name: "getattr"}, // not the string that the types use
			Args:     py.NewTuple(&py.Global{Module: "zoneinfo", Name: "ZoneInfo"}, strings.Clone("_unpickle")),
		}
		zone := &py.Object{Callable: unpickle, Args: py.NewTuple(v, int64(1))}
		b.refs[-1-float64(len(b.refs))] = zone
		return zone
	}
	return nil
}

func writeVectors(t testing.TB) []vector {
	t.Helper()
	file, err := os.Open("testdata/write/vectors.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct {
			V any               `json:"v"`
			P map[string]string `json:"p"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		b, b2 := &builder{refs: map[float64]any{}}, &builder{refs: map[float64]any{}, longs: true}
		vectors = append(vectors, vector{value: b.build(line.V), value2: b2.build(line.V), text: lines.Text(), pickles: line.P})
	}
	if err := lines.Err(); err != nil || len(vectors) < 2500 {
		t.Fatalf("%d vectors, %v", len(vectors), err)
	}
	return vectors
}

func TestWritesWhatCPythonWrites(t *testing.T) {
	t.Parallel()
	vectors := writeVectors(t)
	for protocol := 2; protocol <= 5; protocol++ {
		same := 0
		for _, v := range vectors {
			value := v.value
			if protocol == 2 {
				value = v.value2
			}
			got, err := Dumps(value, protocol)
			sum := sha256.Sum256(got)
			want := v.pickles[strconv.Itoa(protocol)]
			if err == nil && (want == base16.EncodeToString(got) || want == "sha256:"+base16.EncodeToString(sum[:4])) {
				same++
				continue
			}
			t.Errorf("protocol %d: %.600s: error %v, got %.400q", protocol, v.text, err, got)
		}
		t.Logf("protocol %d: %d of %d the same", protocol, same, len(vectors))
	}
}
