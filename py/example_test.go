package py_test

import (
	"fmt"

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
