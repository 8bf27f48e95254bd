package pyjson_test

import (
	"fmt"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
)

func ExampleLoads() {
	v, err := pyjson.Loads([]byte(`{"total": 12345678901234567890123, "rate": 1e-05, "name": "caf\u00e9"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for key, value := range v.(*py.Dict).All() {
		fmt.Println(key, py.TypeName(value), value)
	}
	// Output:
	// total int 12345678901234567890123
	// rate float 1e-05
	// name str café
}

// A session keeps the text of unused values. If Python had read and written 1E5, it would
// be 100000.0.
func ExampleLoadsDict() {
	session, err := pyjson.LoadsDict([]byte(`{"_auth_user_id":"1","cart":{"weight":1E5}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	session.Set("language", "fr")
	data, err := pyjson.Dumps(session)
	fmt.Println(string(data), err)
	// Output: {"_auth_user_id":"1","cart":{"weight":1E5},"language":"fr"} <nil>
}

func ExampleDumps() {
	data, err := pyjson.Dumps(py.NewList(int64(1), 1.0, 1e16, "caf\u00e9", nil, true))
	fmt.Println(string(data), err)

	_, err = pyjson.Dumps(py.NewList(py.Bytes("raw")))
	fmt.Println(err)
	// Output:
	// [1,1.0,1e+16,"caf\u00e9",null,true] <nil>
	// pyjson: [0]: bytes is not JSON serializable
}

func ExampleLoadsString() {
	_, err := pyjson.LoadsString(`{"a": 1,}`)
	fmt.Println(err)
	// Output: pyjson: offset 8: expected a string as a key
}

// The values of a session are built when they are needed.
func ExampleRaw() {
	session, err := pyjson.LoadsDict([]byte(`{"cart":{"items":["tea"]},"theme":"dark"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	cart, _ := session.Get("cart")
	raw, ok := cart.(pyjson.Raw)
	fmt.Println(raw, ok)

	var to struct {
		Items []string `json:"items"`
	}
	err = py.Scan(cart, &to, nil)
	fmt.Println(to.Items, err)
	// Output:
	// {"items":["tea"]} true
	// [tea] <nil>
}
