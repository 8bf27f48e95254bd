package tagged_test

import (
	"fmt"
	"math"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/tagged"
)

func Example() {
	d := py.NewDict(2)
	d.Set("avatar", py.Bytes("\x89PNG"))
	d.Set("score", math.Inf(1))
	text, err := tagged.Dumps(d)
	fmt.Println(string(text), err)

	v, err := tagged.LoadsString(`{"$dict":[[1,"one"]]}`)
	fmt.Println(py.TypeName(v), err)

	_, err = tagged.LoadsString(`{"avatar":{"$bytes":"not base64"}}`)
	fmt.Println(err)
	// Output:
	// {"avatar":{"$bytes":"iVBORw=="},"score":{"$float":"inf"}} <nil>
	// dict <nil>
	// tagged: at ["avatar"]: "$bytes" must be base64 with padding
}

// Objects of the site's own classes are written with everything that Python needs to
// construct them. People can change them and write them back.
func ExampleDumps() {
	state := py.NewDict(1)
	state.Set("city", "Berlin")
	address := &py.Object{
		Construction: py.ConstructNew,
		Callable:     &py.Global{Module: "shop", Name: "Address"},
		Args:         py.NewTuple(),
		Extra:        &py.Extra{HasState: true, State: state},
	}
	text, err := tagged.Dumps(py.NewList(address))
	fmt.Println(string(text), err)

	back, err := tagged.Loads(text)
	fmt.Println(py.TypeName(back.(*py.List).Items[0]), err)
	// Output:
	// [{"$object":{"class":"shop.Address","new":true,"state":{"city":"Berlin"}}}] <nil>
	// Address <nil>
}
