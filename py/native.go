package py

import (
	"math/big"
	"time"
)

// Native returns a deep copy of v, as [Clone] does, in native Go form. Each [*Object]
// that represents a [DateTime], [Date], [Time], [TimeDelta], [Decimal], [UUID] or
// complex128 is replaced by that type, and a Python 2 long that fits becomes an int64. An
// Object stays an Object if the Go type would lose information, such as a datetime in a
// time zone of an unknown class, or a Decimal of more than 10,000 digits.
func Native(v any) any {
	switch v.(type) {
	case *List, *Dict, *Set, *FrozenSet, *big.Int, Cloner:
		return newCloner(true).all(v)
	default:
		return v
	}
}

const datetimeModule = "datetime"

// native returns the native form of v if v is an [*Object] that has one, and otherwise v.
func native(v any) any {
	if o, ok := v.(*Object); ok && o != nil {
		if form, ok := o.form(nil); ok {
			return form
		}
	}
	return v
}

// madeClass returns [Object.Class] with the name that Python 3 uses. For objects
// constructed by copyreg, as in protocols 0 and 1, it is the class passed to copyreg.
func (o *Object) madeClass() string {
	g, _ := o.Callable.(*Global)
	if o.reconstructed() {
		g, _ = o.Args.Items[0].(*Global)
	}
	if g == nil || o.Construction == ConstructPersistent || o.Construction == ConstructNewEx {
		return ""
	}
	if g.Module == "__builtin__" {
		return "builtins." + g.Name
	}
	return g.Module + "." + g.Name
}

// reconstructed reports whether o is copyreg._reconstructor(class, base, value).
func (o *Object) reconstructed() bool {
	g, _ := o.Callable.(*Global)
	if g == nil || g.Name != "_reconstructor" || g.Module != "copyreg" && g.Module != "copy_reg" {
		return false
	}
	return o.Construction == ConstructCall && len(o.args()) == 3
}

// form returns the native Go form of o if it can express all of o.
func (o *Object) form(known zones) (any, bool) {
	if o.Args == nil {
		return nil, false
	}
	if x := o.Extras(); !x.onlyState() {
		return nil, false
	} else if x.HasState {
		return o.uuid(x.State)
	}
	g, ok := o.Callable.(*Global)
	if !ok || g == nil || o.Construction != ConstructCall {
		return nil, false
	}
	args := o.Args.Items
	switch g.Module {
	case datetimeModule:
		switch g.Name {
		case "datetime":
			return datetimeOf(args, known)
		case "date":
			return dateOf(args)
		case "time":
			return timeOf(args, known)
		case "timedelta":
			return timeDeltaOf(args)
		}
	case "decimal":
		if g.Name == "Decimal" && len(args) == 1 {
			return decimalOf(args[0])
		}
	case "builtins", "__builtin__":
		if g.Name == "complex" && len(args) == 2 {
			re, ok1 := args[0].(float64)
			im, ok2 := args[1].(float64)
			return complex(re, im), ok1 && ok2
		}
	}
	return nil, false
}

// uuid recognizes uuid.UUID.__new__(uuid.UUID) with the state {"int": n}. The state may
// contain is_safe, which is ignored.
func (o *Object) uuid(given any) (any, bool) {
	if o.Construction != ConstructNew && o.Construction != ConstructCall || o.madeClass() != "uuid.UUID" {
		return nil, false
	}
	if o.Construction == ConstructNew && len(o.Args.Items) > 0 || o.Construction == ConstructCall && !o.reconstructed() {
		return nil, false
	}
	state, ok := given.(*Dict)
	if !ok {
		return nil, false
	}
	n, _ := state.Get("int")
	_, isSafe := state.Get("is_safe")
	if state.Len() > 2 || state.Len() == 2 && !isSafe {
		return nil, false
	}
	return uuidOf(n)
}

func decimalOf(arg any) (any, bool) {
	text, ok := textOf(arg)
	if !ok || len(text) > maxExpanded { // such a key in many places would take long to hash
		return nil, false
	}
	d, err := ParseDecimal(text)
	return d, err == nil
}

func timeDeltaOf(args []any) (any, bool) {
	var parts [3]int64
	if len(args) > len(parts) {
		return nil, false
	}
	for i, arg := range args {
		var ok bool
		if parts[i], ok = arg.(int64); !ok {
			return nil, false
		}
	}
	return NewTimeDelta(parts[0], parts[1], parts[2])
}

// stateOf returns the bytes in which datetime, date and time store their state. They may
// be bytes, a str of Python 2, or such a str decoded as latin-1.
func stateOf(args []any, size, most int) (string, bool) {
	if len(args) == 0 || len(args) > most {
		return "", false
	}
	var state string
	switch arg := args[0].(type) {
	case Bytes:
		state = string(arg)
	case Str2:
		state = string(arg)
	case string:
		if len(arg) > 2*size {
			return "", false
		}
		var b []byte
		for _, r := range arg {
			if r > 0xFF {
				return "", false
			}
			b = append(b, byte(r))
		}
		state = string(b)
	}
	return state, len(state) == size
}

// foldBit is set in the month of a datetime, or the hour of a time, with fold=1.
const foldBit = 0x80

func dateOf(args []any) (any, bool) {
	s, ok := stateOf(args, 4, 1)
	if !ok {
		return nil, false
	}
	d := readDate(s)
	return d, d.IsValid()
}

func timeOf(args []any, known zones) (any, bool) {
	s, ok := stateOf(args, 6, 2)
	if !ok {
		return nil, false
	}
	t := readTime(s)
	t.Fold = s[0]&foldBit != 0
	t.Hour &^= foldBit
	if len(args) == 2 && args[1] != nil {
		if _, ok := known.zone(args[1]); !ok {
			return nil, false
		}
		t.TZInfo = args[1]
	}
	return t, t.IsValid()
}

func datetimeOf(args []any, known zones) (any, bool) {
	s, ok := stateOf(args, 10, 2)
	if !ok {
		return nil, false
	}
	date, clock := readDate(s), readTime(s[4:])
	d := DateTime{Naive: true, Fold: date.Month&foldBit != 0}
	date.Month &^= foldBit
	if !date.IsValid() || !clock.IsValid() {
		return nil, false
	}
	d.Time = date.In(time.UTC)
	d.Time = d.Time.Add(clock.sinceMidnight())
	if len(args) == 2 && args[1] != nil {
		return d.withTZInfo(args[1], known)
	}
	return d, true
}
