package djangosession

import (
	"errors"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pickle"
	"github.com/djangobridge/djangobridge/py/pyjson"
)

// A jsonConverter converts the values of a session for JSON. It changes the containers
// that it is given.
type jsonConverter struct {
	TransitionalSerializer
	name  string
	depth int
	done  map[any]any // from a container to its replacement. A container may contain itself; JSON refuses that
}

var errTooDeep = errors.New("the value is nested too deeply")

func (c *jsonConverter) value(v any) (any, error) {
	if done, ok := c.doneAlready(v); ok {
		return done, nil
	}
	if c.depth++; c.depth > pickle.MaxDepth { // Convert may return such values
		return nil, errTooDeep
	}
	defer func() { c.depth-- }()
	switch v := v.(type) { // a nil pointer is not a value, and refused below
	case *py.List:
		if v == nil {
			break
		}
		c.done[v] = v
		return v, c.items(v.Items)
	case *py.Tuple:
		if v == nil {
			break
		}
		c.done[v] = v
		return v, c.items(v.Items)
	case *py.Dict:
		if v == nil {
			break
		}
		return c.dict(v, v)
	case *py.Object:
		if v == nil {
			break
		}
		if d, ok := v.AsDict(); ok && !v.Extras().HasState {
			return c.dict(v, d)
		}
		if text, ok := v.AsText(); ok && isSafeString(v) {
			return text, nil
		}
	case py.Str2:
		if isASCII(string(v)) {
			return string(v), nil
		}
	case py.DateTime:
		if c.name == ExpiryName && c.isoExpiry {
			return v.ISOFormat(), nil
		}
	case pyjson.Raw:
		return v, nil
	}
	_, err := pyjson.Dumps(v)
	if err == nil || c.Convert == nil {
		return v, err
	}
	if v, err = c.Convert(c.name, v); err != nil {
		return nil, err
	}
	if v, err = py.From(v); err != nil {
		return nil, err
	}
	switch v.(type) {
	case *py.List, *py.Tuple, *py.Dict: // convert its items too
		return c.value(v)
	}
	return v, nil
}

// doneAlready returns the replacement of a container that was converted before.
func (c *jsonConverter) doneAlready(v any) (any, bool) {
	switch v.(type) {
	case *py.List, *py.Tuple, *py.Dict, *py.Object:
		done, ok := c.done[v]
		return done, ok
	}
	return nil, false
}

func (c *jsonConverter) items(items []any) error {
	for i, item := range items {
		v, err := c.value(item)
		if err != nil {
			return err
		}
		items[i] = v
	}
	return nil
}

// dict returns a dict with the entries of d, the replacement of container.
func (c *jsonConverter) dict(container any, d *py.Dict) (any, error) {
	converted := py.NewDict(d.Len())
	c.done[container] = converted
	for key, item := range d.All() {
		v, err := c.value(item)
		if err != nil {
			return nil, err
		}
		converted.Set(textKey(key), v)
	}
	return converted, nil
}

// textKey returns a key as text if it is a str of another type.
func textKey(key any) any {
	switch k := key.(type) {
	case py.Str2:
		if text, ok := k.Text(); ok {
			return text
		}
	case *py.Object:
		if text, ok := k.AsText(); ok && isSafeString(k) {
			return text
		}
	}
	return key
}

// isSafeString reports whether an object is Django's SafeString, under any of its names.
func isSafeString(o *py.Object) bool {
	switch o.Class() {
	case "django.utils.safestring.SafeString", "django.utils.safestring.SafeText", "django.utils.safestring.SafeUnicode":
		return true
	}
	return false
}
