package tagged_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/internal/expansion"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
	"github.com/djangobridge/djangobridge/py/tagged"
)

// One part in many places is refused. Equal parts that share nothing are written.
func TestPartsInManyPlacesAreRefused(t *testing.T) {
	t.Parallel()
	const size = 100_000
	text := strings.Repeat("x", size)
	escaped := pyjson.Raw(`["` + strings.Repeat(`\n`, size/2) + `"]`)
	short := pyjson.Raw("[" + strings.Repeat("1,", size/2) + "1]")
	for name, c := range map[string]struct {
		part func() any         // returns a new part
		put  func(part any) any // returns a value that contains part; nil for part itself
	}{
		"str":                    {part: func() any { return strings.Clone(text) }},
		"key":                    {part: func() any { return strings.Clone(text) }, put: func(part any) any { return dictOf(part, nil) }},
		"bytes":                  {part: func() any { return py.Bytes(strings.Clone(text)) }},
		"bytearray":              {part: func() any { return &py.ByteArray{Bytes: []byte(text)} }},
		"str of Python 2":        {part: func() any { return py.Str2(strings.Clone(text)) }},
		"str of surrogates":      {part: func() any { return text + "\xed\xa0\xbd\xed\xb8\x80" + text }},
		"value in JSON":          {part: func() any { return pyjson.Raw(strings.Clone(`"` + text + `"`)) }},
		"value with escapes":     {part: func() any { return pyjson.Raw(strings.Clone(string(escaped))) }},
		"value of many parts":    {part: func() any { return pyjson.Raw(strings.Clone(string(short))) }},
		"class":                  {part: func() any { return &py.Global{Module: "shop", Name: strings.Clone(text)} }},
		"class of an object":     {part: func() any { return &py.Global{Module: "shop", Name: strings.Clone(text)} }, put: func(part any) any { return &py.Object{Callable: part, Args: py.NewTuple()} }},
		"name of a class":        {part: func() any { return strings.Clone(text) }, put: func(part any) any { return &py.Global{Module: "shop", Name: part.(string)} }},
		"name of nested classes": {part: func() any { return text + "." }, put: func(part any) any { return &py.Global{Module: "shop", Name: part.(string)} }},
		"module of many names":   {part: func() any { return strings.Clone(text) }, put: nameIn()},
	} {
		put := c.put
		if put == nil {
			put = func(part any) any { return part }
		}
		shared, own := py.NewList(), py.NewList()
		part := c.part()
		for range 40 {
			shared.Items = append(shared.Items, put(part))
			own.Items = append(own.Items, put(c.part()))
		}
		text, err := tagged.Dumps(shared)
		if unsupported, ok := errors.AsType[*tagged.UnsupportedError](err); !ok || unsupported.Problem != expansion.Problem {
			t.Errorf("%s: one in 40 places is %d bytes, %v", name, len(text), err)
		}
		if text, err := tagged.Dumps(own); err != nil {
			t.Errorf("%s: 40 equal ones are %d bytes, %v", name, len(text), err)
		}
	}
}

// nameIn returns a function that returns another class of a module on each call.
func nameIn() func(module any) any {
	n := 0
	return func(module any) any {
		n++
		return &py.Global{Module: module.(string), Name: fmt.Sprintf("C%d", n)}
	}
}
