package gopickle

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pickle"
)

var _ djangosession.Serializer = Serializer{}

// vectors returns pickles that CPython wrote: of random values and Python's own classes
// in all protocols, and pickles of Python 2.
func vectors(tb testing.TB) [][]byte {
	tb.Helper()
	var all [][]byte
	for _, name := range []string{"read.jsonl", "legacy.jsonl"} {
		f, err := os.Open("../../py/pickle/testdata/" + name)
		if err != nil {
			tb.Fatal(err)
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var line struct {
				Pickle string `json:"pickle"`
			}
			if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
				tb.Fatal(err)
			}
			data, _ := hex.DecodeString(line.Pickle)
			all = append(all, data)
		}
		_ = f.Close()
	}
	if len(all) < 900 {
		tb.Fatalf("only %d vectors", len(all))
	}
	return all
}

// TestReadsWhatPyPickleReads compares with py/pickle, whose own tests prove that it reads
// CPython's pickles correctly.
func TestReadsWhatPyPickleReads(t *testing.T) {
	t.Parallel()
	read, refused := 0, 0
	for _, data := range vectors(t) {
		want, err := pickle.Options{Encoding: "ASCII"}.Loads(data)
		if err != nil {
			continue
		}
		got, err := Serializer{}.value(data)
		switch {
		case err != nil && (hasBytesInSet(want, map[any]bool{}) || strings.Contains(string(data), "set_state")):
			refused++ // see the package comment
		case err != nil && strconv.IntSize == 32 && strings.Contains(err.Error(), "32 bits on this machine"):
			refused++ // as well
		case err != nil || !py.Equal(got, want):
			t.Errorf("%q: %v", data, err)
		default:
			read++
		}
	}
	if read < 700 {
		t.Errorf("%d read, %d refused", read, refused)
	}
	t.Logf("%d read, %d refused", read, refused)
}

// hasBytesInSet reports whether a set contains bytes, on which the library panics. Tuples
// are the only containers in sets.
func hasBytesInSet(v any, inSet map[any]bool) bool {
	found := false
	look := func(v any) { found = found || hasBytesInSet(v, inSet) }
	member := func(v any) {
		if _, ok := v.(py.Bytes); ok {
			found = true
		}
		look(v)
	}
	switch v := v.(type) {
	case *py.List:
		for _, item := range v.Items {
			look(item)
		}
	case *py.Tuple:
		for _, item := range v.Items {
			look(item)
		}
	case *py.Dict:
		for key, value := range v.All() {
			look(key)
			look(value)
		}
	case *py.Set:
		for item := range v.All() {
			member(item)
		}
	case *py.FrozenSet:
		for item := range v.All() {
			member(item)
		}
	}
	return found
}

// point is a class with arguments, a state and items, like the classes that users
// register.
type point struct {
	args  []any
	state any
}

func (*point) PyNew(args ...any) (any, error) { return &point{args: args}, nil }

func (p *point) PySetState(state any) error {
	p.state = state
	return nil
}

func (*point) Call(...any) (any, error) { return nil, errors.New("secret-value") }

func TestRegisteredClassesAreCalled(t *testing.T) {
	t.Parallel()
	var asked []string
	s := Serializer{
		FindClass: func(module, name string) (any, error) {
			asked = append(asked, module+" "+name)
			if name == "Point" {
				return &point{}, nil
			}
			return nil, nil
		},
		PersistentLoad: func(id any) (any, error) { return "loaded " + id.(string), nil },
	}
	data := "\x80\x02}(X\x01\x00\x00\x00pcgeo\nPoint\nq\x01K\x01K\x02\x86\x81q\x02X\x01\x00\x00\x00sbX\x01\x00\x00\x00qh\x02X\x01\x00\x00\x00uc__builtin__\nxrange\nK\x05\x85RX\x01\x00\x00\x00iX\x01\x00\x00\x007Qu."
	d, err := s.Loads([]byte(data))
	if err != nil {
		t.Fatal(err)
	}
	p, _ := d.Get("p")
	q, _ := d.Get("q")
	if made, ok := p.(*point); !ok || p != q || len(made.args) != 2 || made.args[1] != 2 || made.state != "s" {
		t.Errorf("%#v, %#v", p, q)
	}
	if u, _ := d.Get("u"); u.(*py.Object).Class() != "builtins.range" || u.(*py.Object).Args.Items[0] != int64(5) {
		t.Errorf("%#v", u)
	}
	if i, _ := d.Get("i"); i != "loaded 7" {
		t.Errorf("%v", i)
	}
	if got := strings.Join(asked, ", "); got != "geo Point, builtins range" {
		t.Errorf("asked for %s", got)
	}
}

func TestWhatTheLibraryMishandlesIsRefusedOrRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		data string
		read bool
	}{
		"unknown opcode":            {"\x80\x04\xff", false},
		"LONG1 of nothing":          {"}\x8a\x00\x8a\x00s.", true},
		"huge bytes":                {"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.", false},
		"huge frame":                {"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x3f}.", false},
		"a set of bytes":            {"}N\x8f(C\x01a\x90s.", false},
		"array of odd size":         {"}N\x8c\x05array\x8c\x14_array_reconstructor\x93(cm\nf\nX\x01\x00\x00\x00hK\x00C\x03abctRs.", true},
		"missing memo number":       {"}h\x05Ns.", false},
		"int with quadratic cost":   {"}N\x8b\x00\x00\x01\x00" + strings.Repeat("\x7f", 1<<16) + "s.", false},
		"deep":                      {"}N" + strings.Repeat("]", 20_000) + strings.Repeat("a", 19_999) + "s.", false},
		"key without a value":       {"}(K\x01u.", false},
		"call of a value":           {"}N})Rs.", false},
		"no dict":                   {"].", false},
		"keyword arguments":         {"}Ncm\nC\n)}\x92s.", false},
		"state setter":              {"}Ncm\nC\n)Rq\x01cm\nf\nh\x01N\x86R0s.", false},
		"call of a call":            {"}Ncm\nf\n)R)Rs.", false},
		"persistent id":             {"}NPx\ns.", false},
		"OrderedDict with bytes":    {"}Nccollections\nOrderedDict\n)RC\x01aK\x01ss.", true},
		"default factory":           {"}Nccollections\ndefaultdict\ncbuiltins\nlist\n\x85Rs.", true},
		"Python 2 str not in ASCII": {"}NU\x01\xe9s.", false},
	} {
		want, _ := pickle.Options{Encoding: "ASCII"}.Loads([]byte(c.data))
		d, err := Serializer{}.Loads([]byte(c.data))
		switch {
		case (err == nil) != c.read:
			t.Errorf("%s: %v", name, err)
		case c.read && !py.Equal(d, want):
			t.Errorf("%s: not what py/pickle reads", name)
		}
	}
}

func TestErrorsSayWhoseFaultItIs(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	find := func(class any, err error) func(string, string) (any, error) {
		return func(string, string) (any, error) { return class, err }
	}
	data := []byte("}Ncm\nC\n)Rs.")
	for name, c := range map[string]struct {
		s    Serializer
		want string
	}{
		"FindClass":         {Serializer{FindClass: find(nil, mine)}, "gopickle: a function of the caller's: class m.C: mine"},
		"a class":           {Serializer{FindClass: find(&point{}, nil)}, "gopickle: the library or a class registered with it refuses a value"},
		"a class panics":    {Serializer{FindClass: find(panicker{}, nil)}, "gopickle: the library panicked"},
		"what is no class":  {Serializer{FindClass: find(7, nil)}, "gopickle: the library or a class registered with it refuses a value"},
		"options":           {Serializer{Options: pickle.Options{Persistent: func(any) (any, error) { return nil, nil }}}, "gopickle: Options.Persistent is set; use PersistentLoad"},
		"limits of options": {Serializer{Options: pickle.Options{MaxSize: 3}}, "pickle: offset 0: is too long"},
	} {
		d, err := c.s.Loads(data)
		if err == nil || err.Error() != c.want || d != nil {
			t.Errorf("%s: %v; want %s", name, err, c.want)
		}
		if name == "FindClass" && !errors.Is(err, mine) {
			t.Error("the error of FindClass is not in the chain")
		}
	}
}

type panicker struct{}

func (panicker) Call(...any) (any, error) { panic("secret") }

func TestWritesWhatPyPickleWrites(t *testing.T) {
	t.Parallel()
	d := py.NewDict(1)
	d.Set("a", int64(1))
	for protocol, want := range map[int]string{0: "\x80\x04\x95\x0a\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x01a\x94K\x01s.", 2: "\x80\x02}q\x00X\x01\x00\x00\x00aq\x01K\x01s."} {
		if got, err := (Serializer{Protocol: protocol}).Dumps(d); err != nil || string(got) != want {
			t.Errorf("protocol %d: %q, %v", protocol, got, err)
		}
	}
}

func TestFormsOfTheLibraryAreConverted(t *testing.T) {
	t.Parallel()
	class := types.NewGenericClass("m", "C")
	object, _ := class.PyNew(1, types.NewByteArrayFromSlice([]byte("b")))
	o, ok := convert(object).(*py.Object)
	if !ok || o.Construction != py.ConstructNew || o.Class() != "m.C" || o.Args.Items[0] != int64(1) || string(o.Args.Items[1].(*py.ByteArray).Bytes) != "b" {
		t.Errorf("%#v", o)
	}
}

const recursiveKey = "\x80\x04\x951\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x01f\x94(\x8c\x01m\x94\x8c\x01O\x94\x93\x94)\x81\x94}\x94\x8c\x01d\x94}\x94((h\x05\x91\x94K\x01(\x91\x94K\x02usb1h\x09s."

// TestKeysAreHashedWhenTheyAreComplete reads the pickle that CPython 3.11 writes for
// {'f': f} with o = O(), f = frozenset([o]) and o.d = {f: 1, frozenset(): 2}. It contains
// a key that is complete only after the dict that it is a key of.
func TestKeysAreHashedWhenTheyAreComplete(t *testing.T) {
	t.Parallel()
	d, err := (Serializer{}).Loads([]byte(recursiveKey))
	if err != nil {
		t.Fatal(err)
	}
	f, _ := d.Get("f")
	for member := range f.(*py.FrozenSet).All() {
		state, _ := member.(*py.Object).Extras().State.(*py.Dict)
		keys, _ := state.Get("d")
		if n := keys.(*py.Dict).Len(); n != 2 {
			t.Errorf("%d entries", n)
		}
		if one, _ := keys.(*py.Dict).Get(f); one != int64(1) {
			t.Errorf("f is %v", one)
		}
	}
}

func TestInstancesOfOldStyleClassesStaySuch(t *testing.T) {
	t.Parallel()
	const data = "\x80\x02}(U\x01aq\x00(cm\nC\nK\x01oq\x01}U\x01xK\x02sbU\x01bq\x02(cm\nC\noU\x01cq\x03cm\nC\n)\x81u."
	d, err := Serializer{}.Loads([]byte(data))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]py.Construction{"a": py.ConstructInstance, "b": py.ConstructInstance, "c": py.ConstructNew} {
		v, _ := d.Get(name)
		o, ok := v.(*py.Object)
		if !ok || o.Construction != want || o.Class() != "m.C" {
			t.Errorf("%s: %#v", name, v)
		}
	}
	_, err = Serializer{}.Loads([]byte("}N(cm\nf\n)Ros."))
	if _, ok := errors.AsType[*Error](err); !ok {
		t.Errorf("of a class without a name: %v", err)
	}
}
