package rediscache

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// values are options of Python code by name. Each is removed when it is read, so that
// those that nobody has read can be refused.
type values struct {
	setting string // what to call them in errors, such as OPTIONS of CACHES["default"]
	given   map[string]any
}

// newValues returns a copy of given without the values that are None, unless None differs
// from the default of redis-py.
func newValues(setting string, given map[string]any) *values {
	v := &values{setting: setting, given: make(map[string]any, len(given))}
	for name, value := range given {
		switch {
		case value != nil:
			v.given[name] = value
		case name == "ssl_cert_reqs":
			v.given[name] = "none"
		case name == "ssl_check_hostname":
			v.given[name] = false
		}
	}
	return v
}

// refuse returns the error for a value, which it does not quote: it may be a secret.
func (v *values) refuse(name, problem string) error {
	return &djangosession.SettingError{Setting: fmt.Sprintf("%s[%q]", v.setting, name), Problem: problem}
}

func (v *values) take(name string) (any, bool) {
	value, ok := v.given[name]
	delete(v.given, name)
	return value, ok
}

// text stores a str or a number as text, as Python code that formats it does.
func (v *values) text(name string, dst *string) error {
	value, ok := v.take(name)
	if !ok {
		return nil
	}
	switch value := value.(type) {
	case string:
		*dst = value
	case float64:
		*dst = strconv.FormatFloat(value, 'f', -1, 64)
	case int:
		*dst = strconv.Itoa(value)
	default:
		return v.refuse(name, "must be a str")
	}
	return nil
}

// class stores the dotted name of a class.
func (v *values) class(name string, dst *string) error {
	if object, ok := v.given[name].(map[string]any); ok {
		if class, ok := object["$object"].(string); ok {
			v.given[name] = class
		}
	}
	return v.text(name, dst)
}

// number stores an int, or a str that int() accepts.
func (v *values) number(name string, dst *int) error {
	value, ok := v.take(name)
	if !ok {
		return nil
	}
	switch value := value.(type) {
	case float64:
		if value == math.Trunc(value) && math.Abs(value) < 1<<31 {
			*dst = int(value)
			return nil
		}
	case int:
		*dst = value
		return nil
	case string:
		if n, err := strconv.Atoi(strings.TrimSpace(value)); err == nil {
			*dst = n
			return nil
		}
	}
	return v.refuse(name, "must be an integer")
}

// seconds stores a number of seconds, or a str that float() accepts.
func (v *values) seconds(name string, dst *time.Duration) error {
	value, ok := v.take(name)
	if !ok {
		return nil
	}
	var s float64
	switch value := value.(type) {
	case float64:
		s = value
	case int:
		s = float64(value)
	case string:
		parsed, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return v.refuse(name, "must be a number of seconds")
		}
		s = parsed
	default:
		return v.refuse(name, "must be a number of seconds")
	}
	const longest = 1e9 // decades
	if !(s > 0 && s < longest) {
		return v.refuse(name, "must be a positive number of seconds")
	}
	*dst = time.Duration(s * float64(time.Second))
	return nil
}

// flag stores a bool, or a str as redis-py reads one in a URL.
func (v *values) flag(name string, dst *bool) error {
	value, ok := v.take(name)
	if !ok {
		return nil
	}
	switch value := value.(type) {
	case bool:
		*dst = value
		return nil
	case float64:
		*dst = value != 0
		return nil
	case string:
		*dst = !slices.Contains([]string{"", "0", "F", "FALSE", "N", "NO"}, strings.ToUpper(value))
		return nil
	}
	return v.refuse(name, "must be a bool")
}

// nested returns the values of a dict.
func (v *values) nested(name string) (*values, error) {
	value, ok := v.take(name)
	if !ok {
		return newValues("", nil), nil
	}
	given, ok := value.(map[string]any)
	if !ok || given["$object"] != nil {
		return nil, v.refuse(name, "must be a dict")
	}
	return newValues(fmt.Sprintf("%s[%q]", v.setting, name), given), nil
}

// ignore drops values that do not matter to this package.
func (v *values) ignore(names ...string) {
	for _, name := range names {
		delete(v.given, name)
	}
}

// rest refuses the first value that was not read.
func (v *values) rest() error {
	for _, name := range slices.Sorted(maps.Keys(v.given)) {
		return v.refuse(name, "is not supported (here, or in the URL): remove it, or create the client yourself and set Options.Client")
	}
	return nil
}

// firstError runs the steps up to the first error.
func firstError(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
