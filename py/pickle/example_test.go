package pickle_test

import (
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
