package py

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"github.com/djangobridge/djangobridge/internal/valuepath"
)

// A field is an exported field of a struct or of an embedded struct.
type field struct {
	name      string
	tagged    bool
	index     []int
	omitEmpty bool
	omitZero  bool
}

// structFields lists the fields of t by the relevant rules of encoding/json: a json tag
// gives the name, "-" omits the field, and an embedded struct without a name in its tag
// contributes its fields. Of several fields with one name, the least nested one counts,
// then the one whose tag gives the name; if that leaves two, none counts.
func structFields(t reflect.Type) []field {
	all := nestedFields(t, nil, nil)
	var fields []field
	for _, f := range all {
		if !slices.ContainsFunc(all, func(other field) bool { return other.hides(f) }) {
			fields = append(fields, f)
		}
	}
	return fields
}

// nestedFields lists the fields of t and of the structs that it embeds, including fields
// that others hide. outer are the structs around t, and index leads to it from the
// outermost one.
func nestedFields(t reflect.Type, outer []reflect.Type, index []int) []field {
	if slices.Contains(outer, t) { // its fields there hide the ones here
		return nil
	}
	outer = append(slices.Clip(outer), t)
	var fields []field
	for i := range t.NumField() {
		sf := t.Field(i)
		tag := sf.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		at := append(slices.Clip(index), i)
		embedded, isEmbedded := embeddedStruct(sf)
		switch {
		case tag == "-":
		case isEmbedded && name == "":
			fields = append(fields, nestedFields(embedded, outer, at)...)
		case sf.IsExported():
			fields = append(fields, field{
				name:      cmp.Or(name, sf.Name),
				tagged:    name != "",
				index:     at,
				omitEmpty: hasOption(options, "omitempty"),
				omitZero:  hasOption(options, "omitzero"),
			})
		}
	}
	return fields
}

// embeddedStruct returns the struct that sf embeds. It ignores an unexported one behind a
// pointer, which [Scan] could not allocate.
func embeddedStruct(sf reflect.StructField) (reflect.Type, bool) {
	t := sf.Type
	if t.Kind() == reflect.Pointer && sf.IsExported() {
		t = t.Elem()
	}
	return t, sf.Anonymous && t.Kind() == reflect.Struct
}

// hides reports whether f hides another field of the same name: because f is nested less
// deeply, or because its name comes from a tag. Two equal fields hide each other.
func (f field) hides(other field) bool {
	if f.name != other.name || slices.Equal(f.index, other.index) {
		return false
	}
	if len(f.index) != len(other.index) {
		return len(f.index) < len(other.index)
	}
	return f.tagged || !other.tagged
}

const noExportedFields = "the struct has no exported fields"

// hidesFields reports whether t has fields, and all of them are unexported.
func hidesFields(t reflect.Type) bool {
	exported := func(f reflect.StructField) bool { return f.IsExported() }
	return t.NumField() > 0 && !slices.ContainsFunc(reflect.VisibleFields(t), exported)
}

func hasOption(options, want string) bool {
	for option := range strings.SplitSeq(options, ",") {
		if option == want {
			return true
		}
	}
	return false
}

func (f field) omit(v reflect.Value) bool {
	return f.omitZero && isZero(v) || f.omitEmpty && isEmpty(v)
}

type zeroer interface{ IsZero() bool }

// isZero asks the method IsZero of the type of a field, if it has one. The type of the
// value in an interface does not count, unless the interface has the method.
func isZero(v reflect.Value) bool {
	if v.Kind() == reflect.Interface {
		if v.IsNil() || !v.Type().Implements(reflect.TypeFor[zeroer]()) {
			return v.IsNil()
		}
		v = v.Elem()
	}
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return true
	}
	if z, ok := as[zeroer](v); ok {
		return z.IsZero()
	}
	return v.IsZero()
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	default:
		return v.IsZero()
	}
}

// joinPath prepends a step to a path; see [valuepath.Path.Add].
func joinPath(step any, path string) string {
	p := valuepath.Path{TypeName: TypeName}
	p.Add(step)
	return p.Join(path)
}
