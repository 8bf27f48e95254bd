package pickle_test

import (
	"errors"
	"fmt"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pickle"
)

// A call in a pickle is only data. Python would run the command.
func Example() {
	v, err := pickle.Loads([]byte("cos\nsystem\n(Vrm -rf /\ntR."))
	if err != nil {
		panic(err)
	}
	call, _ := v.(*py.Object)
	fmt.Println(call.Class(), call.Args.Items)
	// Output: os.system [rm -rf /]
}

// A session of Python 2, read as Python 3 reads it.
func ExampleOptions_Loads() {
	v, err := pickle.Options{Encoding: "latin1"}.Loads([]byte("(dS'name'\nS'caf\\xe9'\ns."))
	if err != nil {
		panic(err)
	}
	session, _ := v.(*py.Dict)
	name, _ := session.Get("name")
	fmt.Println(name)
	// Output: café
}

// A service changes one value of a session that Django pickled. The rest is written back
// as it was.
func ExampleDumps() {
	// pickle.dumps({"cart": [("tea", Decimal("19.90"))], "seen": 1}, 2)
	session, err := pickle.Loads([]byte("\x80\x02}q\x00(X\x04\x00\x00\x00cartq\x01]q\x02X\x03\x00\x00\x00teaq\x03" +
		"cdecimal\nDecimal\nq\x04X\x05\x00\x00\x0019.90q\x05\x85q\x06Rq\x07\x86q\x08aX\x04\x00\x00\x00seenq\tK\x01u."))
	if err != nil {
		fmt.Println(err)
		return
	}
	d, _ := session.(*py.Dict)
	d.Set("seen", int64(2))
	data, err := pickle.Dumps(d, 2)
	fmt.Printf("%q %v\n", data[len(data)-8:], err)

	d.Set("callback", func() {})
	_, err = pickle.Dumps(d, 2)
	fmt.Println(err)
	// Output:
	// "enq\tK\x02u." <nil>
	// pickle: callback: Go func() cannot be pickled
}

// An instance of one of the site's own classes is data that Go can look into.
func ExampleLoads() {
	// pickle.dumps({"address": address}, 2), where address.city = "Berlin" and
	// address.zip = "10115"
	session, err := pickle.Loads([]byte("\x80\x02}q\x00X\x07\x00\x00\x00addressq\x01cshop\nAddress\nq\x02)\x81q\x03}q\x04(" +
		"X\x04\x00\x00\x00cityq\x05X\x06\x00\x00\x00Berlinq\x06X\x03\x00\x00\x00zipq\x07X\x05\x00\x00\x0010115q\x08ubs."))
	if err != nil {
		fmt.Println(err)
		return
	}
	var to struct {
		Address struct {
			City string `json:"city"`
			Zip  string `json:"zip"`
		} `json:"address"`
	}
	err = py.Scan(session, &to, nil)
	fmt.Println(to.Address.City, to.Address.Zip, err)

	_, err = pickle.Loads([]byte("\x80\x02]q"))
	if refused, ok := errors.AsType[*pickle.SyntaxError](err); ok {
		fmt.Println(refused.Offset, refused.Problem)
	}
	// Output:
	// Berlin 10115 <nil>
	// 3 ends too soon
}
