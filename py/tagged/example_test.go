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
