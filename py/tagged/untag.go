package tagged

import (
	"encoding/base64"
	"math"
	"strings"

	"github.com/djangobridge/djangobridge/internal/pynum"
	"github.com/djangobridge/djangobridge/py"
)

// untag returns the value of a tag with the given content. If shell is not nil, the value
// is built in it.
func (l *loader) untag(name string, content, shell any) (any, *TagError) {
	switch name {
	case tagID:
		return l.id(content)
	case tagRef:
		return l.ref(content)
	case tagObject:
		return l.object(content, shell)
	}
	list, isList := content.(*py.List)
	read := func() *TagError {
		if !isList {
			return nil
		}
		return l.items(list.Items)
	}
	var err *TagError
	if name == tagDict {
		err = l.mutable(read) // values; keys are checked later
	} else {
		err = read()
	}
	if err != nil {
		return nil, err.within(step(name))
	}
	var v any
	var problem string
	switch name {
	case tagTuple, tagSet, tagFrozenSet, tagDict:
		if !isList {
			problem = "must be a list"
			break
		}
		v, problem = fill(name, list.Items, shell)
	case tagComplex, tagTimeDelta:
		v, problem = numbers(name, content)
	case tagDateTime:
		v, problem = dateTime(content)
	case tagTime:
		v, problem = clock(content)
	case tagGlobal:
		v, problem = global(content)
	case tagStr:
		v, problem = joined(content)
	case tagBytes, tagByteArray, tagDate, tagDecimal, tagFloat, tagStr2, tagUUID:
		text, isText := content.(string)
		if !isText {
			problem = "must be text"
			break
		}
		v, problem = leaf(name, text)
	default:
		problem = `is no tag that is known; write a dict with this key as {"$dict":[[key,value]]}`
	}
	if problem != "" {
		return nil, &TagError{Tag: name, Problem: problem}
	}
	return v, nil
}

// leaf reads a tag whose content is text.
func leaf(name, text string) (v any, problem string) {
	var err error
	switch name {
	case tagFloat:
		for _, f := range []float64{pynum.NaN(), math.Inf(1), math.Inf(-1)} {
			if text == nonFinite(f) {
				return f, ""
			}
		}
		return nil, `must be "nan", "inf" or "-inf"`
	case tagBytes, tagByteArray:
		b, err := base64.StdEncoding.DecodeString(text)
		switch {
		case err != nil:
			return nil, "must be base64 with padding"
		case name == tagBytes:
			return py.Bytes(b), ""
		}
		return &py.ByteArray{Bytes: b}, ""
	case tagStr2:
		b := make([]byte, 0, len(text))
		for _, r := range text {
			if r > 0xFF {
				return nil, "must be text of characters below U+0100"
			}
			b = append(b, byte(r))
		}
		return py.Str2(b), ""
	case tagDecimal:
		if v, err = py.ParseDecimal(text); err != nil {
			return nil, "must be a decimal number"
		}
		return v, ""
	case tagUUID:
		if v, err = py.ParseUUID(text); err != nil {
			return nil, "must be a UUID"
		}
		return v, ""
	default: // tagDate
		if v, err = py.ParseDate(text); err != nil {
			return nil, "must be a date in ISO format"
		}
		return v, ""
	}
}

// fill returns a container of the given items.
func fill(name string, items []any, shell any) (any, string) {
	switch name {
	case tagTuple:
		t, ok := shell.(*py.Tuple)
		if !ok {
			t = &py.Tuple{}
		}
		t.Items = items
		return t, ""
	case tagSet:
		s, ok := shell.(*py.Set)
		if !ok {
			s = &py.Set{}
		}
		return s, fillSet(s, items)
	case tagFrozenSet:
		s, ok := shell.(*py.FrozenSet)
		if !ok {
			s = &py.FrozenSet{}
		}
		return s, fillSet(&s.Set, items)
	}
	pairs, ok := pairsOf(items)
	if !ok {
		return nil, "must be a list of [key,value] pairs"
	}
	d, ok := shell.(*py.Dict)
	if !ok {
		d = py.NewDict(len(pairs))
	}
	for _, p := range pairs {
		if problem := unhashable(p.Key, 0); problem != "" {
			return nil, "has a key that " + problem
		}
		d.Set(p.Key, p.Value)
	}
	if d.Len() < len(pairs) {
		return nil, "has a key twice"
	}
	return d, ""
}

func fillSet(s *py.Set, items []any) string {
	for _, item := range items {
		if problem := unhashable(item, 0); problem != "" {
			return "has a member that " + problem
		}
		s.Add(item)
	}
	if s.Len() < len(items) {
		return "has a member twice"
	}
	return ""
}

func pairsOf(items []any) ([]py.Pair, bool) {
	pairs := make([]py.Pair, 0, len(items))
	for _, item := range items {
		pair, ok := item.(*py.List)
		if !ok || len(pair.Items) != 2 {
			return nil, false
		}
		pairs = append(pairs, py.Pair{Key: pair.Items[0], Value: pair.Items[1]})
	}
	return pairs, true
}

// maxKeyDepth limits the nesting of tuples and frozensets in a key, because hashing
// visits all of it.
const maxKeyDepth = 500

// unhashable returns why Python cannot hash a key, or "".
func unhashable(key any, depth int) string {
	if depth > maxKeyDepth {
		return "is nested too deeply"
	}
	if py.Unhashable(key) {
		return "Python cannot hash: a " + py.TypeName(key)
	}
	switch key := key.(type) {
	case *py.FrozenSet: // its members have been checked
		for item := range key.All() {
			if problem := unhashable(item, depth+1); problem != "" {
				return problem
			}
		}
	case *py.Tuple:
		for _, item := range key.Items {
			if problem := unhashable(item, depth+1); problem != "" {
				return problem
			}
		}
	}
	return ""
}

func numbers(name string, content any) (any, string) {
	list, ok := content.(*py.List)
	if name == tagComplex {
		if ok && len(list.Items) == 2 {
			re, ok1 := list.Items[0].(float64)
			im, ok2 := list.Items[1].(float64)
			if ok1 && ok2 {
				return complex(re, im), ""
			}
		}
		return nil, "must be [real,imaginary], two floats"
	}
	if ok && len(list.Items) == 3 {
		days, ok1 := list.Items[0].(int64)
		seconds, ok2 := list.Items[1].(int64)
		micros, ok3 := list.Items[2].(int64)
		if d, ok := py.NewTimeDelta(days, seconds, micros); ok && ok1 && ok2 && ok3 {
			return d, ""
		}
	}
	return nil, "must be [days,seconds,microseconds] of a timedelta"
}

// folded reverses withFold.
func folded(content any) (text string, fold bool, tzinfo any, ok bool) {
	if list, isList := content.(*py.List); isList {
		if len(list.Items) != 2 && len(list.Items) != 3 {
			return "", false, nil, false
		}
		if len(list.Items) == 3 {
			if tzinfo, ok = list.Items[2].(*py.Object); !ok {
				return "", false, nil, false
			}
		}
		switch list.Items[1] {
		case int64(0):
		case int64(1):
			fold = true
		default:
			return "", false, nil, false
		}
		content = list.Items[0]
	}
	text, ok = content.(string)
	return text, fold, tzinfo, ok
}

const unknownZone = "has a tzinfo that is unknown or missing on this machine"

func dateTime(content any) (any, string) {
	text, fold, tzinfo, ok := folded(content)
	d, err := py.ParseISOFormat(text)
	if !ok || err != nil {
		return nil, "must be a date and time in ISO format, or that with fold and tzinfo"
	}
	d.Fold = fold
	if tzinfo == nil {
		return d, ""
	}
	if d, ok = d.WithTZInfo(tzinfo); !ok {
		return nil, unknownZone
	}
	return d, ""
}

func clock(content any) (any, string) {
	text, fold, tzinfo, ok := folded(content)
	t, err := py.ParseTime(text)
	if !ok || err != nil {
		return nil, "must be a time in ISO format, or that with fold and tzinfo"
	}
	t.Fold = fold
	if tzinfo != nil {
		if _, ok := (py.DateTime{Naive: true}).WithTZInfo(tzinfo); !ok {
			return nil, unknownZone
		}
		t.TZInfo = tzinfo
	}
	return t, ""
}

// global reverses nameContent.
func global(content any) (*py.Global, string) {
	const problem = `must be "module.name" or ["module","name"]`
	switch content := content.(type) {
	case string:
		i := strings.LastIndexByte(content, '.')
		if i <= 0 || i == len(content)-1 {
			return nil, problem
		}
		return &py.Global{Module: content[:i], Name: content[i+1:]}, ""
	case *py.List:
		if len(content.Items) == 2 {
			module, ok1 := content.Items[0].(string)
			name, ok2 := content.Items[1].(string)
			if ok1 && ok2 {
				return &py.Global{Module: module, Name: name}, ""
			}
		}
	}
	return nil, problem
}

// joined joins the parts of a str.
func joined(content any) (s, problem string) {
	list, ok := content.(*py.List)
	if !ok {
		return "", "must be a list of strings"
	}
	var b strings.Builder
	for _, item := range list.Items {
		part, ok := item.(string)
		if !ok {
			return "", "must be a list of strings"
		}
		b.WriteString(part)
	}
	return b.String(), ""
}
