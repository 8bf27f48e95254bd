//go:build !386 && !arm && !mips && !mipsle

// On 32-bit machines the library keeps only 32 bits of some ints. Serializer refuses
// those.

package gopickle

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	gopickle "github.com/nlpodyssey/gopickle/pickle"
	"github.com/nlpodyssey/gopickle/types"

	"github.com/djangobridge/djangobridge/internal/pynum"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pickle"
)

// library runs only the library, on the bytes as they are. Its input must have been
// accepted by py/pickle first: otherwise a length in the input could use up all memory.
func library(data []byte) (v any, ok bool) {
	defer func() {
		if recover() != nil {
			v, ok = nil, false
		}
	}()
	u := gopickle.NewUnpickler(bytes.NewReader(data))
	u.FindClass = func(module, name string) (any, error) {
		return &unknown{name: &py.Global{Module: module, Name: name}}, nil
	}
	v, err := u.Load()
	return v, err == nil
}

// A comparison compares the results of two readers for one pickle.
type comparison struct {
	old  bool // the protocol of the pickle is below 3 or not stated
	text bool // it may contain text opcodes
	ints bool // it may contain INT
	seen map[[2]any]bool
}

// equal describes the difference between the two, or returns "" if they agree. It
// allows for the known differences of the library:
//   - it leaves the escapes of text opcodes as they are;
//   - it does not distinguish a str of Python 2 from other strings;
//   - of bools in text it accepts only 00 and 01, where Python accepts any line of two
//     bytes;
//   - it keeps the class names of the pickle, without fix_imports;
//   - it has its own types for OrderedDict, array, list, dict and object, and loses their
//     contents;
//   - it treats set, frozenset, bytes and bytearray as calls where the pickle does not use
//     the opcode for them;
//   - it calls the classes of INST and OBJ without arguments, unlike Python;
//   - it drops the effect of a state setter, and treats keyword arguments as one more
//     argument.
func (c comparison) equal(ours, theirs any) string {
	switch theirs.(type) {
	case *types.OrderedDict, *types.OrderedDictClass, *types.Array, *types.ObjectClass, *types.Reconstructor:
		return ""
	}
	switch ours := ours.(type) {
	case string:
		return c.equalText(ours, theirs)
	case py.Str2:
		return c.equalText(string(ours), theirs)
	case int64:
		if convert(theirs) == any(ours) { // int, or *big.Int with more bytes than it needs
			return ""
		}
	case *big.Int: // a long of Python 2, which the library does not distinguish from an int
		if py.Equal(convert(theirs), pynum.Int(ours)) {
			return ""
		}
	case float64:
		if got, ok := theirs.(float64); ok && (math.Float64bits(got) == math.Float64bits(ours) || got != got && ours != ours) {
			return ""
		}
	case py.Bytes:
		if got, ok := theirs.([]byte); ok && string(got) == string(ours) || isCall(theirs) {
			return ""
		}
	case *py.ByteArray:
		if got, ok := theirs.(*types.ByteArray); ok && string(*got) == string(ours.Bytes) || isCall(theirs) {
			return ""
		}
	case *py.Global:
		return c.equalClass(ours, theirs)
	case bool:
		if ours == theirs || c.ints && theirs == map[bool]int{false: 0, true: 1}[ours] {
			return ""
		}
	case nil:
		if theirs == nil {
			return ""
		}
	default:
		return c.equalContainer(ours, theirs)
	}
	return fmt.Sprintf("%T and %T differ", ours, theirs)
}

func (c comparison) equalText(ours string, theirs any) string {
	got, ok := theirs.(string)
	if !ok || got != ours && !c.text {
		return fmt.Sprintf("str %q and %#v", ours, theirs)
	}
	return ""
}

func (c comparison) equalClass(ours *py.Global, theirs any) string {
	switch theirs := theirs.(type) {
	case *unknown:
		if c.old || *theirs.name == *ours {
			return ""
		}
	case *types.List, *types.Dict:
		if ours.Module == "builtins" {
			return ""
		}
	}
	return fmt.Sprintf("class %s and %#v", ours, theirs)
}

func isCall(v any) bool {
	_, ok := v.(*object)
	return ok
}

func (c comparison) equalContainer(ours, theirs any) string {
	both := [2]any{ours, theirs}
	if c.seen[both] {
		return ""
	}
	c.seen[both] = true
	switch ours := ours.(type) {
	case *py.List:
		if got, ok := theirs.(*types.List); ok {
			return c.equalItems(ours.Items, *got)
		}
	case *py.Tuple:
		if got, ok := theirs.(*types.Tuple); ok {
			return c.equalItems(ours.Items, *got)
		}
	case *py.Dict:
		if got, ok := theirs.(*types.Dict); ok {
			return c.equalDict(ours, got)
		}
	case *py.Set:
		if got, ok := theirs.(*types.Set); ok && c.sameMembers(ours, convert(got).(*py.Set)) || isCall(theirs) {
			return ""
		}
	case *py.FrozenSet:
		if got, ok := theirs.(*types.FrozenSet); ok && c.sameMembers(&ours.Set, &convert(got).(*py.FrozenSet).Set) || isCall(theirs) {
			return ""
		}
	case *py.Object:
		return c.equalObject(ours, theirs)
	}
	return fmt.Sprintf("%T and %T", ours, theirs)
}

func (c comparison) equalItems(ours, theirs []any) string {
	if len(ours) != len(theirs) {
		return fmt.Sprintf("%d and %d items", len(ours), len(theirs))
	}
	for i := range ours {
		if problem := c.equal(ours[i], theirs[i]); problem != "" {
			return problem
		}
	}
	return ""
}

// equalDict compares the values. The library keeps every one of several equal keys, and
// the last one counts.
func (c comparison) equalDict(ours *py.Dict, theirs *types.Dict) string {
	if ours.Len() > len(*theirs) {
		return fmt.Sprintf("%d and %d keys", ours.Len(), len(*theirs))
	}
	if ours.Len() < len(*theirs) {
		return "" // only Python can decide which of them are equal
	}
	i := 0
	for key, value := range ours.All() {
		e := (*theirs)[i]
		if problem := c.equal(key, e.Key) + c.equal(value, e.Value); problem != "" {
			return problem
		}
		i++
	}
	return ""
}

// sameMembers compares sets of strings and numbers by their members, and other sets only
// by size.
func (c comparison) sameMembers(a, b *py.Set) bool {
	for item := range a.All() {
		switch item.(type) {
		case string:
			if !c.text && !b.Has(item) {
				return false
			}
		case int64:
			if !b.Has(item) {
				return false
			}
		}
	}
	return a.Len() == b.Len()
}

func (c comparison) equalObject(ours *py.Object, theirs any) string {
	class, named := ours.Callable.(*py.Global)
	if named {
		switch class.Name {
		case "list", "dict", "object", "_reconstructor", "_array_reconstructor", "OrderedDict":
			return ""
		}
	}
	got, ok := theirs.(*object)
	if !ok || !named {
		return fmt.Sprintf("%s and %T", ours.Class(), theirs)
	}
	extra := ours.Extras()
	if extra.Setter != nil || extra.Kwargs != nil {
		return ""
	}
	construction := ours.Construction
	if construction == py.ConstructInstance { // the library treats it as a call
		construction = py.ConstructCall
	}
	if construction != got.construction && len(got.args) > 0 || extra.HasState != got.hasState || len(extra.Pairs) != len(got.pairs) {
		return "the construction of " + ours.Class()
	}
	problems := []string{
		c.equalClass(class, &unknown{name: got.class}), c.equalItems(ours.Args.Items, got.args), c.equal(extra.State, got.state),
		c.equalItems(extra.Items, got.items),
	}
	for i, p := range extra.Pairs {
		problems = append(problems, c.equal(p.Key, got.pairs[i].Key), c.equal(p.Value, got.pairs[i].Value))
	}
	return strings.Join(problems, "")
}

// differ reads data with both readers. The result both reports whether both accept it.
func differ(data []byte) (both bool, problem string) {
	ours, err := pickle.Loads(data)
	if err != nil {
		return false, ""
	}
	theirs, ok := library(data)
	if !ok {
		return false, ""
	}
	c := comparison{
		old:  !bytes.Contains(data, []byte{0x80, 3}) && !bytes.Contains(data, []byte{0x80, 4}) && !bytes.Contains(data, []byte{0x80, 5}),
		text: bytes.ContainsAny(data, "SV"), ints: bytes.ContainsAny(data, "I"), seen: map[[2]any]bool{},
	}
	return true, c.equal(ours, theirs)
}

func TestTheLibraryAndPyPickleAgree(t *testing.T) {
	t.Parallel()
	compared := 0
	for _, data := range vectors(t) {
		both, problem := differ(data)
		if problem != "" {
			t.Errorf("%q: %s", data, problem)
		}
		if both {
			compared++
		}
	}
	if compared < 700 {
		t.Errorf("only %d compared", compared)
	}
	t.Logf("%d compared", compared)
}

// TestDifferencesAreSeen checks that the comparison can fail.
func TestDifferencesAreSeen(t *testing.T) {
	t.Parallel()
	pairs := [][2]string{
		{"K\x01.", "K\x02."},
		{"K\x01.", "\x88."},
		{"\x80\x04\x8c\x01a.", "\x80\x04\x8c\x01b."},
		{"\x80\x04C\x01a.", "\x80\x04\x8c\x01a."},
		{"\x80\x04]K\x01a.", "\x80\x04]K\x02a."},
		{"\x80\x04K\x01\x85.", "\x80\x04)K\x01\x86."},
		{"\x80\x04}K\x01K\x02s.", "\x80\x04}K\x01K\x03s."},
		{"\x80\x04\x8f(K\x01\x90.", "\x80\x04\x8f(K\x02\x90."},
		{"\x80\x04cm\nf\n.", "\x80\x04cm\ng\n."},
		{"\x80\x04cm\nf\n)RK\x01b.", "\x80\x04cm\nf\n)RK\x02b."},
		{"\x80\x04cm\nf\nK\x01\x85R.", "\x80\x04cm\nf\nK\x02\x85R."},
	}
	for _, pair := range pairs {
		ours, err := pickle.Loads([]byte(pair[0]))
		theirs, ok := library([]byte(pair[1]))
		if c := (comparison{seen: map[[2]any]bool{}}); err != nil || !ok || c.equal(ours, theirs) == "" {
			t.Errorf("%q and %q: no difference, %v", pair[0], pair[1], err)
		}
	}
}

func FuzzTheLibraryAndPyPickle(f *testing.F) {
	for i, data := range vectors(f) {
		if i%10 == 0 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, problem := differ(data); problem != "" {
			t.Errorf("%q: %s", data, problem)
		}
		got, err := Serializer{}.value(data) // it must not panic
		if err != nil {
			return
		}
		want, err := pickle.Options{Encoding: "ASCII"}.Loads(data)
		if err != nil || !py.Equal(got, want) {
			t.Errorf("%q: not what py/pickle reads, %v", data, err)
		}
	})
}
