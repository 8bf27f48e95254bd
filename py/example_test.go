package py_test

import (
	"fmt"
	"math/big"

	"github.com/djangobridge/djangobridge/py"
)

func ExampleScan() {
	cart := py.NewDict(0)
	cart.Set("items", py.NewList("tea", "cake"))
	cart.Set("total", 19.5)

	var to struct {
		Items []string `json:"items"`
		Total float64  `json:"total"`
	}
	err := py.Scan(cart, &to, nil)
	fmt.Println(to.Items, to.Total, err)

	var total int
	value, _ := cart.Get("total")
	fmt.Println(py.Scan(value, &total, nil))
	// Output:
	// [tea cake] 19.5 <nil>
	// py: Python float does not fit Go int
}

func ExampleNative() {
	// A pickle of Decimal("19.90") is read as this object.
	price := &py.Object{Callable: &py.Global{Module: "decimal", Name: "Decimal"}, Args: py.NewTuple("19.90")}

	d, _ := py.Native(price).(py.Decimal)
	fmt.Println(d, d.Unscaled(), d.Exponent())

	var to *big.Rat
	err := py.Scan(price, &to, nil)
	fmt.Println(to.FloatString(2), err)
	// Output:
	// 19.90 1990 -2
	// 19.90 <nil>
}
