package py_test

import (
	"fmt"
	"math/big"
	"time"

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

func ExampleFrom() {
	type item struct {
		Name  string `json:"name"`
		Count int    `json:"count"`
		Note  string `json:"note,omitempty"`
	}
	v, err := py.From(map[string]any{"items": []item{{Name: "tea", Count: 2}}, "paid": nil})
	if err != nil {
		fmt.Println(err)
		return
	}
	cart, _ := v.(*py.Dict)
	items, _ := cart.Get("items")
	tea, _ := items.(*py.List).Items[0].(*py.Dict)
	fmt.Println(cart.Keys(), tea.Keys())

	_, err = py.From(map[string]any{"items": []any{make(chan int)}})
	fmt.Println(err)
	// Output:
	// [items paid] [name count]
	// py: Go type chan int has no Python form (at items[0])
}

// Keys that are equal in Python are one key, and a dict keeps its order.
func ExampleDict() {
	d := py.NewDict(0)
	d.Set("b", int64(1))
	d.Set("a", py.NewList())
	d.Set(int64(1), "int")
	d.Set(1.0, "float")
	d.Delete("b")
	for key, value := range d.All() {
		fmt.Println(key, py.TypeName(value), py.Truth(value))
	}
	// Output:
	// a list false
	// 1 str true
}

// A session of a naive site (USE_TZ = False) contains the readings of its clocks.
func ExampleDateTime_In() {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := py.ParseISOFormat("2023-11-14T22:13:20")
	fmt.Println(d.Naive, d.In(berlin).UTC(), err)

	aware := py.DateTime{Time: time.Date(2023, 11, 14, 22, 13, 20, 0, berlin)}
	fmt.Println(aware.ISOFormat())
	// Output:
	// true 2023-11-14 21:13:20 +0000 UTC <nil>
	// 2023-11-14T22:13:20+01:00
}
