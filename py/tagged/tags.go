package tagged

import (
	"encoding/base64"
	"math"

	"github.com/djangobridge/djangobridge/py"
)

// All tags are here: a new type is a case in tag, one in untag and a line in the package comment.
const (
	tagBytes    = "$bytes"
	tagDateTime = "$datetime"
	tagDict     = "$dict"
	tagFloat    = "$float"
)

// tag returns the tag under which v is written, and the value that stands behind it, whose own parts are still to be
// tagged; or "" if v needs none.
func tag(v any) (name string, content any) {
	switch v := v.(type) {
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return tagFloat, nonFinite(v)
		}
	case py.Bytes:
		return tagBytes, base64.StdEncoding.EncodeToString([]byte(v))
	case py.DateTime:
		if v.Fold {
			return tagDateTime, py.NewList(v.ISOFormat(), int64(1))
		}
		return tagDateTime, v.ISOFormat()
	case *py.Dict:
		if !isPlain(v) {
			return tagDict, pairs(v)
		}
	}
	return "", nil
}

// untag returns the value that stands behind a tag with the given content, the parts of which have been untagged; or what
// is wrong with it.
func untag(name string, content any) (v any, problem string) {
	switch name {
	case tagFloat:
		text, _ := content.(string)
		for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			if text == nonFinite(f) {
				return f, ""
			}
		}
		return nil, `must be "nan", "inf" or "-inf"`
	case tagBytes:
		text, ok := content.(string)
		b, err := base64.StdEncoding.DecodeString(text)
		if !ok || err != nil {
			return nil, "must be base64 with padding"
		}
		return py.Bytes(b), ""
	case tagDateTime:
		return dateTime(content)
	case tagDict:
		return dict(content)
	}
	return nil, `is no tag that is known; write a dict with this key as {"$dict":[[key,value]]}`
}

// nonFinite returns Python's repr of a float that JSON has no text for.
func nonFinite(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	return "nan"
}

// isPlain reports whether d can be written as an object.
func isPlain(d *py.Dict) bool {
	for key := range d.All() {
		text, ok := key.(string)
		if !ok || d.Len() == 1 && isTag(text) {
			return false
		}
	}
	return true
}

// isTag reports whether key, alone in an object, is a tag.
func isTag(key string) bool { return key != "" && key[0] == '$' }

func pairs(d *py.Dict) *py.List {
	list := &py.List{Items: make([]any, 0, d.Len())}
	for key, value := range d.All() {
		list.Items = append(list.Items, py.NewList(key, value))
	}
	return list
}

func dict(content any) (any, string) {
	const problem = "must be a list of [key,value] pairs"
	list, ok := content.(*py.List)
	if !ok {
		return nil, problem
	}
	d := py.NewDict(len(list.Items))
	for _, item := range list.Items {
		pair, ok := item.(*py.List)
		if !ok || len(pair.Items) != 2 {
			return nil, problem
		}
		if key := pair.Items[0]; !isHashable(key) {
			return nil, "has a key that Python cannot hash: a " + py.TypeName(key)
		}
		d.Set(pair.Items[0], pair.Items[1])
	}
	return d, ""
}

func isHashable(key any) bool {
	switch key.(type) {
	case *py.List, *py.Dict:
		return false
	}
	return true
}

func dateTime(content any) (any, string) {
	fold := false
	if list, ok := content.(*py.List); ok && len(list.Items) == 2 && list.Items[1] == int64(1) {
		content, fold = list.Items[0], true
	}
	text, _ := content.(string)
	d, err := py.ParseISOFormat(text)
	if err != nil {
		return nil, "must be a date and time in ISO format"
	}
	d.Fold = fold
	return d, ""
}
