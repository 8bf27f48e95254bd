package tagged

import (
	"strconv"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
)

// Loads returns the value that s, a Python str of tagged JSON, stands for. The error is a [*pyjson.SyntaxError] or, where
// a tag is not known or stands before what does not belong to it, a [*TagError].
func Loads(s string) (any, error) {
	v, err := pyjson.LoadsString(s)
	if err != nil {
		return nil, err
	}
	v, wrong := resolve(v)
	if wrong != nil {
		return nil, wrong
	}
	return v, nil
}

// resolve replaces the tags in v, which nobody else holds, from the inside out. It relies on pyjson for the depth.
func resolve(v any) (any, *TagError) {
	switch v := v.(type) {
	case *py.List:
		for i, item := range v.Items {
			resolved, err := resolve(item)
			if err != nil {
				return nil, err.within("[" + strconv.Itoa(i) + "]")
			}
			v.Items[i] = resolved
		}
	case *py.Dict:
		return resolveDict(v)
	}
	return v, nil
}

func resolveDict(d *py.Dict) (any, *TagError) {
	for key, value := range d.All() {
		name, _ := key.(string) // as all keys in JSON
		resolved, err := resolve(value)
		if d.Len() > 1 || !isTag(name) {
			if err != nil {
				return nil, err.within("[" + quoteShort(name) + "]")
			}
			d.Set(key, resolved)
			continue
		}
		if err != nil {
			return nil, err.within("[" + quoteShort(name) + "]")
		}
		v, problem := untag(name, resolved)
		if problem != "" {
			return nil, &TagError{Tag: name, Problem: problem}
		}
		return v, nil
	}
	return d, nil
}
