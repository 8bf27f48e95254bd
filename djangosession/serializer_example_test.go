package djangosession_test

import (
	"fmt"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// A site migrates from PickleSerializer to JSON: prices become text, and other values
// that JSON cannot represent are errors.
func ExampleTransitionalSerializer() {
	settings := djangosession.NewSettings("secret")
	settings.Serializer = djangosession.TransitionalSerializer{
		Convert: func(_ string, value any) (any, error) {
			if price, ok := value.(py.Decimal); ok {
				return price.String(), nil
			}
			return nil, fmt.Errorf("JSON has no form for %s", py.TypeName(value))
		},
	}
	codec, err := djangosession.NewCodec(settings)
	if err != nil {
		fmt.Println(err)
		return
	}
	price, err := py.ParseDecimal("19.90")
	if err != nil {
		fmt.Println(err)
		return
	}
	session := py.NewDict(2)
	session.Set("cart", py.NewList(py.NewTuple("tea", price)))
	text, err := codec.Encode(session)
	if err != nil {
		fmt.Println(err)
		return
	}
	stored, err := codec.Decode(text)
	if err != nil {
		fmt.Println(err)
		return
	}
	cart, _ := stored.Get("cart")
	fmt.Println(cart)

	session.Set("seen", py.NewSet(int64(1)))
	_, err = codec.Encode(session)
	fmt.Println(err)
	// Output:
	// [["tea","19.90"]]
	// djangosession: session value "seen": JSON has no form for set
}
