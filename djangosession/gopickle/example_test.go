package gopickle_test

import (
	"fmt"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/gopickle"
)

// Price represents a Python class. The library calls it where a pickle calls that class.
type Price struct{ Cents int }

func (Price) Call(args ...any) (any, error) { return Price{args[0].(int)}, nil }

func Example() {
	var s djangosession.Serializer = gopickle.Serializer{
		FindClass: func(module, name string) (any, error) {
			if module == "shop.models" && name == "Price" {
				return Price{}, nil
			}
			return nil, nil // stays a py.Object
		},
	}
	data := "\x80\x04}\x8c\x05total\x8c\x0bshop.models\x8c\x05Price\x93M\xce\x07\x85Rs."
	session, err := s.Loads([]byte(data))
	if err != nil {
		panic(err)
	}
	total, _ := session.Get("total")
	fmt.Println(total)
	// Output: {1998}
}
