package py_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/big"
	"os"
	"reflect"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pickle"
	"github.com/djangobridge/djangobridge/py/pyjson"
	"github.com/djangobridge/djangobridge/py/tagged"
)

// exportedTypes are the types of package py and the types of other packages that it uses
// as values.
var exportedTypes = []reflect.Type{
	reflect.TypeFor[py.ByteArray](), reflect.TypeFor[py.Bytes](), reflect.TypeFor[py.Cloner](), reflect.TypeFor[py.Date](),
	reflect.TypeFor[py.DateTime](), reflect.TypeFor[py.Decimal](), reflect.TypeFor[py.Dict](), reflect.TypeFor[py.Extra](),
	reflect.TypeFor[py.FrozenSet](), reflect.TypeFor[py.Global](), reflect.TypeFor[py.Hashable](), reflect.TypeFor[py.Lazy](),
	reflect.TypeFor[py.List](), reflect.TypeFor[py.Construction](), reflect.TypeFor[py.Object](), reflect.TypeFor[py.Pair](),
	reflect.TypeFor[py.ScanError](), reflect.TypeFor[py.Scanner](), reflect.TypeFor[py.Set](), reflect.TypeFor[py.Str2](),
	reflect.TypeFor[py.Time](), reflect.TypeFor[py.TimeDelta](), reflect.TypeFor[py.Tuple](), reflect.TypeFor[py.TypeError](),
	reflect.TypeFor[py.Typed](), reflect.TypeFor[py.UUID](), reflect.TypeFor[py.Valuer](),
	reflect.TypeFor[big.Int](), reflect.TypeFor[time.Time](), reflect.TypeFor[time.Duration](), reflect.TypeFor[[]byte](),
	reflect.TypeFor[map[string]any](), reflect.TypeFor[func()](), reflect.TypeFor[any](), reflect.TypeFor[string](),
	reflect.TypeFor[int64](), reflect.TypeFor[complex128](), reflect.TypeFor[pyjson.Raw](),
}

// Each exported type has to be among exportedTypes.
func TestAllTypesAreTried(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	tried := map[string]bool{}
	for _, typ := range exportedTypes {
		tried[typ.Name()] = true
	}
	found := 0
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for name, object := range parsed.Scope.Objects {
			if object.Kind == ast.Typ && ast.IsExported(name) {
				if found++; !tried[name] {
					t.Errorf("py.%s is not tried", name)
				}
			}
		}
	}
	if found < 25 {
		t.Errorf("only %d types found", found)
	}
}

// oddValues contains, for each type, its zero value, pointers to it, pointers to
// pointers, and nil pointers.
func oddValues() map[string]any {
	values := map[string]any{"nil": nil}
	for _, typ := range exportedTypes {
		values[typ.String()] = reflect.Zero(typ).Interface()
		for p, depth := typ, 0; depth < 3; depth++ {
			p = reflect.PointerTo(p)
			values["nil "+p.String()] = reflect.Zero(p).Interface()
			values[p.String()] = reflect.New(p.Elem()).Interface()
		}
	}
	return values
}

// places returns values that contain v in every possible place.
func places(v any) map[string]any {
	global := &py.Global{Module: "m", Name: "C"}
	dict := func(key, value any) *py.Dict {
		d := &py.Dict{}
		d.Set(key, value)
		return d
	}
	object := func(change func(o *py.Object)) *py.Object {
		o := &py.Object{Callable: global, Args: py.NewTuple(), Extra: &py.Extra{}}
		change(o)
		return o
	}
	several := &py.Dict{}
	for i := range int64(10) {
		several.Set(i, v)
	}
	several.Set(v, v)
	return map[string]any{
		"itself": v, "in a list": py.NewList(v), "in a tuple": py.NewTuple(v, v), "in a list in a list": py.NewList(py.NewList(v)),
		"in a dict": dict("k", v), "as a key": dict(v, "v"), "in a large dict": several,
		"in a key": dict(py.NewTuple(v, py.NewTuple(v)), "v"), "in a key that is a set": dict(py.NewFrozenSet(v), 1),
		"in a set": py.NewSet(v), "in a frozenset": py.NewFrozenSet(v, "a"), "in a frozenset in a set": py.NewSet(py.NewFrozenSet(v)),
		"called": object(func(o *py.Object) { o.Callable = v }), "in the arguments": object(func(o *py.Object) { o.Args = py.NewTuple(v) }),
		"in the state":           object(func(o *py.Object) { o.Extra.HasState, o.Extra.State = true, v }),
		"with a setter":          object(func(o *py.Object) { o.Extra.HasState, o.Extra.Setter = true, v }),
		"in the items":           object(func(o *py.Object) { o.Extra.Items = []any{v} }),
		"in the pairs":           object(func(o *py.Object) { o.Extra.Pairs = []py.Pair{{Key: v, Value: v}} }),
		"in keyword arguments":   object(func(o *py.Object) { o.Construction, o.Extra.Kwargs = py.ConstructNewEx, dict("k", v) }),
		"made new":               object(func(o *py.Object) { o.Construction, o.Args = py.ConstructNew, py.NewTuple(v) }),
		"of an old-style class":  object(func(o *py.Object) { o.Construction, o.Args = py.ConstructInstance, py.NewTuple(v) }),
		"persistent":             object(func(o *py.Object) { o.Construction, o.Args = py.ConstructPersistent, py.NewTuple(v) }),
		"without arguments":      object(func(o *py.Object) { o.Args, o.Extra.HasState, o.Extra.State = nil, true, v }),
		"a Decimal of":           &py.Object{Callable: &py.Global{Module: "decimal", Name: "Decimal"}, Args: py.NewTuple(v)},
		"a datetime of":          &py.Object{Callable: &py.Global{Module: "datetime", Name: "datetime"}, Args: py.NewTuple(py.Bytes("\x07\xe8\x02\x1d\x17;;\x01\xe2@"), v)},
		"a timezone of":          &py.Object{Callable: &py.Global{Module: "datetime", Name: "timezone"}, Args: py.NewTuple(v)},
		"a subclass of":          &py.Object{Callable: &py.Global{Module: "copyreg", Name: "_reconstructor"}, Args: py.NewTuple(v, v, v)},
		"a set of":               &py.Object{Callable: &py.Global{Module: "builtins", Name: "set"}, Args: py.NewTuple(v)},
		"an OrderedDict of":      &py.Object{Callable: &py.Global{Module: "collections", Name: "OrderedDict"}, Args: py.NewTuple(py.NewList(py.NewList(v, v), v))},
		"a Counter of":           &py.Object{Callable: &py.Global{Module: "collections", Name: "Counter"}, Args: py.NewTuple(v)},
		"a time with a tzinfo":   py.Time{TZInfo: v},
		"in a slice":             []any{v},
		"in a map":               map[string]any{"k": v},
		"in a pointer":           &v,
		"a UUID with this state": &py.Object{Construction: py.ConstructNew, Callable: &py.Global{Module: "uuid", Name: "UUID"}, Args: py.NewTuple(), Extra: &py.Extra{HasState: true, State: dict("int", v)}},
	}
}

// use passes a value to everything that the packages can do with it.
func use(v any) {
	given, err := py.From(v)
	if err == nil {
		v = given
	}
	_ = py.TypeName(v)
	_, _ = py.Native(v), py.Unhashable(v)
	_ = py.Truth(v)
	_, _ = py.Equal(v, py.Clone(v)), py.Equal(v, "x")
	_, _ = py.Equal("x", v), py.Equal(v, py.NewList(v))
	for _, dst := range []any{
		new(any), new(string), new([]any), new(map[string]any), new(map[any]any), new([]byte), new(*big.Int), new(time.Time),
		new(*string), new(int), new(float64), new(bool), new(struct{ K any }), new(py.UUID), new(py.Decimal), new(*py.Object),
		new(map[string]bool), new([2]string), new(time.Duration), new(complex128), new(big.Rat),
	} {
		_ = py.Scan(v, dst, time.UTC)
	}
	for protocol := 2; protocol <= 5; protocol++ {
		if data, err := pickle.Dumps(v, protocol); err == nil {
			_, _ = pickle.Loads(data)
		} else {
			_ = err.Error()
		}
	}
	if _, err := pyjson.Dumps(v); err != nil {
		_ = err.Error()
	}
	if _, err := tagged.Dumps(v); err != nil {
		_ = err.Error()
	}
	if o, ok := v.(*py.Object); ok && o != nil {
		_, _ = o.AsDict()
		_, _ = o.AsList()
		_, _ = o.AsText()
		_, _ = o.Attributes()
		_, _ = o.Class(), o.PyType()
	}
	if _, ok := py.TimeZone(0).Callable.(*py.Global); ok {
		_, _ = py.DateTime{Time: time.Unix(0, 0).UTC(), Naive: true}.WithTZInfo(v)
	}
}

func TestNoValueMakesAPanic(t *testing.T) {
	t.Parallel()
	for what, v := range oddValues() {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			for where := range places(nil) {
				func() {
					defer func() {
						if problem := recover(); problem != nil {
							t.Errorf("%s: %v\n%s", where, problem, debug.Stack())
						}
					}()
					use(places(v)[where])
				}()
			}
		})
	}
}

// A nil pointer is not a Python value.
func TestNilPointersInContainersAreRefused(t *testing.T) {
	t.Parallel()
	for _, v := range []any{
		(*py.UUID)(nil), (*py.Decimal)(nil), (*py.Date)(nil), (*py.Time)(nil), (*py.TimeDelta)(nil), (*py.DateTime)(nil), (*py.Dict)(nil),
		(*py.List)(nil), (*py.Tuple)(nil), (*py.Set)(nil), (*py.FrozenSet)(nil), (*py.ByteArray)(nil), (*py.Object)(nil), (*py.Global)(nil),
		(*py.Str2)(nil), (*py.Bytes)(nil), (*big.Int)(nil), (*time.Time)(nil), (*string)(nil),
	} {
		list, err := py.From(py.NewList(v))
		if err != nil {
			t.Errorf("%T: %v", v, err) // refused when written, as other values are
		}
		for name, write := range map[string]func() error{
			"pickle": func() error { _, err := pickle.Dumps(list, 4); return err },
			"pyjson": func() error { _, err := pyjson.Dumps(list); return err },
			"tagged": func() error { _, err := tagged.Dumps(list); return err },
		} {
			if err := write(); err == nil || strings.Contains(err.Error(), "nested") {
				t.Errorf("%s: %T: %v", name, v, err)
			}
		}
		if name := py.TypeName(v); name != fmt.Sprintf("Go nil %T", v) {
			t.Errorf("%T is called %s", v, name)
		}
	}
}
