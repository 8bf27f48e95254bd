package py

import (
	"reflect"
	"slices"
	"strings"
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
// gives the name, "-" omits the field, and an embedded struct without a tag contributes
// its fields.
func structFields(t reflect.Type) []field {
	var fields []field
	for _, sf := range reflect.VisibleFields(t) {
		tag := sf.Tag.Get("json")
		if tag == "-" || !sf.IsExported() || inTagged(t, sf.Index) {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		if name == "" {
			if sf.Anonymous && isStruct(sf.Type) {
				continue // VisibleFields lists its fields as well
			}
			name = sf.Name
		}
		fields = append(fields, field{
			name:      name,
			tagged:    tag != "",
			index:     sf.Index,
			omitEmpty: hasOption(options, "omitempty"),
			omitZero:  hasOption(options, "omitzero"),
		})
	}
	return slices.DeleteFunc(fields, func(f field) bool {
		return slices.ContainsFunc(fields, func(other field) bool { return other.hides(f) })
	})
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

// inTagged reports whether a field belongs to an embedded struct that a tag names or
// omits, or to an unexported one behind a pointer. Such fields are not promoted.
func inTagged(t reflect.Type, index []int) bool {
	for i := 1; i < len(index); i++ {
		outer := t.FieldByIndex(index[:i])
		if outer.Tag.Get("json") != "" || outer.Type.Kind() == reflect.Pointer && !outer.IsExported() {
			return true
		}
	}
	return false
}

func isStruct(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct
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

func isZero(v reflect.Value) bool {
	if z, ok := reflect.TypeAssert[interface{ IsZero() bool }](v); ok && (v.Kind() != reflect.Pointer || !v.IsNil()) {
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

// joinPath prepends a step ("[2]", ".name") to a path. A path does not begin with a dot.
func joinPath(step, path string) string {
	if path != "" && path[0] != '[' && path[0] != '.' {
		path = "." + path
	}
	return strings.TrimPrefix(step, ".") + path
}
