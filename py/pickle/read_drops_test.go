package pickle

import (
	"errors"
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

// pickle._Pickler and pickle.Pickler of CPython 3.11 wrote these for an object of a class
// NA with __getnewargs__ that is in a dict in its own arguments. The first one, which is
// PyPy's only pickler, writes the state once more.
func TestObjectsInTheirOwnArguments(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"Python, protocol 2": "\x80\x02c__main__\nNA\nq\x00}q\x01X\x01\x00\x00\x00kq\x02h\x00h\x01\x85q\x03\x81q\x04}q\x05X\x01\x00\x00\x00aq\x06h\x01\x85q\x07sbs\x85q\x08\x810h\x04h\x05b.",
		"Python, protocol 4": "\x80\x04\x957\x00\x00\x00\x00\x00\x00\x00\x8c\x08__main__\x94\x8c\x02NA\x94\x93\x94}\x94\x8c\x01k\x94h\x02h\x03\x85\x94\x81\x94}\x94\x8c\x01a\x94h\x03\x85\x94sbs\x85\x94\x810h\x06h\x07b.",
		"C, protocol 2":      "\x80\x02c__main__\nNA\nq\x00}q\x01X\x01\x00\x00\x00kq\x02h\x00h\x01\x85q\x03\x81q\x04}q\x05X\x01\x00\x00\x00aq\x06h\x01\x85q\x07sbs\x85q\x08\x810h\x04.",
		"C, protocol 4":      "\x80\x04\x954\x00\x00\x00\x00\x00\x00\x00\x8c\x08__main__\x94\x8c\x02NA\x94\x93\x94}\x94\x8c\x01k\x94h\x02h\x03\x85\x94\x81\x94}\x94\x8c\x01a\x94h\x03\x85\x94sbs\x85\x94\x810h\x06.",
	} {
		v, err := Loads([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		check := func(v any) bool { // x.a[0]["k"] is x
			x, _ := v.(*py.Object)
			state, _ := x.Extras().State.(*py.Dict)
			if state == nil {
				return false
			}
			a, _ := state.Get("a")
			args, _ := a.(*py.Tuple)
			d, _ := args.Items[0].(*py.Dict)
			k, _ := d.Get("k")
			return k == v && x.Args.Items[0] == any(d)
		}
		if !check(v) {
			t.Errorf("%s: %T", name, v)
		}
		data, err := Dumps(v, 4)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if v, err := Loads(data); err != nil || !check(v) {
			t.Errorf("%s: written as %q, read as %T, %v", name, data, v, err)
		}
	}
	for name, text := range map[string]string{
		"another state that is equal": "cm\nf\n)R}b}b.",
		"another state":               "cm\nf\n)R}b]b.",
		"a number twice":              "cm\nf\n)RK\x01bK\x01b.",
	} {
		v, err := Loads([]byte(text))
		if _, ok := errors.AsType[*SyntaxError](err); !ok || v != nil {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
}
