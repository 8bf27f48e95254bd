package main

import (
	"fmt"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/tagged"
)

// args are the arguments of an order by name. The first argument that is missing or has
// the wrong type is kept as err, which becomes the answer whatever the result of the
// order.
type args struct {
	values *py.Dict
	err    error
}

func readArgs(data []byte) (*args, error) {
	v, err := tagged.Loads(data)
	if err != nil {
		return nil, err
	}
	d, ok := v.(*py.Dict)
	if !ok {
		return nil, fmt.Errorf("the arguments are a %s", py.TypeName(v))
	}
	return &args{values: d}, nil
}

// get returns an argument as a T.
func get[T any](a *args, name string) T {
	v, _ := a.values.Get(name)
	t, ok := v.(T)
	if !ok && a.err == nil {
		a.err = fmt.Errorf("the argument %s is a %s", name, py.TypeName(v))
	}
	return t
}

// has reports whether an argument is present and not None.
func (a *args) has(name string) bool {
	v, _ := a.values.Get(name)
	return v != nil
}

// value returns an argument of any type.
func (a *args) value(name string) any {
	v, ok := a.values.Get(name)
	if !ok && a.err == nil {
		a.err = fmt.Errorf("the argument %s is missing", name)
	}
	return v
}

func (a *args) text(name string) string { return get[string](a, name) }

// bytes returns an argument that is str or bytes. Django accepts both as a key.
func (a *args) bytes(name string) string {
	if b, ok := a.value(name).(py.Bytes); ok {
		return string(b)
	}
	return a.text(name)
}

// keys returns an argument that is a list of str or bytes, or nil if it is absent.
func (a *args) keys(name string) []string {
	if !a.has(name) {
		return nil
	}
	var keys []string
	for _, v := range get[*py.List](a, name).Items {
		switch v := v.(type) {
		case string:
			keys = append(keys, v)
		case py.Bytes:
			keys = append(keys, string(v))
		}
	}
	return keys
}
